package connection

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// acceptPatience limits the wait until established connections are accepted.
const acceptPatience = 100 * time.Millisecond

// awaitAccepted returns when no established connection waits to be accepted, or
// after acceptPatience. Another goroutine accepts meanwhile.
func awaitAccepted(l net.Listener) {
	for end := time.Now().Add(acceptPatience); waiting(l) > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// waiting is the number of connections that wait to be accepted; 0 when it is
// not known.
func waiting(l net.Listener) int {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return 0
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	count := 0
	_ = raw.Control(func(fd uintptr) {
		// For a listening socket this field is the length of the accept queue.
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			count = int(info.Unacked)
		}
	})
	return count
}
