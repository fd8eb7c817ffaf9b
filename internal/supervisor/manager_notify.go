package supervisor

import (
	"log/slog"
	"net"
	"os"
)

// notifyVariable names the socket of the service manager, systemd or one that speaks
// its protocol (sd_notify(3)). Only the supervisor sees it: a server's functions must
// not speak for the service.
const notifyVariable = "NOTIFY_SOCKET"

// What the manager is told.
const (
	stateReady    = "READY=1\nSTATUS=serving"
	stateAway     = "STATUS=the server ended by itself and is started again"
	stateStopping = "STOPPING=1\nSTATUS=finishing the runs in progress"
)

// notifyManager tells the service manager a state; without one nothing is done. A
// manager that cannot be told is no reason to stop: it decides by itself.
func notifyManager(log *slog.Logger, state string) {
	path := os.Getenv(notifyVariable)
	if path == "" {
		return
	}
	// A leading @ is an abstract socket, for net as for systemd.
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err == nil {
		_, err = connection.Write([]byte(state))
		_ = connection.Close()
	}
	if err != nil {
		log.Warn("the service manager was not told the state of the server: check "+notifyVariable, slog.Any("error", err))
	}
}
