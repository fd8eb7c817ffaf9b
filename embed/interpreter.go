package embed

import "maestro/internal/model"

// interpreter is one Python interpreter and the subtenant that it serves.
type interpreter struct {
	host *Host
	py   machine
	id   uint64

	// Guarded by Host.mu.
	state   interpreterState
	tenant  *tenant            // nil while it is warm
	calls   map[*call]struct{} // whose threads are in it
	holders map[*worker]struct{}
	vacated chan struct{} // made when ending begins, closed when there are no holders
	stopper stopper
}

func newInterpreter(h *Host, py machine) *interpreter {
	in := &interpreter{
		host:    h,
		py:      py,
		id:      py.ID(),
		state:   interpreterWarm,
		calls:   map[*call]struct{}{},
		holders: map[*worker]struct{}{},
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
	delete(in.holders, w)
	if len(in.holders) == 0 && in.vacated != nil {
		close(in.vacated)
		in.vacated = nil
	}
}

// assign gives in to t. h.mu is held.
func (h *Host) assign(in *interpreter, t *tenant) {
	change(h, &interpreterMoves, &in.state, interpreterServing)
	in.tenant = t
	t.interp = in
	t.wanting = false
	t.generation++
	h.serving++
	h.offer(t)
	h.pump(now())
}

// abandon takes in from its subtenant, whose next call gets another one, and
// ends it when the last call has left. in may be nil. h.mu is held.
func (h *Host) abandon(in *interpreter) {
	if in == nil {
		return
	}
	switch in.state {
	case interpreterServing, interpreterSuspect:
		h.serving--
		if in.tenant.interp == in {
			in.tenant.interp = nil
		}
		change(h, &interpreterMoves, &in.state, interpreterAbandoned)
		h.abandoned[in] = struct{}{}
		h.replace(in.tenant)
		h.settle(in)
	case interpreterWarm:
		h.end(in)
	}
}

// replace asks for a new interpreter for t if calls of it wait. h.mu is held.
func (h *Host) replace(t *tenant) {
	if t.head() != nil && t.interp == nil && !t.gone && h.phase == phaseServing {
		h.wantInterpreter(t)
	}
}

// settle looks at in after a call has left it or a thread has attached to it
// to stop one: a suspect may be trusted again, an abandoned one without calls
// is ended. h.mu is held.
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
	case interpreterAbandoned:
		if len(in.calls) == 0 && !in.stopper.running {
			delete(h.abandoned, in)
			h.end(in)
		}
	}
}

// unavailable is what calls are refused with when no interpreter can be made.
func unavailable(cause error) *model.Error {
	e := model.NewError(model.CodeUnavailable, "Python could not be started for this subtenant.")
	e.Cause = cause
	return e
}
