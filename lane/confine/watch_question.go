package confine

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// question is one stopped system call of a program.
type question struct {
	*watch
	conn      syscall.RawConn // of the listener
	asked     notification
	connected uint64 // number of the socket of a connect that has an answer
}

// errGone says that the thread does not wait for an answer any more.
var errGone = errors.New("the thread has left the system call")

// errContinue has the thread make the call itself.
var errContinue = errors.New("continue")

func (q *question) answer() {
	var err error
	switch q.asked.number {
	case unix.SYS_CONNECT:
		err = q.connect()
	case unix.SYS_BIND:
		err = q.bind()
	case unix.SYS_SENDTO:
		err = q.checkAddress(uintptr(q.asked.args[4]), q.asked.args[5])
	case unix.SYS_SENDMSG:
		err = q.checkMessages(uintptr(q.asked.args[1]), 1, unix.SizeofMsghdr)
	case unix.SYS_SENDMMSG:
		err = q.checkMessages(uintptr(q.asked.args[1]), uint32(q.asked.args[2]), sizeofMmsghdr)
	default:
		err = unix.ENOSYS
	}
	reply := response{id: q.asked.id}
	var errno unix.Errno
	switch {
	case errors.Is(err, errGone):
		return
	case errors.Is(err, errContinue):
		reply.flags = unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE
	case errors.As(err, &errno):
		reply.errno = -int32(errno)
	case err != nil:
		reply.errno = -int32(unix.EACCES)
	}
	_ = q.conn.Control(func(fd uintptr) {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_SEND, pointer(&reply))
		if errno == unix.ENOENT && q.connected != 0 {
			q.noteUntold()
		}
	})
}

// noteUntold remembers that the thread does not know what became of its connection.
func (q *question) noteUntold() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.untold) >= maxUntold {
		clear(q.untold)
	}
	q.untold[q.connected] = true
}

// maxUntold bounds the sockets that are remembered.
const maxUntold = 1024

// retold is the answer to a connect that has another one before it, whose answer the thread did not
// get.
func (q *question) retold(socket uint64, err error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.untold[socket] {
		return err
	}
	delete(q.untold, socket)
	switch {
	case errors.Is(err, unix.EISCONN):
		return nil
	case errors.Is(err, unix.EALREADY):
		return unix.EINPROGRESS
	}
	return err
}

// waits reports whether the thread still waits. While it does, its number is no
// other thread's; so this is asked after each use of the number.
func (q *question) waits() bool {
	waits := false
	_ = q.conn.Control(func(fd uintptr) {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_ID_VALID, pointer(&q.asked.id))
		waits = errno == 0
	})
	return waits
}

// read copies memory of the thread.
func (q *question) read(address uintptr, into []byte) error {
	if len(into) == 0 {
		return nil
	}
	local := []unix.Iovec{{Base: &into[0], Len: uint64(len(into))}}
	remote := []unix.RemoteIovec{{Base: address, Len: len(into)}}
	n, err := unix.ProcessVMReadv(int(q.asked.pid), local, remote, 0)
	if !q.waits() {
		return errGone
	}
	if err == unix.ESRCH || err == unix.EPERM {
		return unix.EACCES
	}
	if err != nil || n != len(into) {
		return unix.EFAULT
	}
	return nil
}

// maxAddress is the size of the largest socket address.
const maxAddress = 128

// readAddress copies a socket address.
func (q *question) readAddress(address uintptr, size uint64) ([]byte, error) {
	if size := int32(size); size < 0 || size > maxAddress {
		return nil, unix.EINVAL
	}
	raw := make([]byte, uint32(size))
	return raw, q.read(address, raw)
}

// pidfdThread has a descriptor stand for a thread (Linux 6.9); before, only the first
// thread of a process can be had.
const pidfdThread = unix.O_EXCL

// duplicate returns a duplicate of a descriptor of the thread.
func (q *question) duplicate(number int) (int, error) {
	process, err := unix.PidfdOpen(int(q.asked.pid), pidfdThread)
	if errors.Is(err, unix.EINVAL) {
		var first int
		if first, err = processOf(int(q.asked.pid)); err == nil {
			process, err = unix.PidfdOpen(first, 0)
		}
	}
	if err != nil {
		return -1, unix.EACCES
	}
	defer func() { _ = unix.Close(process) }()
	if !q.waits() {
		return -1, errGone
	}
	return unix.PidfdGetfd(process, number, 0)
}

// processOf returns the number of the process of a thread.
func processOf(thread int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return 0, unix.ESRCH
	}
	for line := range strings.Lines(string(status)) {
		var process int
		if n, _ := fmt.Sscanf(line, "Tgid: %d", &process); n == 1 {
			return process, nil
		}
	}
	return 0, unix.ESRCH
}

// checkAddress lets the thread send to an address that may be reached.
func (q *question) checkAddress(address uintptr, size uint64) error {
	raw, err := q.readAddress(address, size)
	if err != nil {
		return err
	}
	if len(raw) >= unix.SizeofSockaddrInet4 && raw[0] == unix.AF_UNSPEC && raw[1] == 0 { // IPv4 takes it for its own
		raw[0] = unix.AF_INET
	}
	to, ok := readTarget(raw)
	if ok && to.address.IsValid() && !q.network.allows(to.address) {
		return unix.EACCES
	}
	return errContinue
}

const sizeofMmsghdr = unix.SizeofMsghdr + 8

// maxMessages is how many of sendmmsg's the kernel takes.
const maxMessages = 1024

// checkMessages lets the thread send messages whose addresses may be reached.
func (q *question) checkMessages(address uintptr, count uint32, size uintptr) error {
	for i := range uintptr(min(count, maxMessages)) {
		var head unix.Msghdr
		if err := q.read(address+i*size, unsafe.Slice((*byte)(unsafe.Pointer(&head)), unix.SizeofMsghdr)); err != nil {
			return err
		}
		if head.Name == nil || head.Namelen == 0 {
			continue
		}
		if err := q.checkAddress(uintptr(unsafe.Pointer(head.Name)), uint64(head.Namelen)); !errors.Is(err, errContinue) {
			return err
		}
	}
	return errContinue
}
