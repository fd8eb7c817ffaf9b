package zygote

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// mostMessage is the size of the largest message of a zygote.
const mostMessage = 64 << 10

// read returns the next message of the zygote, and the descriptor that came with it, or -1.
func (z *Zygote) read() (text string, fd int, err error) {
	buffer, rights := make([]byte, mostMessage), make([]byte, unix.CmsgSpace(4))
	n, m, _, _, err := z.control.ReadMsgUnix(buffer, rights)
	if err != nil {
		return "", -1, err
	}
	if n == 0 {
		return "", -1, os.ErrClosed
	}
	return string(buffer[:n]), descriptor(rights[:m]), nil
}

// descriptor returns the first one that came with a message, or -1.
func descriptor(rights []byte) int {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return -1
	}
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil && len(fds) > 0 {
			unix.CloseOnExec(fds[0])
			return fds[0]
		}
	}
	return -1
}

// receive takes the zygote's messages until it ends.
func (z *Zygote) receive() {
	for {
		text, fd, err := z.read()
		if err != nil {
			z.end()
			return
		}
		head, rest, _ := strings.Cut(text, "\n")
		var pid, status int
		switch {
		case scan(head, "forked %d", &pid):
			z.answer(z.begun(pid, fd))
		case head == "unforked":
			z.answer(forked{err: fmt.Errorf("fork a process: %s", rest)})
		case scan(head, "ended %d", &pid) && scan(rest, "%d", &status):
			z.ended(pid, syscall.WaitStatus(status))
		}
	}
}

func scan(text, format string, value *int) bool {
	n, err := fmt.Sscanf(text, format, value)
	return n == 1 && err == nil
}

func (z *Zygote) answer(a forked) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(z.asked) > 0 {
		z.asked[0] <- a
		z.asked = z.asked[1:]
	}
}

// begun notes a child.
func (z *Zygote) begun(number, pidfd int) forked {
	if pidfd < 0 {
		return forked{err: fmt.Errorf("fork a process: the kernel has no pidfd; Linux 5.3 or later is needed")}
	}
	c := &Child{Pidfd: os.NewFile(uintptr(pidfd), "process"), exited: make(chan struct{})}
	z.mu.Lock()
	z.children[number] = c
	z.mu.Unlock()
	pid, err := pidOf(pidfd)
	if err != nil {
		_ = c.Kill()
		return forked{err: err}
	}
	c.Pid = pid
	return forked{child: c}
}

func (z *Zygote) ended(number int, status syscall.WaitStatus) {
	z.mu.Lock()
	c := z.children[number]
	delete(z.children, number)
	z.mu.Unlock()
	if c != nil {
		c.end(status)
	}
}
