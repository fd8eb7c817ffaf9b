package confine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// checkEvery is how often a connection that takes long is given up if its thread
// has left.
const checkEvery = 200 * time.Millisecond

// connect makes a connection for the thread.
func (q *question) connect() error {
	raw, err := q.readAddress(uintptr(q.asked.args[1]), q.asked.args[2])
	if err != nil {
		return err
	}
	socket, err := q.duplicate(int(int32(q.asked.args[0])))
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(socket) }()
	var found unix.Stat_t
	if err := unix.Fstat(socket, &found); err != nil {
		return err
	}
	err = q.retold(found.Ino, q.connectSocket(socket, found.Ino, raw))
	q.connected = found.Ino
	return err
}

// connectSocket connects a socket, of that number, if the address may be reached.
func (q *question) connectSocket(socket int, number uint64, raw []byte) error {
	domain, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return err
	}
	to, ok := readTarget(raw)
	switch {
	case domain == unix.AF_NETLINK: // to the kernel, or to a process that listens there
		return unix.EACCES
	case !ok || to.family == unix.AF_UNSPEC: // the kernel's error; the end of a connection
	case domain == unix.AF_UNIX:
		return q.connectLocal(socket, to)
	case !to.address.IsValid():
		return unix.EAFNOSUPPORT
	case !q.network.allows(to.address):
		return unix.EACCES
	}
	if to.address.IsValid() && q.network.isOwn(to.address) {
		if err := q.report(socket, domain, number); err != nil {
			return err
		}
	}
	return q.finish(socket, raw)
}

// report tells of a connection to the server's own port before it is made: afterwards,
// another thread of the program could send a request first.
func (q *question) report(socket, domain int, number uint64) error {
	port, err := portOf(socket)
	if err == nil && port == 0 { // its port is chosen now, not when it connects
		var any unix.Sockaddr = &unix.SockaddrInet4{}
		if domain == unix.AF_INET6 {
			any = &unix.SockaddrInet6{}
		}
		if err = unix.Bind(socket, any); err == nil {
			port, err = portOf(socket)
		}
	}
	if err != nil {
		return err
	}
	if port == 0 {
		return unix.EADDRNOTAVAIL
	}
	q.network.Own(port, number)
	return nil
}

func portOf(socket int) (uint16, error) {
	own, err := unix.Getsockname(socket)
	switch own := own.(type) {
	case *unix.SockaddrInet4:
		return uint16(own.Port), err
	case *unix.SockaddrInet6:
		return uint16(own.Port), err
	}
	return 0, err
}

// finish connects a socket as its owner would: a blocking one waits, until
// the time that is set for it. No thread of the server's waits: the socket is made
// nonblocking for the moment of the call, which is no moment in which another thread can use it.
func (q *question) finish(socket int, raw []byte) error {
	flags, err := unix.FcntlInt(uintptr(socket), unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	if flags&unix.O_NONBLOCK != 0 {
		return connectNow(socket, raw)
	}
	patience := timeout(socket)
	began := time.Now()
	for pause := time.Millisecond; ; {
		file, err := q.begin(socket, flags, raw)
		switch {
		case errors.Is(err, unix.EAGAIN): // of a local socket: its queue is full, and nothing tells when it has room
			time.Sleep(pause)
			pause = min(2*pause, checkEvery/4)
		case file == nil:
			return err
		default:
			q.wait(file, patience-time.Since(began))
			_ = file.Close()
		}
		if !q.waits() {
			return errGone
		}
		if patience > 0 && time.Since(began) >= patience {
			return unix.EINPROGRESS
		}
	}
}

// begin connects a blocking socket without waiting. With a file, it takes longer: the file can
// be waited for.
func (q *question) begin(socket, flags int, raw []byte) (*os.File, error) {
	if _, err := unix.FcntlInt(uintptr(socket), unix.F_SETFL, flags|unix.O_NONBLOCK); err != nil {
		return nil, err
	}
	defer func() { _, _ = unix.FcntlInt(uintptr(socket), unix.F_SETFL, flags) }()
	err := connectNow(socket, raw)
	if !errors.Is(err, unix.EINPROGRESS) && !errors.Is(err, unix.EALREADY) {
		return nil, err
	}
	again, err := unix.FcntlInt(uintptr(socket), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(again), "socket"), nil // while it is nonblocking: then waiting takes no thread
}

// wait waits until a connection is made or has failed, for as long as a turn
// takes.
func (q *question) wait(file *os.File, patience time.Duration) {
	turn := checkEvery
	if patience > 0 {
		turn = min(turn, patience)
	}
	conn, err := file.SyscallConn()
	if err != nil || file.SetWriteDeadline(time.Now().Add(turn)) != nil {
		return
	}
	_ = conn.Write(func(fd uintptr) bool {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(ready, 0)
		return n > 0 || (err != nil && err != unix.EINTR)
	})
}

// timeout is how long a connect of the socket may take; 0: as long as the
// kernel tries.
func timeout(socket int) time.Duration {
	set, err := unix.GetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_SNDTIMEO)
	if err != nil {
		return 0
	}
	return time.Duration(set.Nano())
}

// connectNow is connect, with an address as the kernel has it.
func connectNow(socket int, raw []byte) error {
	var address unsafe.Pointer
	if len(raw) > 0 {
		address = unsafe.Pointer(&raw[0])
	}
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(socket), uintptr(address), uintptr(len(raw)))
	runtime.KeepAlive(raw)
	if errno != 0 {
		return errno
	}
	return nil
}

// connectLocal connects to a socket that the program has made itself: one in a
// folder that it may write, or a bound abstract one. The server has more rights than
// the program, so that no other socket is connected to.
func (q *question) connectLocal(socket int, to target) error {
	if to.path == "" {
		return unix.ECONNREFUSED
	}
	if to.path[0] == 0 {
		q.mu.Lock()
		bound := q.abstract[to.path]
		q.mu.Unlock()
		if !bound {
			return unix.ECONNREFUSED
		}
		return q.finish(socket, localAddress(to.path))
	}
	file, err := q.openLocal(to.path)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(file) }()
	return q.finish(socket, localAddress(fmt.Sprintf("/proc/self/fd/%d", file)))
}

func localAddress(path string) []byte {
	const family = 2
	raw := make([]byte, family, family+len(path)+1)
	raw[0] = unix.AF_UNIX
	raw = append(raw, path...)
	if path[0] != 0 {
		raw = append(raw, 0)
	}
	return raw
}

// openLocal opens a path as the thread sees it, without the rights to use it.
func (q *question) openLocal(path string) (int, error) {
	proc := fmt.Sprintf("/proc/%d", q.asked.pid)
	if !filepath.IsAbs(path) {
		current, err := os.Readlink(proc + "/cwd")
		if err != nil {
			return -1, unix.EACCES
		}
		path = filepath.Join(current, path)
	}
	root, err := unix.Open(proc+"/root", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, unix.EACCES
	}
	defer func() { _ = unix.Close(root) }()
	if !q.waits() {
		return -1, errGone
	}
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	file, err := unix.Openat2(root, path, &how)
	if err != nil {
		return -1, err
	}
	var found unix.Stat_t
	if err := unix.Fstat(file, &found); err != nil || found.Mode&unix.S_IFMT != unix.S_IFSOCK || !q.isLocal(file) {
		_ = unix.Close(file)
		return -1, unix.ECONNREFUSED
	}
	return file, nil
}

// isLocal reports whether a socket is in the program's folder.
func (q *question) isLocal(file int) bool {
	if q.scratch == "" {
		return true
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", file))
	return err == nil && within(path, q.scratch)
}

// bind registers the abstract names of the program. The call succeeds only for a
// name that no other program has.
func (q *question) bind() error {
	raw, err := q.readAddress(uintptr(q.asked.args[1]), q.asked.args[2])
	if err != nil {
		return err
	}
	to, ok := readTarget(raw)
	if !ok || to.family != unix.AF_UNIX || to.path == "" || to.path[0] != 0 {
		return errContinue
	}
	socket, err := q.duplicate(int(int32(q.asked.args[0])))
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(socket) }()
	domain, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil || domain != unix.AF_UNIX {
		return unix.EINVAL
	}
	raw = bytes.Clone(raw)
	_, _, errno := unix.Syscall(unix.SYS_BIND, uintptr(socket), pointer(&raw[0]), uintptr(len(raw)))
	if errno != 0 {
		return errno
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.abstract) >= maxAbstract {
		clear(q.abstract)
	}
	q.abstract[to.path] = true
	return nil
}

// maxAbstract bounds the names that are remembered: with more, old ones are
// forgotten, and cannot be connected to any more.
const maxAbstract = 4096
