package handlers

import (
	"io"
	"net"
	"time"
)

// How long, and how much, a connection that the server closes is still read.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// Linger wraps a listener so that its connections are closed as RFC 9112
// (section 9.6) asks. A request that is refused before it was read whole (413)
// leaves bytes on their way; closing at once makes the kernel reset the
// connection, and the client loses the very answer that explains it.
func Linger(l net.Listener) net.Listener { return lingeringListener{l} }

type lingeringListener struct{ net.Listener }

// Accept waits for the next connection.
func (l lingeringListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		return lingeringConn{tcp}, nil
	}
	return conn, err
}

type lingeringConn struct{ *net.TCPConn }

// Close ends the answer at once and the connection when the client has ended
// too, or has had its time. It does not wait for that.
func (c lingeringConn) Close() error {
	if err := c.CloseWrite(); err != nil {
		return c.TCPConn.Close() // the client is gone already
	}
	go func() {
		_ = c.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, c.TCPConn, lingerBytes)
		_ = c.TCPConn.Close()
	}()
	return nil
}
