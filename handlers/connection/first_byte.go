package connection

import (
	"net"
	"sync"
	"time"
)

const (
	// firstByteTime is the time for the first request of a connection: browsers and
	// load balancers open connections in advance.
	firstByteTime = 60 * time.Second
	// LastFirstByteTime is the same once the server shuts down.
	LastFirstByteTime = time.Second
)

// Tracker tracks the connections that have not sent a byte yet. fasthttp counts
// them as active, so its shutdown would wait for them.
type Tracker struct {
	HeadTime time.Duration // for the headers of a first request, from its first byte on

	mu      sync.Mutex
	waiting map[*connection]struct{} // guarded by mu
	stopped bool                     // guarded by mu
}

// Listener wraps a listener so that its connections are tracked, and closed
// as RFC 9112 asks.
func (t *Tracker) Listener(l net.Listener) net.Listener { return lingering{l, t} }

// await sets the deadline for the first byte of a new connection.
func (t *Tracker) await(c *connection) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting = make(map[*connection]struct{})
	}
	t.waiting[c] = struct{}{}
	if t.stopped {
		return c.SetReadDeadline(time.Now().Add(LastFirstByteTime))
	}
	return c.SetReadDeadline(time.Now().Add(firstByteTime))
}

// arrived ends the wait of a connection.
func (t *Tracker) arrived(c *connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waiting, c)
}

// Stop closes the tracked connections, and later ones, unless they begin a request
// at once.
func (t *Tracker) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	for c := range t.waiting {
		_ = c.SetReadDeadline(time.Now().Add(LastFirstByteTime)) // fails for a closed connection
	}
}
