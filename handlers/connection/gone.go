package connection

import (
	"errors"
	"net"
	"syscall"
)

// Gone reports whether the client has closed the connection, without reading from it: a
// request that the client has sent in advance stays there. It is false where that can't be
// found out.
func Gone(conn net.Conn) (gone bool) {
	plain, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := plain.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		var next [1]byte
		n, _, err := syscall.Recvfrom(int(fd), next[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		gone = err == nil && n == 0 || err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
	})
	return gone || err != nil
}
