package child

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"maestro/embed"
	"maestro/lane/wire"
)

// Frames are read by one goroutine at a time. The *leader* is a thread of its own that
// runs the calls that it reads, of sync functions, one after the other: no thread is
// woken for a short call, and calls that come together are answered together. While it
// is in a call frames wait; when that lasts, the *dispatcher* takes over, which gives
// calls to the host's threads, until the leader is back.
//
//	leader reads ──▶ leader in a call ──▶ leader reads
//	                     │ relieve             ▲
//	                     ▼                     │
//	                 dispatcher reads ─────────┘ after the next frame, once the leader waits
type reading struct {
	thread *embed.Thread
	tid    int            // of the leader
	take   chan struct{}  // the dispatcher is to read
	back   chan struct{}  // the leader is to read
	ended  chan endOfRead // how it ends, once; has room for all who may say so

	mu     sync.Mutex // guards what follows
	busy   bool       // the leader is in a call, and frames wait
	away   bool       // the dispatcher reads
	waits  bool       // the leader waits until it may read again
	asked  bool       // the server has asked for the end
	term   uint64     // of the leader's calls
	seen   uint64     // the term at the last tick
	ticker *time.Timer
	ticks  bool // it is armed
}

// endOfRead is why no more frames are read: the server has asked for the end, or an error.
type endOfRead struct {
	asked bool
	err   error
}

// relieveAfter is how long, at most twice, a call may last until the dispatcher reads.
const relieveAfter = time.Millisecond

// serve reads frames until the server is gone, or asks for the end.
func (c *child) serve() (asked bool, err error) {
	r := &c.reading
	r.take, r.back, r.ended = make(chan struct{}, 1), make(chan struct{}, 1), make(chan endOfRead, 2)
	r.ticker = time.AfterFunc(time.Hour, c.tick)
	defer r.ticker.Stop()
	go c.lead()
	go c.dispatch()
	end := <-r.ended
	c.disconnect()
	return end.asked, end.err
}

// lead is the leader.
func (c *child) lead() {
	r := &c.reading
	r.thread = c.host.NewThread()
	r.tid = unix.Gettid()
	for !r.isAsked() {
		if err := c.next(c.runHere); err != nil {
			r.ended <- endOfRead{err: err}
			return
		}
	}
	r.thread.Close()
	r.ended <- endOfRead{asked: true}
}

func (r *reading) isAsked() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

// dispatch is the dispatcher.
func (c *child) dispatch() {
	r := &c.reading
	for range r.take {
		for {
			if err := c.next(c.runElsewhere); err != nil {
				r.ended <- endOfRead{err: err} // the leader may be in a call for ever
				return
			}
			if r.giveBack() {
				break
			}
		}
	}
}

// giveBack lets the leader read if it waits for that.
func (r *reading) giveBack() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.waits {
		return r.asked // nothing follows: the leader ends when it is back
	}
	r.waits, r.away = false, false
	r.back <- struct{}{}
	return true
}

// enter notes that the leader begins a call.
func (r *reading) enter() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy = true
	r.term++
	if !r.ticks {
		r.ticks = true
		r.ticker.Reset(relieveAfter)
	}
}

// leave notes that the leader's call has ended, and returns when it may read.
func (r *reading) leave() {
	r.mu.Lock()
	if !r.away || r.asked {
		r.busy = false
		r.mu.Unlock()
		return
	}
	r.waits = true
	r.mu.Unlock()
	<-r.back
}

// more reports whether the leader, in a call, has read the beginning of another one.
func (r *reading) more(in *wire.Reader) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.away && in.Buffered()
}

// tick relieves a leader whose call lasts.
func (c *child) tick() {
	r := &c.reading
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy && r.term == r.seen {
		r.busy, r.away = false, true
		r.take <- struct{}{}
	}
	r.ticks = r.busy || r.term != r.seen // one without a call for a whole tick arms it with the next
	r.seen = r.term
	if r.ticks {
		r.ticker.Reset(relieveAfter)
	}
}

// await returns the answer to an ask. In the leader's own call it reads for itself.
func (c *child) await(answers <-chan wire.Answer) wire.Answer {
	r := &c.reading
	if unix.Gettid() != r.tid || !r.pause() {
		return <-answers
	}
	defer r.enter()
	for {
		select {
		case answer := <-answers:
			return answer
		default:
		}
		if err := c.next(c.runElsewhere); err != nil {
			c.disconnect()
			r.ended <- endOfRead{err: err}
			return <-answers
		}
	}
}

// pause takes the leader, which is in a call, out of it to read; false: the dispatcher
// reads.
func (r *reading) pause() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	reads := r.busy
	r.busy = false
	return reads
}
