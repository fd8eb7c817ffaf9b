package embed

import (
	"log/slog"
	"sync"
	"time"

	"maestro/internal/model"
)

// interpreter is one Python interpreter and the subtenant that it serves.
type interpreter struct {
	host *Host
	py   machine
	id   uint64

	// Guarded by Host.mu.
	state     interpreterState
	tenant    *tenant            // nil while it is warm
	calls     map[*call]struct{} // whose threads are in it
	holders   map[*worker]struct{}
	vacated   chan struct{} // made when ending begins, closed when there are no holders
	scarred   bool          // a stop was raised in it at an arbitrary line
	over      chan struct{} // closed when it has ended, or counts as leaked
	weighing  bool          // what it holds will be looked at (weighLeft)
	full      bool          // a call was denied memory, and most of what it may hold is held beyond the call
	stopper   stopper
	parking   bool // threads of it are being parked
	parked    int  // threads of it that wait for ever
	condemned bool // it counts as one that cannot be ended (thread_park.go)
	left      leftWatch
	children  childrenWatch
	begun     int   // calls
	poolless  bool  // processes of it were killed, which pools of its modules may need
	loop      *loop // nil until an async function is called
	outlived  bool  // threads of versions that are out of use go on in it
	spoilt    bool  // a builtin that Python needs was taken away
	loopLost  bool  // its event loop has failed, or left tasks keep it

	// packages are assigned together with its subtenant, under Host.mu, and
	// never change.
	packages model.SitePackages
	furnish  sync.Once // puts up the rails and tells Python of packages
	unfit    string    // what of that failed; set under Host.mu
}

func newInterpreter(h *Host, py machine) *interpreter {
	in := &interpreter{
		host:    h,
		py:      py,
		id:      py.ID(),
		state:   interpreterWarm,
		calls:   map[*call]struct{}{},
		holders: map[*worker]struct{}{},
		over:    make(chan struct{}),
	}
	process.interpreters.Store(in.id, in)
	return in
}

// hold notes that w is about to make a thread state for in.
func (in *interpreter) hold(w *worker) {
	in.host.mu.Lock()
	defer in.host.mu.Unlock()
	in.holders[w] = struct{}{}
}

// release notes that w has deleted its thread state for in.
func (in *interpreter) release(w *worker) {
	in.host.mu.Lock()
	defer in.host.mu.Unlock()
	in.dismissHolder(w)
}

// dismissHolder removes w from the threads that in's end waits for. Host.mu is held.
func (in *interpreter) dismissHolder(w *worker) {
	delete(in.holders, w)
	if len(in.holders) == 0 && in.vacated != nil {
		close(in.vacated)
		in.vacated = nil
	}
}

// assign assigns in to t. h.mu is held.
func (h *Host) assign(in *interpreter, t *tenant) {
	change(h, &interpreterMoves, &in.state, interpreterServing)
	in.tenant, in.packages = t, t.packages
	in.py.SetOwner(t.name)
	t.interp = in
	t.wanting = false
	t.generation++
	h.serving++
	h.offer(t)
	h.pump(now())
	h.feed(t)
}

// abandon takes in from its subtenant, whose next call gets another one, and
// ends it when the last call has left. in may be nil. h.mu is held.
func (h *Host) abandon(in *interpreter) {
	if in == nil {
		return
	}
	switch in.state {
	case interpreterServing, interpreterSuspect:
		h.detach(in, interpreterAbandoned)
	case interpreterRetiring:
		change(h, &interpreterMoves, &in.state, interpreterAbandoned)
	case interpreterWarm:
		h.end(in)
	}
}

// retireEvery is the minimum time between two retirements for one subtenant.
// Creating an interpreter takes some 20 ms of a processor, which calls that run
// into deadlines must not use up.
const retireEvery = time.Second

// retire takes in from its subtenant if a stop was raised in it at an arbitrary
// line, because a lock of the standard library may then be taken for ever; if it
// could not be given its packages; if it is full; if threads of versions out of use go on; if code has spoilt its builtins; or if
// its event loop or the processes of its pools are lost. The next call gets another interpreter, those in progress finish in this one. h.mu is held.
func (h *Host) retire(in *interpreter, at clock) {
	fit := !in.scarred && in.unfit == "" && !in.full && !in.loopLost && !in.poolless && !in.outlived && !in.spoilt
	if fit || in.state != interpreterServing && in.state != interpreterSuspect {
		return
	}
	if h.opt.Main {
		h.reportUnfit(in)
		return
	}
	if t := in.tenant; t.retired == 0 || at.since(t.retired) >= retireEvery {
		t.retired = at
		if in.spoilt {
			h.opt.Log.Warn("an interpreter is replaced, because a function has deleted a builtin, or set it to what cannot be called",
				slog.String("tenant", t.name))
		}
		if in.full {
			h.opt.Log.Warn("an interpreter is replaced, because its modules hold most of the memory that it may hold",
				slog.String("tenant", t.name), slog.Int64("bytes", in.py.Memory()), slog.Int64("limit", h.opt.MaxMemory))
		}
		h.detach(in, interpreterRetiring)
	}
}

// detach takes in from its subtenant, with calls in it or without. h.mu is held.
func (h *Host) detach(in *interpreter, to interpreterState) {
	h.serving--
	if in.tenant.interp == in {
		in.tenant.interp = nil
	}
	change(h, &interpreterMoves, &in.state, to)
	h.detached[in] = struct{}{}
	h.replace(in.tenant)
	h.settle(in)
}

// replace asks for a new interpreter for t if calls of it wait. h.mu is held.
func (h *Host) replace(t *tenant) {
	if t.waits() && t.interp == nil && !t.gone && h.phase == phaseServing {
		h.wantInterpreter(t)
	}
}

// settle checks in after a call has left it or a thread has attached to it
// to stop one: a suspect may be trusted again, a detached one without calls is
// ended. h.mu is held.
func (h *Host) settle(in *interpreter) {
	switch in.state {
	case interpreterSuspect:
		for c := range in.calls {
			if c.state == callStopping && c.stopBegan > in.stopper.attached {
				return
			}
		}
		change(h, &interpreterMoves, &in.state, interpreterServing)
		h.offer(in.tenant)
		h.pump(now())
		h.feed(in.tenant)
	case interpreterRetiring, interpreterAbandoned:
		if len(in.calls) == 0 && !in.stopper.running && !in.left.judging {
			delete(h.detached, in)
			h.end(in)
		}
	}
}

// unavailable is the refusal of calls when no interpreter can be created.
func unavailable(cause error) *model.Error {
	e := model.NewError(model.CodeUnavailable, "Python could not be started for this subtenant. Try again; the server's log has the reason.")
	e.Cause = cause
	return e
}
