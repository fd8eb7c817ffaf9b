package embed

import (
	"maestro/internal/model"
	"maestro/internal/rate"
)

// tenant is the host's state of a subtenant. Guarded by Host.mu.
type tenant struct {
	name    string
	queue   fifo[call] // oldest first; calls that were answered meanwhile stay until they come to the front
	patient fifo[call] // the same, of asynchronous runs
	// coroutines are the calls of async functions, which event loops take.
	coroutines        fifo[call]
	patientCoroutines fifo[call] // the same, of asynchronous runs
	looped            int        // of those, the ones that have begun and not ended, without stuck ones
	ahead             int        // calls of queue that have begun while those of patient wait, since one of these began
	home              *worker    // carries its calls when it is idle
	active            int        // pool threads in its calls, stuck ones not counted

	// allowance is how many threads may be active. All threads of a subtenant
	// compete for one GIL: short calls finish soonest one after the other on
	// one thread, and only calls that block need more. So it is 1 and grows
	// only while calls wait and the active threads are not using the processor.
	allowance  int
	progress   clock              // when one of its calls began or ended last
	grown      clock              // when allowance grew last
	processor  float64            // share of one processor that its active threads use together, while there is a queue
	sampled    clock              // when processor was measured
	inReady    bool               // it is on Host.ready
	inWaiting  bool               // it is on Host.waiting
	packages   model.SitePackages // the newest that a call of it has named; those of interp
	interp     *interpreter
	wanting    bool // an interpreter is being made for it
	generation int  // interpreters that it has had
	used       clock
	retired    clock // when an interpreter of it was retired last, 0: never
	gone       bool  // forgotten

	output  rate.Meter      // its own lock is that of an atomic
	stuck   map[*call]clock // its calls that could not be stopped, and since when
	leaked  int             // its interpreters that could not be ended
	freed   int             // how many of both it was freed from (stuck.go)
	refused bool            // they have reached the cap

	siblings siblingView // the newest that a call of it got
}

// siblingView is a list of names that can be called, for threads that outlived
// their call.
type siblingView struct {
	names      []string
	generation uint64
}

// mayStart reports whether a waiting call of t may get a thread now.
func (t *tenant) mayStart() bool {
	return t.interp != nil && t.interp.state == interpreterServing && t.active < t.allowance && t.head() != nil
}

// patientAfter is how many synchronous calls go ahead of a waiting call of an
// asynchronous run.
const patientAfter = 4

// head returns the call that begins next, or nil. h.mu is held.
func (t *tenant) head() *call {
	first, patient := oldest(&t.queue), oldest(&t.patient)
	if patient != nil && (first == nil || t.ahead >= patientAfter) {
		return patient
	}
	return first
}

// waits reports whether any call of t waits. h.mu is held.
func (t *tenant) waits() bool { return t.head() != nil || t.coroutine() != nil }

// push puts a call into its queue. h.mu is held.
func (t *tenant) push(c *call) {
	switch {
	case c.Program.Async && c.Patient != nil:
		t.patientCoroutines.push(c)
	case c.Program.Async:
		t.coroutines.push(c)
	case c.Patient != nil:
		t.patient.push(c)
	default:
		t.queue.push(c)
	}
}

// coroutine returns the call of an async function that begins next, or nil.
// h.mu is held.
func (t *tenant) coroutine() *call {
	if first := oldest(&t.coroutines); first != nil {
		return first
	}
	return oldest(&t.patientCoroutines)
}

// begin takes the call out of its queue that head returned. h.mu is held.
func (t *tenant) begin(c *call) {
	switch {
	case c.Patient != nil:
		t.patient.pop()
		t.ahead = 0
	default:
		t.queue.pop()
		if t.patient.len() > 0 {
			t.ahead++
		}
	}
}

// oldest returns the call of a queue that has waited longest, or nil.
func oldest(queue *fifo[call]) *call {
	for c := queue.front(); c != nil; c = queue.front() {
		if c.state == callQueued {
			return c
		}
		queue.pop()
	}
	return nil
}

// tenantOf returns the subtenant's entry, made on first use. h.mu is held.
func (h *Host) tenantOf(name string) *tenant {
	t := h.tenants[name]
	if t == nil {
		t = &tenant{name: name, allowance: 1, stuck: map[*call]clock{}}
		h.tenants[name] = t
	}
	return t
}

// refuseQueued answers every waiting call of t with err. h.mu is held.
func (h *Host) refuseQueued(t *tenant, err *model.Error) {
	for c := t.head(); c != nil; c = t.head() {
		h.refuse(c, err)
	}
	h.refuseCoroutines(t, err)
}

// Changed implements model.Lane. Each call asks its Host for what it needs: there is
// nothing to do.
func (h *Host) Changed(string, uint64) {}

// Forget removes a deleted subtenant: its waiting calls are refused, its running
// ones are cancelled, its interpreter is ended. It returns immediately.
func (h *Host) Forget(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tenants[name]
	if t == nil {
		return
	}
	t.gone = true
	h.refuseQueued(t, model.NewError(model.CodeUnavailable, "The subtenant %q is being deleted.", name))
	h.stopAll(func(c *call) bool { return c.tenant == t })
	delete(h.tenants, name)
	h.abandon(t.interp)
}
