package connection

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// How long, and how many bytes, the server reads from a connection it closes.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// lastLook is the time for a request that is in transit when its idle connection
// is closed.
const lastLook = 20 * time.Millisecond

// lingering wraps a listener so that its connections are closed as RFC 9112
// (section 9.6) requires. A request that is refused before its whole body is read
// (413) leaves unread bytes; if the server closed at once, the kernel would reset
// the connection and the client would lose the response.
type lingering struct {
	net.Listener
	tracker *Tracker
}

// Accept waits for the next connection.
func (l lingering) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		made := &connection{TCPConn: tcp, tracker: l.tracker, fresh: true}
		made.awaits.Store(true)
		return made, nil
	}
	return conn, err
}

// Close closes the listener after every established connection is accepted,
// because the kernel resets the others.
func (l lingering) Close() error {
	awaitAccepted(l.Listener)
	return l.Listener.Close()
}

// connection is the connection of a client. One goroutine serves it; another may
// close it while it waits for a request.
type connection struct {
	*net.TCPConn
	tracker *Tracker

	// Used by the serving goroutine only.
	fresh bool // no byte was read yet
	head  head // of the request that is being read

	awaits atomic.Bool // waits for the first byte of a request
	ending atomic.Bool // closes unless a request is in transit
	over   atomic.Bool // a read has failed: no goroutine serves it any more
	closed atomic.Bool
}

// NoteState tracks the state of a connection, reported by fasthttp.
func NoteState(conn net.Conn, state fasthttp.ConnState) {
	c, ok := conn.(*connection)
	switch {
	case !ok:
	case state == fasthttp.StateIdle:
		c.awaits.Store(true)
	case state == fasthttp.StateActive && !c.fresh:
		c.awaits.Store(false)
	}
}

// Read reads. A new connection has more time for its first byte than for the rest
// of the headers; one that sends no byte is closed without a response.
//
// It fails instead of waiting for the rest of headers that fasthttp takes for
// incomplete until their time is over.
func (c *connection) Read(into []byte) (n int, err error) {
	if err := c.head.fault; err != nil {
		c.over.Store(true)
		return 0, err
	}
	begins := c.awaits.Load()
	if c.fresh {
		if err := c.tracker.await(c); err != nil {
			return 0, err
		}
	}
	n, err = c.TCPConn.Read(into)
	c.head.follow(into[:n], begins)
	if c.fresh {
		c.tracker.arrived(c)
	}
	if n == 0 && c.isEnding() && errors.Is(err, os.ErrDeadlineExceeded) {
		if err = c.TCPConn.SetReadDeadline(time.Now().Add(lastLook)); err == nil {
			n, err = c.TCPConn.Read(into)
		}
	}
	if c.fresh && n > 0 {
		c.fresh = false
		c.awaits.Store(false)
		err = c.TCPConn.SetReadDeadline(time.Now().Add(c.tracker.HeadTime))
	}
	if err != nil {
		c.over.Store(true)
	}
	if c.fresh && errors.Is(err, os.ErrDeadlineExceeded) {
		err = io.EOF // no request has begun, so there is no response
	}
	return n, err
}

// isEnding reports whether the connection closes unless a request arrives now.
func (c *connection) isEnding() bool { return c.ending.Load() && c.awaits.Load() }

// SetReadDeadline sets the deadline of reads, unless the connection is closing.
func (c *connection) SetReadDeadline(t time.Time) error {
	err := c.TCPConn.SetReadDeadline(t)
	if c.isEnding() {
		return c.TCPConn.SetReadDeadline(time.Now())
	}
	return err
}

// Close closes the connection. The serving goroutine closes a connection that
// waits for a request, because a request that has arrived gets its response first.
func (c *connection) Close() error {
	if c.awaits.Load() && !c.over.Load() && !c.ending.Swap(true) {
		time.AfterFunc(10*lastLook, func() {
			if c.awaits.Load() {
				_ = c.finish() // no goroutine read from it
			}
		})
		return c.TCPConn.SetReadDeadline(time.Now())
	}
	return c.finish()
}

// finish ends the response at once, and the connection after the client has ended
// too, or after lingerTime. It does not wait for that.
func (c *connection) finish() error {
	if c.closed.Swap(true) {
		return nil
	}
	if err := c.CloseWrite(); err != nil {
		return c.TCPConn.Close() // the client has disconnected
	}
	go func() {
		_ = c.TCPConn.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, c.TCPConn, lingerBytes)
		_ = c.TCPConn.Close()
	}()
	return nil
}
