package zygote

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"

	"maestro/embed/python"
)

// Config says what a zygote, or a process without one, is begun with.
type Config struct {
	Binary  string   // this program
	Args    []string // of it, beside its name
	Home    string   // of Python
	Site    string   // the folder of the subtenant's packages; empty: none
	Preload []string // modules that a zygote imports
	Env     []string // the whole environment
	// Prepare changes the command, which is complete, before it is started, to confine the
	// process. release is called when the process has ended or could not be started. May be nil.
	Prepare func(*exec.Cmd) (release func(), err error)
	// Log gets what the process and its own write to their standard output and error. May be nil.
	Log io.Writer
}

// command returns the command that begins the process, without its descriptors.
func (c Config) command(variable string) *exec.Cmd {
	cmd := exec.Command(c.Binary, c.Args...)
	cmd.Env = append(append([]string{}, c.Env...), variable)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = c.Log, c.Log, waitDelay
	return cmd
}

// start starts a command that is complete but for what Prepare adds.
func (c Config) start(cmd *exec.Cmd) (release func(), err error) {
	release = func() {}
	if c.Prepare != nil {
		if release, err = c.Prepare(cmd); err != nil {
			return nil, fmt.Errorf("prepare the process: %w", err)
		}
	}
	if err := startProcess(cmd); err != nil {
		release()
		return nil, err
	}
	return release, nil
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
