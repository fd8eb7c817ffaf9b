package handlers

import (
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

// newcomers are the connections of a server that have not sent anything yet. To
// fasthttp they are at work, so that its stop would wait for them.
type newcomers struct {
	mu      sync.Mutex
	waiting map[*connection]struct{}
	stopped bool
}

// await sets until when a new connection may wait for its first byte.
func (n *newcomers) await(c *connection) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting == nil {
		n.waiting = make(map[*connection]struct{})
	}
	n.waiting[c] = struct{}{}
	if n.stopped {
		return c.SetReadDeadline(time.Now().Add(lastFirstByteTime))
	}
	return c.SetReadDeadline(time.Now().Add(firstByteTime))
}

// arrived is told when the wait of a connection is over.
func (n *newcomers) arrived(c *connection) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.waiting, c)
}

// stop ends those that do not begin a request at once, and those that will come.
func (n *newcomers) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stopped = true
	for c := range n.waiting {
		_ = c.SetReadDeadline(time.Now().Add(lastFirstByteTime)) // fails for one that is closed
	}
}
