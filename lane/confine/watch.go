package confine

import (
	"errors"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Watch makes the connections of one confined program and of all processes that
// it starts.
//
// The kernel stops a thread at connect and at what sends to an address, and asks
// here (seccomp user notification). The address is in the thread's memory, where
// another of its threads can exchange it at any time: the address checked here is not the one that
// the kernel would use afterwards. So a connection is made here, with the copy that
// was checked, on a duplicate of the program's socket. Landlock refuses TCP
// connections that the program makes itself, should it find a way.
//
// Datagrams with an address of their own are checked and then sent by the program,
// because their content would have to be copied too. A program that exchanges
// the address in that moment can send datagrams to a denied network: a guard rail, not a boundary.
type watch struct {
	listener *os.File
	network  *Destinations
	scratch  string // where sockets may be that the program connects to; empty: anywhere, as its view has none of others
	log      *slog.Logger
	handlers chan struct{} // has room for each question that is answered at a time

	mu       sync.Mutex      // guards what follows
	abstract map[string]bool // names of abstract sockets that the program has bound
	// untold are sockets whose threads were interrupted by a signal before they got the answer: they
	// ask again.
	untold map[uint64]bool
}

// maxHandlers bounds how many questions of one program are answered at a time. Most wait for
// a connection that is being made. Further ones wait in the kernel.
const maxHandlers = 256

func newWatch(listener *os.File, network *Destinations, scratch string, log *slog.Logger) *watch {
	return &watch{listener: listener, network: network, scratch: scratch, log: log, handlers: make(chan struct{}, maxHandlers), abstract: map[string]bool{}, untold: map[uint64]bool{}}
}

// notification is the kernel's question, and response the answer
// (linux/seccomp.h).
type notification struct {
	id     uint64
	pid    uint32 // of the thread
	_      uint32 // flags
	number int32
	_      uint32 // architecture
	_      uint64 // address of the call
	args   [6]uint64
}

type response struct {
	id    uint64
	_     int64 // value
	errno int32
	flags uint32
}

func pointer[T any](value *T) uintptr { return uintptr(unsafe.Pointer(value)) }

// run answers until all processes of the program have ended, or until done is
// closed: then what they ask for fails. The listener must be nonblocking.
func (w *watch) run(done <-chan struct{}) {
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-done:
		case <-ended:
		}
		_ = w.listener.Close()
	}()
	conn, err := w.listener.SyscallConn()
	if err != nil {
		return
	}
	// From Linux 6.6 on: the asking thread and this one take turns on one processor.
	_ = conn.Control(func(fd uintptr) {
		_, _, _ = unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP)
	})
	for {
		asked, err := receive(conn)
		switch {
		case errors.Is(err, unix.ENOENT): // the thread has ended before its question was read
			continue
		case errors.Is(err, unix.ESRCH) || errors.Is(err, os.ErrClosed):
			return
		case err != nil:
			w.log.Error("the connections of a confined program cannot be made any more", slog.Any("error", err))
			return
		}
		q := &question{watch: w, conn: conn, asked: asked}
		if asked.number != unix.SYS_CONNECT { // the others never wait
			q.answer()
			continue
		}
		w.handlers <- struct{}{}
		go func() {
			defer func() { <-w.handlers }()
			q.answer()
		}()
	}
}

// receive waits for the next question. ESRCH means that no process is left that
// could ask.
func receive(conn syscall.RawConn) (asked notification, err error) {
	closed := conn.Read(func(fd uintptr) bool {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err = unix.Poll(ready, 0); err != nil {
			return err != unix.EINTR
		}
		switch events := ready[0].Revents; {
		case events&unix.POLLIN != 0:
			if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_RECV, pointer(&asked)); errno != 0 {
				err = errno
			}
			return true
		case events != 0:
			err = unix.ESRCH
			return true
		}
		return false
	})
	if closed != nil {
		return asked, closed
	}
	return asked, err
}
