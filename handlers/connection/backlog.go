package connection

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// acceptPatience bounds the wait for connections that the kernel has
// established to be accepted.
const acceptPatience = 100 * time.Millisecond

// awaitAccepted returns when no established connection waits to be accepted, or
// when its patience is over. Another goroutine accepts meanwhile.
func awaitAccepted(l net.Listener) {
	for end := time.Now().Add(acceptPatience); waiting(l) > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// waiting is the number of connections that wait to be accepted; 0 when that
// can't be told.
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
		// Of a listening socket, the kernel puts the length of this queue there.
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			count = int(info.Unacked)
		}
	})
	return count
}
