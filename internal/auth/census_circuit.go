package auth

import (
	"sync"
	"time"
)

// Bounds of the circuit.
const (
	failuresToOpen = 3                // in a row
	shortestPause  = time.Second      // doubled by each failed probe
	longestPause   = 10 * time.Second // a Census that is back is noticed within this time
	longestAsked   = time.Minute      // for which a Retry-After of Census is heeded
)

// circuit keeps us from hammering a Census that is down. Closed, every call
// passes. After some failures in a row it is open: calls are refused at once.
// After a pause one call may probe; its success closes the circuit, its
// failure begins a longer pause.
type circuit struct {
	mu       sync.Mutex
	failures int       // guarded by mu: in a row; open at failuresToOpen and above
	until    time.Time // guarded by mu: the end of the pause
	probing  bool      // guarded by mu: a probe is under way
}

// pass is the right to make one call. It is given back by exactly one of its
// methods.
type pass struct {
	circuit *circuit
	probe   bool
}

// enter asks for a call. When it is refused, wait says after which time it is
// worth to try again.
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

// answered says that Census gave an answer, be it a refusal.
func (p pass) answered() {
	c := p.circuit
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures, c.probing = 0, c.probing && !p.probe
}

// failed says that there was no answer that can be used. asked is the time
// that Census itself wants to be left alone, or 0.
func (p pass) failed(now time.Time, asked time.Duration) {
	c := p.circuit
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures >= failuresToOpen && !p.probe {
		return // begun before the circuit opened: no news
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

// abandoned says that the caller went away before there was an answer.
func (p pass) abandoned() {
	c := p.circuit
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = c.probing && !p.probe
}
