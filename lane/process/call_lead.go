package process

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// leadFor is how long a caller reads the frames of its child itself. What a call pays
	// that takes longer is little beside that.
	leadFor = 250 * time.Microsecond
	// spinFor is how long it looks for them before its thread sleeps. To wake a processor that sleeps takes some
	// 20 µs on a virtual machine, several times as long as a short call.
	spinFor = 50 * time.Microsecond
	// spinRest bounds how many calls sleep at once after one that took longer than
	// spinFor: that doubles with each.
	spinRest = 64
	// leadInput bounds the input of such a call: the child must be able to take it
	// while none of its own frames are read.
	leadInput = 64 << 10
)

// leaders counts the callers that read frames themselves. Each holds one of the processors of Go's scheduler
// while it waits, so half of them are left to the others.
type leaders struct{ count atomic.Int64 }

func (l *leaders) enter() bool {
	if l.count.Add(1) <= max(1, int64(runtime.GOMAXPROCS(0)/2)) {
		return true
	}
	l.leave()
	return false
}

func (l *leaders) leave() { l.count.Add(-1) }

// takeLead has the caller of c, which is alone in ch, read the frames of ch, if no other
// goroutine does so. It must call lead then.
func (ch *child) takeLead(c *call) bool {
	if c.Program.Async || len(c.Input) > leadInput || !ch.tenant.lane.leaders.enter() {
		return false
	}
	if ch.reading.TryLock() {
		if ch.fault == nil && !ch.conn.closed {
			ch.conn.watch(false)
			return true
		}
		ch.reading.Unlock()
	}
	ch.tenant.lane.leaders.leave()
	return false
}

// spin decides how long the callers of a child look for frames before they sleep. It is
// guarded by child.reading.
type spin struct{ rest, next int } // calls that sleep at once: now, and after the next that has to sleep

// length is that for the next call.
func (s *spin) length() time.Duration {
	if s.rest > 0 {
		s.rest--
		return 0
	}
	return spinFor
}

// learn notes whether a call that has looked had to sleep.
func (s *spin) learn(slept bool) {
	if !slept {
		s.next = 0
		return
	}
	s.next = min(2*s.next+1, spinRest)
	s.rest = s.next
}

// lead reads frames until c is answered; false: it takes longer.
func (ch *child) lead(c *call) bool {
	defer ch.tenant.lane.leaders.leave()
	defer ch.reading.Unlock()
	defer ch.conn.watch(true) // and the poller reports what has come and was not read
	began, looks, slept := time.Now(), ch.spin.length(), false
	if looks > 0 {
		defer func() { ch.spin.learn(slept) }()
	}
	until := began.Add(leadFor)
	if !c.Deadline.IsZero() && c.Deadline.Before(until) {
		until = c.Deadline
	}
	for now := began; now.Before(until); now = time.Now() {
		if now.Sub(began) >= looks {
			slept = true
			ch.conn.pause(until.Sub(now))
		}
		for ch.takeNext() == nil && ch.fault == nil && ch.in.Buffered() {
		}
		if ch.fault != nil {
			ch.conn.deadline(now) // wakes attend
		}
		if len(c.done) > 0 {
			<-c.done
			return true
		}
		if ch.fault != nil {
			return false
		}
	}
	return false
}
