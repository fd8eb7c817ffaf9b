// Package faultproxy is a proxy between a client and a server of TCP or a unix
// socket that simulates faults of networks: it delays, freezes and cuts
// connections, also in the middle of a message. It is for tests and measurements
// only, and must not know any protocol, nor be part of the product.
package faultproxy

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Proxy forwards connections. Its methods may be called from any goroutine, and
// apply to existing and new connections.
type Proxy struct {
	listener net.Listener
	network  string
	target   string
	ended    sync.WaitGroup

	mu     sync.Mutex // guards what follows
	pairs  map[*pair]struct{}
	delay  time.Duration
	frozen chan struct{} // nil: not frozen; closed when it thaws
	refuse bool
	half   bool
	deaf   bool
	closed bool
}

// pair is one connection: the client's end and the server's.
type pair struct{ near, far net.Conn }

func (p *pair) close() {
	_ = p.near.Close()
	_ = p.far.Close()
}

// New listens on a free port of the loopback and forwards to target. The caller
// closes the proxy.
func New(network, target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a proxy: %w", err)
	}
	p := &Proxy{listener: listener, network: network, target: target, pairs: map[*pair]struct{}{}}
	p.ended.Go(p.accept)
	return p, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close cuts all connections and waits until the proxy's goroutines have ended.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.Thaw()
	p.Cut()
	p.ended.Wait()
}

// Delay delays each piece of data by d, in both directions; 0 ends that.
func (p *Proxy) Delay(d time.Duration) { p.set(func() { p.delay = d }) }

// Refuse ends new connections immediately; existing ones continue.
func (p *Proxy) Refuse(on bool) { p.set(func() { p.refuse = on }) }

// CutHalfway cuts each connection in the middle of the next piece of data from
// its client, until it is set to false.
func (p *Proxy) CutHalfway(on bool) { p.set(func() { p.half = on }) }

// LoseReplies cuts each connection instead of forwarding its server's response,
// until it is set to false: the client's request has then been carried out.
func (p *Proxy) LoseReplies(on bool) { p.set(func() { p.deaf = on }) }

// Freeze holds back all data and new connections until Thaw, like a peer whose
// machine hangs.
func (p *Proxy) Freeze() {
	p.set(func() {
		if p.frozen == nil {
			p.frozen = make(chan struct{})
		}
	})
}

// Thaw ends Freeze.
func (p *Proxy) Thaw() {
	p.set(func() {
		if p.frozen != nil {
			close(p.frozen)
			p.frozen = nil
		}
	})
}

// Cut ends the existing connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for pair := range p.pairs {
		pair.close()
	}
}

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *Proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.ended.Go(func() { p.serve(near) })
	}
}

// serve forwards one connection, both ways, until one of its ends is closed.
func (p *Proxy) serve(near net.Conn) {
	p.mu.Lock()
	refuse := p.refuse || p.closed
	p.mu.Unlock()
	if refuse {
		_ = near.Close()
		return
	}
	far, err := net.Dial(p.network, p.target)
	if err != nil {
		_ = near.Close()
		return
	}
	both := &pair{near, far}
	p.mu.Lock()
	p.pairs[both] = struct{}{}
	if p.closed || p.refuse { // it may have changed since the check above
		both.close()
	}
	p.mu.Unlock()
	var ways sync.WaitGroup
	ways.Go(func() { p.forward(both, near, far, true) })
	ways.Go(func() { p.forward(both, far, near, false) })
	ways.Wait()
	p.mu.Lock()
	delete(p.pairs, both)
	p.mu.Unlock()
}

// forward copies one way, piece by piece.
func (p *Proxy) forward(both *pair, from, to net.Conn, asking bool) {
	defer both.close()
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		p.mu.Lock()
		delay, frozen, half, deaf := p.delay, p.frozen, p.half && asking, p.deaf && !asking
		p.mu.Unlock()
		if frozen != nil {
			<-frozen
		}
		if delay > 0 {
			time.Sleep(delay)
		}
		if deaf {
			return
		}
		if half {
			n /= 2
		}
		if _, err := to.Write(piece[:n]); err != nil || half {
			return
		}
	}
}
