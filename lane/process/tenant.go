package process

import (
	"slices"
	"sync"
	"time"

	"maestro/internal/model"
)

// tenant is what the lane knows of a subtenant.
type tenant struct {
	lane *Lane
	name string

	mu       sync.Mutex // guards what follows, and what child and call say is guarded by it
	gone     bool       // it was forgotten, or the lane is closed
	used     time.Time
	packages model.SitePackages
	changes  uint64              // the newest number of Changed
	programs map[uint64]struct{} // those whose imports are noted
	imports  map[string]struct{} // modules that its programs import
	imported int                 // how many of those there were when a child was begun last
	nursery  Nursery             // nil: there is none yet, or it is out of date
	made     Spec                // of nursery
	renewed  time.Time           // when all children were to be made afresh
	children []*child            // that take calls; the one that had a call last is last
	leaving  map[*child]struct{} // that take none, and have not ended
	starting int                 // children that can't be used yet
	began    time.Time           // when the last of those was begun
	queue    []*call             // of synchronous runs that wait
	patient  []*call             // of asynchronous ones
	ahead    int                 // calls of queue that were granted a child since one of patient was, while one waits
}

// patientAfter is how many synchronous calls go ahead of a waiting call of an
// asynchronous run.
const patientAfter = 4

// choose returns a child for c, in which it counts from now on, or nil. mu is held.
func (t *tenant) choose(c *call) *child {
	if len(t.queue)+len(t.patient) > 0 && !c.Program.Async {
		return nil // others came first
	}
	ch := t.pick(c)
	if ch != nil {
		ch.begin(c)
	}
	return ch
}

// pick returns the child that is to run c, or nil. Async functions share one: it has the
// event loop. mu is held.
func (t *tenant) pick(c *call) *child {
	if c.Program.Async {
		for _, ch := range t.children {
			if ch.tasks > 0 && ch.hasRoom(c) {
				return ch
			}
		}
	}
	if n := len(t.children); n > 0 && t.children[n-1].idle() {
		return t.children[n-1] // its memory is the warmest
	}
	var least *child
	for _, ch := range t.children {
		if ch.idle() {
			return ch
		}
		if (least == nil || len(ch.calls) < len(least.calls)) && ch.hasRoom(c) {
			least = ch
		}
	}
	if t.mayGrow() || t.starting > 0 && time.Since(t.began) < t.lane.opt.ShareAfter {
		return nil // another child will soon be there
	}
	return least
}

// mayGrow reports whether t may have another child. One that may have to be killed does
// not count: what takes its place is there by then. mu is held.
func (t *tenant) mayGrow() bool {
	count := t.starting
	for _, ch := range t.children {
		if ch.late == 0 {
			count++
		}
	}
	return count < t.lane.opt.MaxChildren
}

// isStarting reports whether the first child of t is not there yet: nothing holds its
// calls up but that.
func (t *tenant) isStarting() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.children) == 0 && t.starting > 0
}

// enqueue has c wait for a child. mu is held.
func (t *tenant) enqueue(c *call) {
	c.granted = make(chan *child, 1)
	c.queued = time.Now()
	if c.Patient != nil {
		t.patient = append(t.patient, c)
	} else {
		t.queue = append(t.queue, c)
	}
	t.grow()
}

// leaveQueue takes a call out that waits no longer. The child that it was granted
// meanwhile takes another one.
func (t *tenant) leaveQueue(c *call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue = without(t.queue, c)
	t.patient = without(t.patient, c)
	if c.child != nil {
		c.child.leave(c)
	}
}

func without(queue []*call, c *call) []*call {
	if at := slices.Index(queue, c); at >= 0 {
		return slices.Delete(queue, at, at+1)
	}
	return queue
}

// serve grants children to waiting calls, as long as there are any. mu is held.
func (t *tenant) serve() {
	for len(t.queue)+len(t.patient) > 0 {
		from := &t.queue
		if len(t.queue) == 0 || len(t.patient) > 0 && t.ahead >= patientAfter {
			from = &t.patient
		}
		c := (*from)[0]
		ch := t.pick(c)
		if ch == nil {
			t.grow()
			return
		}
		(*from)[0] = nil
		*from = (*from)[1:]
		switch {
		case from == &t.patient:
			t.ahead = 0
		case len(t.patient) > 0:
			t.ahead++
		}
		ch.begin(c)
		c.granted <- ch
	}
}

// refuse answers all that wait with err. mu is held.
func (t *tenant) refuse(err error) {
	for _, c := range slices.Concat(t.queue, t.patient) {
		c.err = err
		c.granted <- nil
	}
	t.queue, t.patient = nil, nil
}

// usePackages gives t the packages that a call has named, if they are newer than its
// own: its children finish their calls and end. mu is held.
func (t *tenant) usePackages(packages model.SitePackages) {
	if packages.Number <= t.packages.Number {
		return
	}
	t.packages = packages
	t.renew()
}

// renew has all children finish their calls and end, and new ones made afresh. mu is
// held.
func (t *tenant) renew() {
	t.renewed = time.Now()
	if t.nursery != nil {
		t.nursery.Close()
		t.nursery = nil
	}
	for _, ch := range slices.Clone(t.children) {
		ch.retire()
	}
}

// learn notes what a program imports, and reports whether the child has it.
func (ch *child) learn(p *model.Program) bool {
	ch.tenant.mu.Lock()
	defer ch.tenant.mu.Unlock()
	ch.tenant.noteImports(p)
	return ch.knows(p.Key)
}

// noteImports notes what a program imports, for the children to come. mu is held.
func (t *tenant) noteImports(p *model.Program) {
	if _, noted := t.programs[p.Key]; noted {
		return
	}
	t.programs[p.Key] = struct{}{}
	for _, module := range p.Imports {
		if module != model.AnyModule {
			t.imports[module] = struct{}{}
		}
	}
}

// changed tells the children that what they have resolved may have changed.
func (t *tenant) changed(number uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if number <= t.changes {
		return
	}
	t.changes = number
	for _, ch := range t.children {
		go ch.tellChanges(number)
	}
	for ch := range t.leaving {
		go ch.tellChanges(number)
	}
}

// end ends the subtenant's calls and children, at once with kill.
func (t *tenant) end(reason *model.Error, kill bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = true
	t.refuse(reason)
	for _, ch := range slices.Clone(t.children) {
		ch.cancelAll()
		ch.retire()
	}
	for ch := range t.leaving {
		ch.cancelAll()
		if kill {
			ch.kill(killForgotten)
		}
	}
	if t.nursery != nil {
		t.nursery.Close()
		t.nursery = nil
	}
}

// killAll kills the children that have not ended.
func (t *tenant) killAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ch := range t.leaving {
		ch.kill(killClosing)
	}
}
