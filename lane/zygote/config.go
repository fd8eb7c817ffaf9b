package zygote

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"maestro/embed/python"
)

// Config says what a zygote, or a process without one, is begun with.
type Config struct {
	Binary  string        // this program
	Args    []string      // of it, beside its name
	Home    string        // of Python
	Site    string        // the folder of the subtenant's packages; empty: none
	Preload []string      // modules that a zygote imports
	Limit   time.Duration // until it has; default two minutes
	Env     []string      // the whole environment
	// Prepare changes the command before it is started, to confine the process. release, unless
	// it is nil, is called once, when the process has ended or could not be started. May be nil.
	Prepare func(*exec.Cmd) (release func(), err error)
	// Log gets what the process and its own write to their standard output and error. May be nil.
	Log io.Writer
}

// defaultLimit is enough for the largest packages on a busy machine.
const defaultLimit = 2 * time.Minute

// waitDelay is how long the output of a process is read after its end.
const waitDelay = 5 * time.Second

// command is a process that was started.
type command struct {
	*exec.Cmd
	pidfd   int
	release func()
}

// start begins the process with these descriptors, the first of which is its 3.
func (c Config) start(variable string, files ...*os.File) (*command, error) {
	cmd := &command{Cmd: exec.Command(c.Binary, c.Args...), pidfd: -1, release: func() {}}
	cmd.Env = append(append([]string{}, c.Env...), variable)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles, cmd.WaitDelay = c.Log, c.Log, files, waitDelay
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, PidFD: &cmd.pidfd}
	if c.Prepare != nil {
		release, err := c.Prepare(cmd.Cmd)
		if err != nil {
			return nil, fmt.Errorf("prepare the process: %w", err)
		}
		if release != nil {
			cmd.release = release
		}
	}
	if err := startProcess(cmd.Cmd); err != nil {
		cmd.release()
		return nil, err
	}
	return cmd, nil
}

// wait returns when the process has ended, and kills what it leaves of its group.
func (c *command) wait() syscall.WaitStatus {
	awaitEnd(c.pidfd)
	_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // its number is taken until Wait
	_ = c.Wait()
	c.release()
	status, _ := c.ProcessState.Sys().(syscall.WaitStatus)
	return status
}

// end is wait for a process whose descriptor is of no more use.
func (c *command) end() {
	c.wait()
	if c.pidfd >= 0 {
		_ = unix.Close(c.pidfd)
	}
}

// awaitEnd returns when a child of this process has ended, which it leaves to be waited for.
func awaitEnd(pidfd int) {
	for pidfd >= 0 && errors.Is(unix.Waitid(unix.P_PIDFD, pidfd, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
}

// file returns the zygote's settings as a file in memory (cpython/zygote.h).
func (c Config) file() (*os.File, error) {
	texts := []string{c.Home, python.Runtime, c.Site, strings.Join(c.Preload, "\n")}
	for _, text := range texts {
		if strings.ContainsRune(text, 0) {
			return nil, fmt.Errorf("write the settings of the zygote: a zero byte in %q", text)
		}
	}
	fd, err := unix.MemfdCreate("zygote", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("write the settings of the zygote: %w", err)
	}
	file := os.NewFile(uintptr(fd), "zygote")
	if _, err := file.WriteString(strings.Join(texts, "\x00") + "\x00"); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("write the settings of the zygote: %w", err)
	}
	return file, nil
}
