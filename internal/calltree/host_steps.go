package calltree

import (
	"context"
	"time"

	"maestro/internal/model"
)

var _ Steps = (*Host)(nil)

// closed takes the place of the beginning of a step that has ended.
const closed = time.Duration(-1)

// Sibling implements Steps. Once a function has changed since the run began, the engine
// is asked for the run itself: it may have to keep to the former functions.
func (h *Host) Sibling(name string) (*Function, *model.Raise) {
	if f := h.resolvedOfRun(name); f != nil {
		return f, nil
	}
	changed := !h.catalogue.current(h.frame.Changes)
	found, ofRun, raise := h.catalogue.function(h.link, name, changed)
	if raise == nil && (ofRun || changed) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.ofRun == nil {
			h.ofRun = map[string]known{}
		}
		h.ofRun[name] = found
	}
	return found.function, raise
}

func (h *Host) resolvedOfRun(name string) *Function {
	h.mu.Lock()
	defer h.mu.Unlock()
	if found, ok := h.ofRun[name]; ok && h.catalogue.current(found.asOf) {
		return found.function
	}
	return nil
}

// Begin implements Steps. Steps of several threads start, and are reported, in the
// order of their numbers.
func (h *Host) Begin(parent model.StepRef, f *Function, input []byte) (model.StepRef, *model.Raise) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return 0, Over
	}
	ref, raise := h.book.Begin(parent, f, h.frame.MaxSteps)
	if raise != nil {
		return 0, raise
	}
	since := time.Since(h.began)
	h.since = append(h.since, since)
	h.ahead.bytes += len(input)
	h.link.StepBegan(model.StepBegan{
		Step: ref, Parent: parent, Function: f.Name, Version: f.Version, Started: h.began.Add(since), Input: input,
	})
	return ref, nil
}

// Open implements Steps.
func (h *Host) Open(ref model.StepRef) *Function {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.book.Function(ref)
	if h.over || f == nil || h.since[ref-1] == closed {
		return nil
	}
	return f
}

// End implements Steps.
func (h *Host) End(ref model.StepRef, output []byte, failure *model.Failure, late bool) {
	h.mu.Lock()
	since := h.since[ref-1]
	over := h.over || since == closed
	h.since[ref-1] = closed
	due := !over && h.ahead.ended(output, failure)
	h.mu.Unlock()
	if over {
		return
	}
	h.link.StepEnded(model.StepEnded{Step: ref, Duration: time.Since(h.began) - since, Output: output, Failure: failure, Late: late})
	if due {
		h.link.HandOver()
	}
}

const (
	// PartSteps is at how many ended steps a run that goes on hands them over to the recorder.
	PartSteps = 1000
	// PartBytes is at how many bytes of theirs it does so.
	PartBytes = 4 << 20
)

// backlog counts the steps that a call has made since it was last sure that the engine
// keeps up.
type backlog struct{ steps, bytes int }

// ended counts the end of a step, and reports whether the call is to wait for the engine.
func (b *backlog) ended(output []byte, failure *model.Failure) (due bool) {
	b.steps++
	b.bytes += len(output)
	if failure != nil {
		b.bytes += len(failure.Message) + len(failure.Traceback)
	}
	if due = b.steps >= PartSteps || b.bytes >= PartBytes; due {
		*b = backlog{}
	}
	return due
}

// Bounds implements Steps.
func (h *Host) Bounds() (context.Context, time.Time) { return h.ctx, h.frame.Deadline }
