package supervisor

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// The variables by which a service manager hands over sockets (sd_listen_fds(3)).
const (
	socketsVariable = "LISTEN_FDS"
	socketsOwner    = "LISTEN_PID" // the process that they are for
	firstSocket     = 3
)

// InheritedListener returns the listening socket that the service manager holds for
// this process, or nil without one. Connections wait in it while no server runs, so
// that none is refused between the end of one and the start of the next.
func InheritedListener() (*net.TCPListener, error) {
	if os.Getenv(socketsOwner) != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	const remedy = "give the service one stream socket (ListenStream= with an address and a port), or none"
	if number := os.Getenv(socketsVariable); number != "1" {
		return nil, fmt.Errorf("%s is %q: %s", socketsVariable, number, remedy)
	}
	unix.CloseOnExec(firstSocket)
	file := os.NewFile(firstSocket, "socket of the service manager")
	defer func() { _ = file.Close() }() // the listener is a copy
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("listen on the service manager's socket: %w; %s", err, remedy)
	}
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		_ = listener.Close()
		return nil, fmt.Errorf("the service manager's socket is %s: %s", listener.Addr().Network(), remedy)
	}
	return tcp, nil
}
