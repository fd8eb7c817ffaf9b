package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// child is a server that is measured.
type child struct {
	cmd  *exec.Cmd
	host string // host:port
	done chan struct{}
}

var address = regexp.MustCompile(`https?://([0-9.:]+)`)

// start runs a program and waits until it prints its address.
func start(program string, env []string, args ...string) (*child, error) {
	c := &child{cmd: exec.Command(program, args...), done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), env...)
	var errors strings.Builder
	c.cmd.Stderr = &errors
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	found := make(chan string, 1)
	go func() {
		defer close(c.done)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if m := address.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case found <- m[1]:
				default:
				}
			}
		}
		_ = c.cmd.Wait()
	}()
	select {
	case c.host = <-found:
		return c, nil
	case <-c.done:
		return nil, fmt.Errorf("%s ended before it was ready: %s", program, errors.String())
	case <-time.After(2 * time.Minute):
		c.stop()
		return nil, fmt.Errorf("%s was not ready in time", program)
	}
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
	case <-time.After(30 * time.Second):
		_ = c.cmd.Process.Kill()
	}
}
