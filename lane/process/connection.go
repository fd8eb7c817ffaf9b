package process

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// connection is the socket on which a child's frames come. There are two ways to wait for
// them, so it is not in the poller of Go's runtime itself:
//
//   - await, as a goroutine that waits for the poller costs nothing. But a frame then wakes the poller's thread, which wakes
//     the goroutine, which wakes the caller: on an idle machine that takes longer than the call.
//   - pause, with the thread of the caller, which the kernel wakes itself, often on the processor on which the child has
//     just sent.
//
// The poller watches an epoll instance that has the socket in it, and takes it out for
// the time in which a thread waits: otherwise each frame would wake the poller as well.
// Its fields but the first are guarded by the lock of the child's reader.
type connection struct {
	socket   int
	poll     int      // the epoll instance
	interest *os.File // the same
	watched  bool
	reported bool // the poller may have reported the socket since it was last not watched
}

// errNothing says that nothing has come yet.
var errNothing = errors.New("nothing has come from a child yet")

// newConnection makes one of a socket, which it owns from then on.
func newConnection(socket int) (*connection, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err == nil {
		err = unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, socket, &unix.EpollEvent{Events: unix.EPOLLIN})
	}
	if err == nil {
		err = unix.SetNonblock(poll, true) // or Go's poller does not take it
	}
	if err != nil {
		_ = unix.Close(poll)
		_ = unix.Close(socket)
		return nil, fmt.Errorf("watch a connection: %w", err)
	}
	return &connection{socket: socket, poll: poll, interest: os.NewFile(uintptr(poll), "connection"), watched: true}, nil
}

// read takes the bytes that are there: errNothing if there is nothing, no bytes and no error when the
// other end has closed.
func (c *connection) read(p []byte) (int, error) {
	for {
		n, _, err := unix.Recvfrom(c.socket, p, unix.MSG_DONTWAIT)
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, unix.EAGAIN):
			return 0, errNothing
		case !errors.Is(err, unix.EINTR):
			return 0, err
		}
	}
}

// await calls take, and again whenever more may have come, until it returns true, or
// the deadline comes.
func (c *connection) await(take func() bool) error {
	raw, err := c.interest.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(uintptr) bool { return take() })
}

// deadline has await return at a time.
func (c *connection) deadline(at time.Time) { _ = c.interest.SetReadDeadline(at) }

// pause waits on the calling thread until something has come, at most so long.
func (c *connection) pause(limit time.Duration) {
	timeout := unix.NsecToTimespec(int64(limit))
	_, _ = unix.Ppoll([]unix.PollFd{{Fd: int32(c.socket), Events: unix.POLLIN}}, &timeout, nil) // read tells what there is
}

// watch has the poller watch the socket, or not. Frames that have come before that are
// reported too, but only when the kernel does not count the socket among those that are
// ready from earlier: it forgets that when it is asked for them.
func (c *connection) watch(watched bool) {
	if c.watched == watched {
		return
	}
	c.watched = watched
	var events uint32
	if watched {
		events = unix.EPOLLIN
	}
	_ = unix.EpollCtl(c.poll, unix.EPOLL_CTL_MOD, c.socket, &unix.EpollEvent{Events: events})
	if c.reported && !watched {
		var ready [1]unix.EpollEvent
		_, _ = unix.EpollWait(c.poll, ready[:], 0)
		c.reported = false
	}
}

func (c *connection) close() {
	_ = c.interest.Close()
	_ = unix.Close(c.socket)
}

// socketPair makes two sockets that are connected, whose reads and writes block their
// thread.
func socketPair() (ours int, theirs *os.File, err error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("make a connection: %w", err)
	}
	return ends[0], os.NewFile(uintptr(ends[1]), "connection"), nil
}
