package zygote

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Child is a process that works for a subtenant.
type Child struct {
	Pid   int      // as this process sees it
	Pidfd *os.File // closed when it has ended

	exited chan struct{} // closed when it has ended
	status syscall.WaitStatus
}

// Exited is closed when the process has ended.
func (c *Child) Exited() <-chan struct{} { return c.exited }

// Status says how it has ended. Valid after Exited.
func (c *Child) Status() syscall.WaitStatus { return c.status }

// processGroup has a signal go to the group of a pidfd's process, from Linux 6.9.
const processGroup = 1 << 2

// Kill ends the process and those of its group. Those are killed after its end also where
// the kernel cannot do it at once.
func (c *Child) Kill() error {
	err := c.signal(processGroup)
	if errors.Is(err, unix.EINVAL) {
		err = c.signal(0)
	}
	select {
	case <-c.exited:
		return nil
	default:
	}
	if err == nil || errors.Is(err, unix.ESRCH) {
		return nil
	}
	return fmt.Errorf("kill process %d: %w", c.Pid, err)
}

func (c *Child) signal(flags int) error {
	raw, err := c.Pidfd.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Control(func(fd uintptr) { sent = unix.PidfdSendSignal(int(fd), unix.SIGKILL, nil, flags) })
	return errors.Join(err, sent)
}

func (c *Child) end(status syscall.WaitStatus) {
	c.status = status
	close(c.exited)
	_ = c.Pidfd.Close()
}

// pidOf returns the number of a pidfd's process in this process's namespace.
func pidOf(pidfd int) (int, error) {
	file, err := os.Open(fmt.Sprintf("/proc/self/fdinfo/%d", pidfd))
	if err != nil {
		return 0, fmt.Errorf("look for the forked process: %w", err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), "Pid:"); found {
			return strconv.Atoi(strings.TrimSpace(text))
		}
	}
	return 0, errors.New("look for the forked process: its descriptor names none")
}
