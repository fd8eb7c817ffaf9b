package process

import (
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"maestro/internal/model"
	"maestro/lane/wire"
)

// killReason is why the lane has killed a child.
type killReason uint8

const (
	notKilled     killReason = iota
	killOverrun              // the code of a call went on after its deadline
	killMemory               // it held more memory than it may
	killBroken               // it sent what no honest child sends
	killStalled              // it did not read
	killSlowEnd              // it did not end when it was asked to
	killComputing            // it computed without a call, and went on when it was asked to end
	killStart                // it could not be used
	killForgotten            // its subtenant was deleted
	killClosing              // the server stops
)

var killReasons = []string{"none", "overrun", "memory", "broken", "stalled", "slow_end", "computing", "start", "forgotten", "closing"}

func (r killReason) String() string { return killReasons[r] }

// child is a process of a subtenant.
type child struct {
	tenant  *tenant
	serial  uint64
	nursery Nursery // that it was made from
	site    model.SitePackages
	slate   *wire.Slate
	conn    *connection // from the child
	frames  *os.File    // to it
	out     *wire.Writer
	proc    Process
	base    int64        // bytes of memory that it held before its first call
	memory  atomic.Int64 // that it held last
	asking  atomic.Int64 // answers that it waits for

	reading sync.Mutex // guards conn, and what follows; taken before tenant.mu
	in      *wire.Reader
	source  source
	fault   error // why nothing more is read
	looks   looks

	// Guarded by tenant.mu.
	state  childState
	calls  map[uint64]*call // in it, with those that were answered and whose code goes on
	tasks  int              // of those, the ones of async functions
	late   int              // of those, the ones that were answered and whose code goes on
	single int              // calls since one was sent while others were in it
	used   time.Time
	doomed bool // it is killed as soon as no caller waits for a call in it
	killed killReason
	sent   map[uint64]struct{} // programs that it has
	idling idleAccount
}

// idle reports whether nothing runs in ch.
func (ch *child) idle() bool { return len(ch.calls) == 0 }

// hasRoom reports whether c may join the calls in ch. None joins one whose code goes on
// after its deadline: the child may have to be killed.
func (ch *child) hasRoom(c *call) bool {
	if ch.late > 0 {
		return false
	}
	if c.Program.Async {
		return ch.tasks < ch.tenant.lane.opt.ChildTasks
	}
	return len(ch.calls)-ch.tasks < ch.tenant.lane.opt.ChildCalls
}

// begin counts c in ch from now on. tenant.mu is held.
func (ch *child) begin(c *call) {
	t := ch.tenant
	c.child = ch
	ch.calls[c.number] = c
	if c.Program.Async {
		ch.tasks++
	}
	if last := len(t.children) - 1; t.children[last] != ch {
		at := slices.Index(t.children, ch)
		t.children = append(slices.Delete(t.children, at, at+1), ch)
	}
}

// send sends c to the child.
func (ch *child) send(c *call) {
	message := wire.Call{Number: c.number, Program: wire.Program{Key: c.Program.Key}, Input: c.Input, Request: c.Request, Run: c.remote.Frame()}
	if !c.Deadline.IsZero() {
		message.Run.Deadline = c.Deadline
	}
	known, busy, calm := ch.prepare(c.Program.Key)
	if !known {
		message.Program.Whole = c.Program
	}
	c.leads = known && calm && ch.takeLead(c)
	send := ch.out.Send
	if busy {
		send = ch.out.SendSoon
	}
	if send(message.Frame()) == nil && !known { // or ch is dying, and its end answers the call
		ch.noteSent(c.Program.Key)
	}
}

// prepare reports whether the child has a program, whether several calls are in it, and
// whether it is calm: it has had calmCalls one after the other.
func (ch *child) prepare(key uint64) (known, busy, calm bool) {
	ch.tenant.mu.Lock()
	defer ch.tenant.mu.Unlock()
	if busy = len(ch.calls) > 1; busy {
		ch.single = 0
	} else {
		ch.single++
	}
	return ch.knows(key), busy, ch.single >= calmCalls
}

// knows reports whether the child has a program: only after the frame that brings it has its place among those to
// be sent. tenant.mu is held.
func (ch *child) knows(key uint64) bool {
	_, known := ch.sent[key]
	return known
}

func (ch *child) noteSent(key uint64) {
	ch.tenant.mu.Lock()
	defer ch.tenant.mu.Unlock()
	ch.sent[key] = struct{}{}
}

// tellChanges tells the child that what it has resolved may have changed.
func (ch *child) tellChanges(number uint64) {
	_ = ch.out.Send(wire.NumberFrame(wire.KindChanged, number)) // or it is dying
}

// stop answers a call whose deadline has come, or whose caller has gone, unless it has
// its outcome, and has the child end it.
func (ch *child) stop(c *call, failure *model.Failure) {
	t := ch.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.answered {
		return
	}
	c.answered = true
	c.outcome = model.Outcome{Failure: failure}
	ch.stopping(c)
}

// stopping has the child end a call that was answered, or kills it. tenant.mu is held.
func (ch *child) stopping(c *call) {
	c.late = true
	ch.late++
	go func() { _ = ch.out.Send(wire.NumberFrame(wire.KindCancel, c.number)) }() // it may wait for a child that reads nothing
	time.AfterFunc(ch.tenant.lane.opt.KillAfter, func() { ch.overran(c) })
}

// overran kills the child if the code of a call that was answered still goes on, or
// takes it from those that get calls while others run in it.
func (ch *child) overran(c *call) {
	t := ch.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	if ch.calls[c.number] != c || ch.state == childGone {
		return
	}
	ch.doomed = true
	ch.retire()
	ch.settle()
}

// finish records that the code of c has ended, or has never begun.
func (ch *child) finish(c *call) {
	ch.tenant.mu.Lock()
	defer ch.tenant.mu.Unlock()
	ch.leave(c)
}

// leave is finish. tenant.mu is held.
func (ch *child) leave(c *call) {
	if ch.calls[c.number] != c {
		return
	}
	delete(ch.calls, c.number)
	if c.Program.Async {
		ch.tasks--
	}
	if c.late {
		ch.late--
	}
	ch.settle()
}

// settle looks after ch when a call has left it, or its state is another one.
// tenant.mu is held.
func (ch *child) settle() {
	ch.used = time.Now()
	ch.tenant.used = ch.used
	switch {
	case ch.state == childServing:
		ch.tenant.serve()
	case ch.state == childLeaving && len(ch.calls) == 0:
		ch.askToEnd()
	case ch.doomed && !ch.awaited():
		ch.kill(killOverrun)
	}
}

// awaited reports whether a caller waits for a call in ch. tenant.mu is held.
func (ch *child) awaited() bool {
	for _, c := range ch.calls {
		if !c.answered {
			return true
		}
	}
	return false
}

// retire has ch take no more calls, and end when those in it have. tenant.mu is held.
func (ch *child) retire() {
	if ch.state != childServing {
		return
	}
	t := ch.tenant
	ch.enter(childLeaving)
	t.children = slices.DeleteFunc(t.children, func(other *child) bool { return other == ch })
	t.leaving[ch] = struct{}{}
	ch.settle()
	t.serve()
}

// askToEnd asks ch to end. tenant.mu is held.
func (ch *child) askToEnd() {
	ch.enter(childEnding)
	go func() { _ = ch.out.Send(wire.New(wire.KindClose)) }()
	time.AfterFunc(ch.tenant.lane.opt.EndLimit, func() {
		ch.tenant.mu.Lock()
		defer ch.tenant.mu.Unlock()
		ch.kill(killSlowEnd)
	})
}

// cancelAll cancels the calls in ch. tenant.mu is held.
func (ch *child) cancelAll() {
	for _, c := range ch.calls {
		if !c.answered {
			c.answer(model.Outcome{Failure: cancelled()}, nil)
			ch.stopping(c)
		}
	}
}

// kill kills the process, once. tenant.mu is held.
func (ch *child) kill(reason killReason) {
	if ch.killed != notKilled || ch.state == childGone {
		return
	}
	ch.killed = reason
	ch.retire()
	ch.tenant.lane.counts.kill(reason)
	ch.proc.Kill()
}
