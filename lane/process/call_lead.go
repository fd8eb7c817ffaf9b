package process

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// lookFor is how long a caller looks for its answer. To wake a processor that sleeps
	// takes some 20 µs on a virtual machine, several times as long as a short call.
	lookFor = 50 * time.Microsecond
	// leadFor is how long it reads the frames of its child, at most: after lookFor with
	// its thread asleep. What a call pays that takes longer is little beside that.
	leadFor = 250 * time.Microsecond
	// calmCalls is how many calls come one after the other before the caller of the next looks. Calls that come
	// together are better read together.
	calmCalls = 4
	// lookInput bounds the input of such a call: the child must be able to take it
	// while none of its own frames are read.
	lookInput = 64 << 10
	// mostRest bounds the calls that sleep at once after one that has looked in vain:
	// twice as many as after the one before that.
	mostRest = 256
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
	if c.Program.Async || len(c.Input) > lookInput || !ch.tenant.lane.leaders.enter() {
		return false
	}
	if ch.reading.TryLock() {
		if ch.fault == nil {
			ch.conn.watch(false)
			return true
		}
		ch.reading.Unlock()
	}
	ch.tenant.lane.leaders.leave()
	return false
}

// looks decides whether the callers of a child look for their answers before they sleep: not after some have looked in
// vain, until one more has tried. child.reading guards it.
type looks struct{ rest, next int } // calls that sleep at once: from now on, and after the next that looks in vain

// length is how long the next call looks.
func (l *looks) length() time.Duration {
	if l.rest > 0 {
		l.rest--
		return 0
	}
	return lookFor
}

// learn notes whether a call that has looked had to sleep.
func (l *looks) learn(slept bool) {
	if !slept {
		l.next = 0
		return
	}
	l.next = min(2*l.next+1, mostRest)
	l.rest = l.next
}

// lead reads frames until c is answered; false: it takes longer.
func (ch *child) lead(c *call) bool {
	defer ch.tenant.lane.leaders.leave()
	defer ch.reading.Unlock()
	defer ch.conn.watch(true) // and the poller reports the bytes that were not read
	looks, slept := ch.looks.length(), false
	if looks > 0 {
		defer func() { ch.looks.learn(slept) }()
	}
	began := time.Now()
	until := leadFor
	if !c.Deadline.IsZero() {
		until = min(until, c.Deadline.Sub(began))
	}
	for spent := time.Duration(0); spent < until; spent = time.Since(began) {
		if spent >= looks {
			slept = true
			ch.conn.pause(until - spent)
		}
		for ch.takeNext() == nil && ch.fault == nil && ch.in.Buffered() {
		}
		if ch.fault != nil {
			ch.conn.deadline(time.Now()) // wakes attend
			return c.taken()
		}
		if c.taken() {
			return true
		}
	}
	return false
}

// taken takes the notice that c is answered, if it is there.
func (c *call) taken() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
