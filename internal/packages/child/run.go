package child

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// guard is the program between the server and the child. It is written in
// Python, because every server has one.
//
//go:embed guard.py
var guard string

// Limits of a child. Those of memory, processor time and files apply to each of
// its processes. RLIMIT_NPROC is not among them: it counts all processes of the
// server's user, and none of root's.
type Limits struct {
	Memory    uint64        // bytes of data; 0: unlimited
	Processor time.Duration // 0: unlimited
	File      uint64        // bytes of one file; 0: unlimited
	Time      time.Duration // until the guard ends it, even after the server has died; default one day
}

// Command is a program with its input and output.
type Command struct {
	Python string   // that runs the guard
	Args   []string // of the program; the first one is its path
	// Program is run instead of the file at that path, which may have been
	// replaced; nil: that file.
	Program *os.File

	Dir            string
	Env            []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Report         *os.File // becomes the program's descriptor 3; nil: none
	Limits         Limits
}

// waitDelay is the time that the guard has to end its processes.
const waitDelay = 5 * time.Second

// bySignal is added to the number of the signal that ended a program.
const bySignal = 128

// Status states how a program ended.
type Status int

// Signal that ended it, or 0.
func (s Status) Signal() syscall.Signal { return syscall.Signal(max(0, int(s)-bySignal)) }

// wanted is the guard's input: numbers of descriptors, or 0.
type wanted struct {
	Program int               `json:"program"`
	Report  int               `json:"report"`
	Seconds float64           `json:"seconds"`
	Limits  map[string]uint64 `json:"limits"`
}

// Run runs the program until it and all processes that it started have ended;
// the end of ctx ends them immediately. The error reports the end of ctx, or
// that the program could not be run.
func (c *Command) Run(ctx context.Context) (Status, error) {
	lifeline, held, err := os.Pipe()
	if err != nil {
		return -1, fmt.Errorf("run %s: %w", c.Args[0], err)
	}
	defer func() { _ = held.Close() }()
	files, wants := []*os.File{lifeline}, wanted{Seconds: c.Limits.Time.Seconds(), Limits: c.Limits.byName()}
	add := func(file *os.File) int {
		if file == nil {
			return 0
		}
		files = append(files, file)
		return 2 + len(files)
	}
	wants.Program, wants.Report = add(c.Program), add(c.Report)
	if c.Limits.Time <= 0 {
		wants.Seconds = (24 * time.Hour).Seconds()
	}
	text, err := json.Marshal(wants)
	if err != nil {
		return -1, fmt.Errorf("run %s: %w", c.Args[0], err)
	}
	// -I: the program's environment does not affect the guard.
	cmd := exec.CommandContext(ctx, c.Python, append([]string{"-I", "-S", "-c", guard, string(text)}, c.Args...)...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = c.Dir, c.Env, c.Stdin, c.Stdout, c.Stderr, files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // signals of a terminal are for the server
	cmd.Cancel, cmd.WaitDelay = held.Close, waitDelay
	err = cmd.Start()
	_ = lifeline.Close()
	if err != nil {
		return -1, fmt.Errorf("run %s: %w", c.Args[0], err)
	}
	err = cmd.Wait()
	if cmd.ProcessState == nil || !cmd.ProcessState.Exited() { // the guard was killed; its processes may be alive
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return -1, ctx.Err()
	case errors.As(err, &ended):
		if !ended.Exited() {
			return -1, fmt.Errorf("run %s: its guard ended: %w", c.Args[0], err)
		}
		return Status(ended.ExitCode()), nil
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return -1, fmt.Errorf("run %s: %w", c.Args[0], err)
	}
	return 0, nil
}

func (l Limits) byName() map[string]uint64 {
	all := map[string]uint64{"CORE": 0}
	if l.Memory > 0 {
		all["DATA"] = l.Memory
	}
	if l.Processor > 0 {
		all["CPU"] = uint64(max(1, l.Processor.Seconds()))
	}
	if l.File > 0 {
		all["FSIZE"] = l.File
	}
	return all
}
