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

// How long, and how much, a connection that the server closes is still read.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// lastLook is for a request that is on its way when its connection, idle until
// now, is to end.
const lastLook = 20 * time.Millisecond

// lingering wraps a listener so that its connections are closed as RFC 9112
// (section 9.6) asks. A request that is refused before it was read whole (413)
// leaves bytes on their way; closing at once makes the kernel reset the
// connection, and the client loses the very answer that explains it.
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

// Close closes the listener when every connection that the kernel has
// established was accepted: it resets the others.
func (l lingering) Close() error {
	awaitAccepted(l.Listener)
	return l.Listener.Close()
}

// connection is one of a client. One goroutine serves it; another one may close
// it while it waits for a request.
type connection struct {
	*net.TCPConn
	tracker *Tracker

	fresh bool // nothing was read yet; of the goroutine that serves it

	awaits atomic.Bool // the first byte of a request
	ending atomic.Bool // it is to end when no request is on its way
	over   atomic.Bool // reading has failed: nothing serves it any more
	closed atomic.Bool
}

// NoteState hears from fasthttp what becomes of a connection.
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

// Read reads. It gives a new connection more time for its first byte than for
// the rest of the headers, and ends one that sent nothing without an answer.
func (c *connection) Read(into []byte) (n int, err error) {
	if c.fresh {
		if err := c.tracker.await(c); err != nil {
			return 0, err
		}
	}
	n, err = c.TCPConn.Read(into)
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
		err = io.EOF // no request began, so that none is to be answered
	}
	return n, err
}

// isEnding reports whether the connection ends unless a request arrives now.
func (c *connection) isEnding() bool { return c.ending.Load() && c.awaits.Load() }

// SetReadDeadline sets until when a read may wait, unless the connection is to
// end.
func (c *connection) SetReadDeadline(t time.Time) error {
	err := c.TCPConn.SetReadDeadline(t)
	if c.isEnding() {
		return c.TCPConn.SetReadDeadline(time.Now())
	}
	return err
}

// Close ends the connection. One that waits for a request is ended by the
// goroutine that reads it, since a request that has arrived is answered first.
func (c *connection) Close() error {
	if c.awaits.Load() && !c.over.Load() && !c.ending.Swap(true) {
		time.AfterFunc(10*lastLook, func() {
			if c.awaits.Load() {
				_ = c.finish() // nothing read it any more
			}
		})
		return c.TCPConn.SetReadDeadline(time.Now())
	}
	return c.finish()
}

// finish ends the answer at once and the connection when the client has ended
// too, or has had its time. It does not wait for that.
func (c *connection) finish() error {
	if c.closed.Swap(true) {
		return nil
	}
	if err := c.CloseWrite(); err != nil {
		return c.TCPConn.Close() // the client is gone already
	}
	go func() {
		_ = c.TCPConn.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, c.TCPConn, lingerBytes)
		_ = c.TCPConn.Close()
	}()
	return nil
}
