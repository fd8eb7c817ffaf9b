package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// The descriptors with which a server is started.
const (
	settingsDescriptor = 3 // the sealed file of the settings
	listenerDescriptor = 4 // the listening socket
	readyDescriptor    = 5 // a pipe: the server writes readyMark when it serves, or why it cannot
	ordersDescriptor   = 6 // a pipe: the server reads orders
)

// readyMark is the message of a server that serves. Any other is its failure.
const readyMark = "\x01"

// order is one message of the supervisor to its server, a line of JSON.
type order struct {
	// Database is the address of a PostgreSQL that takes connections.
	Database string `json:"database,omitempty"`
	// Resume ends the pause that the server was started with.
	Resume bool `json:"resume,omitempty"`
}

// Handover is what a server got from its supervisor.
type Handover struct {
	Settings []string // as given to Reexecute
	Listener net.Listener

	ready    *os.File
	database chan string   // has room for one
	resumed  chan struct{} // closed by the order
}

// ErrAlone says that a process has no supervisor.
var ErrAlone = errors.New("it is started by the supervisor alone: use `maestro serve`")

// TakeOver takes what the supervisor has handed to this process. It may be called
// once.
func TakeOver() (*Handover, error) {
	for fd := settingsDescriptor; fd <= ordersDescriptor; fd++ {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
			return nil, ErrAlone
		}
		unix.CloseOnExec(fd) // not for the processes that functions start
	}
	settings := os.NewFile(settingsDescriptor, "settings")
	h := &Handover{database: make(chan string, 1), resumed: make(chan struct{}), ready: os.NewFile(readyDescriptor, "ready")}
	var err error
	h.Settings, err = readSealed(settings)
	if err = errors.Join(err, settings.Close()); err != nil { // code of subtenants finds no descriptor of it
		return nil, errors.Join(ErrAlone, err)
	}
	socket := os.NewFile(listenerDescriptor, "listener")
	h.Listener, err = net.FileListener(socket) // a copy
	if err = errors.Join(err, socket.Close()); err != nil {
		return nil, errors.Join(ErrAlone, err)
	}
	go h.hear(os.NewFile(ordersDescriptor, "orders"))
	return h, nil
}

// hear reads orders until the supervisor ends, which ends this process too.
func (h *Handover) hear(pipe *os.File) {
	defer pipe.Close()
	for orders := json.NewDecoder(pipe); ; {
		var next order
		if err := orders.Decode(&next); err != nil {
			return
		}
		if next.Database != "" {
			select {
			case h.database <- next.Database:
			default: // it has got one
			}
		}
		if next.Resume {
			select {
			case <-h.resumed:
			default:
				close(h.resumed)
			}
		}
	}
}

// Database waits for the address of the supervisor's PostgreSQL.
func (h *Handover) Database(ctx context.Context) (string, error) {
	select {
	case address := <-h.database:
		return address, nil
	case <-ctx.Done():
		return "", fmt.Errorf("wait for the embedded PostgreSQL: %w", ctx.Err())
	}
}

// Resumed is closed when the operator ends the pause that the server was started
// with.
func (h *Handover) Resumed() <-chan struct{} { return h.resumed }

// Ready tells the supervisor that this server serves.
func (h *Handover) Ready() error {
	if err := h.tell(readyMark); err != nil {
		return fmt.Errorf("tell the supervisor that the server is ready: %w", err)
	}
	return nil
}

// Fail tells the supervisor why this server, which was not ready yet, ends: it
// reports that when nothing else is at work any more. It returns false when the
// server has been ready, or the supervisor cannot be told.
func (h *Handover) Fail(reason error) bool { return h.tell(reason.Error()) == nil }

func (h *Handover) tell(text string) error {
	_, err := h.ready.WriteString(text)
	return errors.Join(err, h.ready.Close())
}
