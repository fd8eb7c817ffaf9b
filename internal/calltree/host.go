package calltree

import (
	"context"
	"sync"
	"time"

	"maestro/internal/model"
)

// Host is the model.Host of a call that runs in a child process: it does the engine's
// half of the call tree itself, and tells the engine of it through a Link.
type Host struct {
	ctx       context.Context // ends when the call is to stop
	frame     model.RunFrame
	own       Function // of the call itself, without schemas: the engine checks against those
	link      Link
	catalogue *Catalogue

	began time.Time

	mu    sync.Mutex // guards what follows
	book  Book
	since []time.Duration // how long after began each step has; closed: it has ended
	over  bool
	ahead backlog
	ofRun map[string]known // functions that were resolved for this run only
}

var _ model.Host = (*Host)(nil)

// New makes the Host of a call of program. The catalogue is that of the subtenant; all
// calls of a child share it.
func New(ctx context.Context, frame model.RunFrame, program *model.Program, link Link, catalogue *Catalogue) *Host {
	catalogue.Changed(frame.Changes)
	return &Host{
		ctx: ctx, frame: frame, link: link, catalogue: catalogue, began: time.Now(),
		own: Function{Name: program.Function, Version: program.Version, Program: program},
	}
}

// Close ends the call: what its threads and tasks ask from now on is refused.
func (h *Host) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
}

// BeginStep implements model.Host.
func (h *Host) BeginStep(parent model.StepRef, name string, input []byte) (model.Begun, *model.Raise) {
	return BeginStep(h, parent, name, input)
}

// EndStep implements model.Host.
func (h *Host) EndStep(step model.StepRef, output []byte, failure *model.Failure) *model.Raise {
	return EndStep(h, step, output, failure)
}

// Lookup implements model.Host.
func (h *Host) Lookup(name string) (*model.Program, *model.Raise) {
	f, raise := h.Sibling(name)
	if raise != nil {
		return nil, raise
	}
	return f.Program, nil
}

// Module implements model.Host.
func (h *Host) Module(name string) (*model.Program, *model.Raise) {
	return h.catalogue.module(h.link, name)
}

// Siblings implements model.Host.
func (h *Host) Siblings() ([]string, uint64) { return h.catalogue.siblings(h.link) }

// Generation implements model.Host. That of the frame is right until a change is
// reported.
func (h *Host) Generation() uint64 {
	if h.frame.Generation != 0 && h.catalogue.current(h.frame.Changes) {
		return h.frame.Generation
	}
	_, generation := h.Siblings()
	return generation
}

// Log implements model.Host.
func (h *Host) Log(step model.StepRef, line model.LogLine) { h.link.Line(step, line) }

// Info implements model.Host.
func (h *Host) Info(step model.StepRef) model.CallInfo {
	info := model.CallInfo{
		ExecutionID: h.frame.ExecutionID, Subtenant: h.frame.Subtenant, Trigger: h.frame.Trigger, Attempt: h.frame.Attempt,
		Deadline: h.frame.Deadline.UTC(), Function: h.own.Name, Version: h.own.Version, TraceParent: h.frame.Span.TraceParent(step),
	}
	h.mu.Lock()
	f := h.book.Function(step)
	h.mu.Unlock()
	if f == nil {
		return info
	}
	info.StepID = model.StepID(h.frame.ExecutionID, h.frame.Attempt, int(step))
	info.Function, info.Version = f.Name, f.Version
	return info
}

// Secret implements model.Host.
func (h *Host) Secret(step model.StepRef, name string) (string, *model.Raise) {
	by := h.own.Name
	h.mu.Lock()
	if f := h.book.Function(step); f != nil {
		by = f.Name
	}
	h.mu.Unlock()
	return h.link.SecretFor(by, name)
}

// Request implements model.Host.
func (h *Host) Request() (*model.HTTPRequest, *model.Raise) { return h.link.Request() }

// Emit implements model.Host.
func (h *Host) Emit(piece model.Emitted, wait bool) model.EmitState {
	if !h.frame.Stream {
		return model.EmitCollect
	}
	return h.link.Emit(piece, wait)
}

// Spawn implements model.Host.
func (h *Host) Spawn(name string, input []byte, delay time.Duration) (model.ID, *model.Raise) {
	return h.link.Spawn(name, input, delay)
}
