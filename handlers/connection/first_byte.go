package connection

import (
	"net"
	"sync"
	"time"
)

const (
	// firstByteTime is for a new connection to begin its first request: browsers
	// and balancers open some in advance.
	firstByteTime = 60 * time.Second
	// lastFirstByteTime is the same once the server stops.
	lastFirstByteTime = time.Second
)

// Tracker knows the connections of a server that have not sent anything yet. To
// fasthttp they are active, so that its shutdown would wait for them.
type Tracker struct {
	HeadTime time.Duration // for the headers of a first request, from its first byte on

	mu      sync.Mutex
	waiting map[*connection]struct{} // guarded by mu
	stopped bool                     // guarded by mu
}

// Listener wraps a listener so that its connections are tracked, and closed
// as RFC 9112 asks.
func (t *Tracker) Listener(l net.Listener) net.Listener { return lingering{l, t} }

// await sets until when a new connection may wait for its first byte.
func (t *Tracker) await(c *connection) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting = make(map[*connection]struct{})
	}
	t.waiting[c] = struct{}{}
	if t.stopped {
		return c.SetReadDeadline(time.Now().Add(lastFirstByteTime))
	}
	return c.SetReadDeadline(time.Now().Add(firstByteTime))
}

// arrived is told when the wait of a connection is over.
func (t *Tracker) arrived(c *connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waiting, c)
}

// Stop ends those that do not begin a request at once, and those that will come.
func (t *Tracker) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	for c := range t.waiting {
		_ = c.SetReadDeadline(time.Now().Add(lastFirstByteTime)) // fails for one that is closed
	}
}
