package auth

import (
	"sync"
	"time"
)

// Bounds of the circuit.
const (
	failuresToOpen = 3                // in a row
	shortestPause  = time.Second      // doubled by each failed probe
	longestPause   = 10 * time.Second // the longest delay until a recovered Census is used again
	longestAsked   = time.Minute      // the longest Retry-After of Census that is respected
)

// circuit is a circuit breaker for Census. While it is closed, every call passes.
// After some failures in a row it opens: calls are refused at once. After a pause
// one call may probe; its success closes the circuit, its failure begins a longer
// pause.
type circuit struct {
	mu       sync.Mutex
	failures int       // guarded by mu: in a row; open at failuresToOpen and above
	until    time.Time // guarded by mu: the end of the pause
	probing  bool      // guarded by mu: a probe is in progress
}

// pass permits one call. Exactly one of its methods must end it.
type pass struct {
	circuit *circuit
	probe   bool
}

// enter requests a pass. When it is refused, wait is the time until the next try.
func (c *circuit) enter(now time.Time) (p pass, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failures < failuresToOpen:
		return pass{circuit: c}, 0
	case now.Before(c.until):
		return pass{}, c.until.Sub(now)
	case c.probing:
		return pass{}, shortestPause
	default:
		c.probing = true
		return pass{circuit: c, probe: true}, 0
	}
}

// isOpen reports whether calls are refused, but for probes.
func (c *circuit) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failures >= failuresToOpen
}

// answered reports that Census has answered, possibly with a refusal.
func (p pass) answered() {
	c := p.circuit
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures, c.probing = 0, c.probing && !p.probe
}

// failed reports that there was no usable answer. asked is the Retry-After of
// Census, or 0.
func (p pass) failed(now time.Time, asked time.Duration) {
	c := p.circuit
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures >= failuresToOpen && !p.probe {
		return // begun before the circuit opened: no new information
	}
	c.probing = c.probing && !p.probe
	c.failures++
	pause := time.Duration(0)
	if extra := c.failures - failuresToOpen; extra >= 0 {
		pause = min(shortestPause<<min(extra, 10), longestPause)
	}
	if asked > 0 {
		c.failures = max(c.failures, failuresToOpen)
		pause = max(pause, min(asked, longestAsked))
	}
	c.until = now.Add(pause)
}

// abandoned reports that the caller disconnected before the answer.
func (p pass) abandoned() {
	c := p.circuit
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = c.probing && !p.probe
}
