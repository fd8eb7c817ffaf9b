package engine

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/model"
)

const (
	partSteps, partBytes = calltree.PartSteps, calltree.PartBytes
	// overdue is how many times as many a child may leave before it is made to wait.
	overdue = 3
	// partsAtOnce is how many such parts of one run may be on their way. A run
	// that is ahead of the database by more waits: what it holds is bounded.
	partsAtOnce = 4
	// several is from how many processors on a run stays ahead of the database by so much. With fewer, a run
	// that floods would occupy all of them: one by its function, the others by the recorder and the
	// database. From its fifth part on it waits until each is recorded.
	several = 4
	// smallPart is in how many steps at a time the parts are recorded which such a run waits for. Other runs wait
	// for what the database is doing: on two processors their slowest calls took 11 to 18 ms with whole parts.
	smallPart = 250
	// keptFailures bounds the failures, in bytes, that a run remembers of recorded
	// steps, to tell at its end which of them it failed with.
	keptFailures = 2 << 20
	// partsOfGarbage is after how many parts of a run what they left is collected.
	// The server lets garbage grow to several times of what lives, for the speed
	// of short calls; a run of many steps makes so much of it in a second that
	// this would cost a hundred megabytes.
	partsOfGarbage = 24
)

// parts are the steps that a run has handed over to the recorder before its end,
// and those that it hands over next. run.mu guards it; slots is made with the first part.
type parts struct {
	first, last *step      // ended and not handed over, linked by next in the order of their ends
	count       int        // of these
	bytes       int        // of these
	sent        int        // parts
	kept        model.Kept // of the parts, the worst
	timer       *time.Timer
	slots       chan struct{} // one element for each part on its way
	latest      chan struct{} // closed once the last part that was handed over is recorded; nil before the first
	failed      []*step       // handed over with their failures, oldest first
	failedBytes int
}

// noteEnded puts a step in the line of those to be handed over, and reports whether
// that is due now. The caller holds mu.
func (r *run) noteEnded(s *step) (due bool) {
	p := &r.parts
	if p.last == nil {
		p.first = s
	} else {
		p.last.next = s
	}
	p.last = s
	p.count++
	p.bytes += s.size()
	if r.state == runNoted && p.timer == nil {
		p.timer = time.AfterFunc(r.engine.opts.RunningAfter, r.partTime)
	}
	return p.count >= partSteps || p.bytes >= partBytes
}

// size is what the step holds in memory beside itself, in bytes.
func (s *step) size() int { return len(s.input) + len(s.output) + failureSize(s.failure) }

func failureSize(f *model.Failure) int {
	if f == nil {
		return 0
	}
	return len(f.Type) + len(f.Message) + len(f.Traceback)
}

// partTime hands over the steps that have ended since the timer was set, unless
// too many parts are on their way.
func (r *run) partTime() {
	r.mu.Lock()
	slots := r.partSlots()
	r.parts.timer = nil
	r.mu.Unlock()
	select {
	case slots <- struct{}{}:
		r.handOver()
	default:
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.state.over() && r.parts.timer == nil {
			r.parts.timer = time.AfterFunc(r.engine.opts.RunningAfter, r.partTime)
		}
	}
}

// HandOver implements model.RemoteHost.
func (r *run) HandOver() { r.handOverSoon() }

// handOverReported hands over the ended steps of a child, unless too many parts are on
// their way: then it waits only for a child that has not asked for HandOver.
func (r *run) handOverReported() {
	r.mu.Lock()
	slots := r.partSlots()
	late := r.parts.count >= overdue*partSteps || r.parts.bytes >= overdue*partBytes
	r.mu.Unlock()
	if late {
		r.handOverSoon()
		return
	}
	select {
	case slots <- struct{}{}:
		r.handOver()
	default:
	}
}

// handOverSoon hands over the ended steps, once fewer parts are on their way,
// and, where processors are few, returns once they are recorded; sooner if the run is
// stopped. It is called by the thread that makes the steps, which makes no more meanwhile.
func (r *run) handOverSoon() {
	r.mu.Lock()
	slots, deadline := r.partSlots(), r.deadline
	follows := r.follows()
	r.mu.Unlock()
	if !follows {
		select {
		case slots <- struct{}{}:
			r.handOver()
			return
		default:
		}
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case slots <- struct{}{}:
		r.handOver()
	case <-timer.C:
		return
	case <-r.ctx.Done():
		return
	}
	if !follows {
		return
	}
	// Of a child, the steps may all have been handed over as they were reported.
	r.mu.Lock()
	latest := r.parts.latest
	r.mu.Unlock()
	select {
	case <-latest:
	case <-timer.C:
	case <-r.ctx.Done():
	}
}

// follows says whether the run waits for the record of its steps. The caller holds mu.
func (r *run) follows() bool { return r.engine.fewProcessors && r.parts.sent >= partsAtOnce }

// partSlots returns the slots, and makes them first. The caller holds mu.
func (r *run) partSlots() chan struct{} {
	if r.parts.slots == nil {
		r.parts.slots = make(chan struct{}, partsAtOnce)
	}
	return r.parts.slots
}

// rowsOfParts are slices of rows, which take the most memory of a part.
var rowsOfParts = sync.Pool{New: func() any { return new([]model.Step) }}

// handOver sends the ended steps to the recorder, and gives the slot back that
// its caller has taken once they are recorded. The open steps that called them
// go along, as running: the recorded steps are a tree whenever the server dies.
func (r *run) handOver() {
	r.noteRunning() // steps have an execution
	veil := r.veil()
	r.mu.Lock()
	if r.state.over() || r.parts.count == 0 {
		r.mu.Unlock()
		<-r.parts.slots
		return
	}
	ended := make([]*step, 0, r.parts.count)
	for s := r.parts.first; s != nil; s = s.next {
		s.handed = true
		ended = append(ended, s)
	}
	r.parts.first, r.parts.last, r.parts.count, r.parts.bytes = nil, nil, 0, 0
	follows := r.follows()
	r.parts.sent++
	collect := r.parts.sent%partsOfGarbage == 0
	var open []model.Step
	for _, s := range ended {
		for caller := r.step(s.parent); caller != nil && caller.status == model.StatusRunning && !caller.marked; caller = r.step(caller.parent) {
			caller.marked = true
			open = append(open, r.row(caller, veil))
		}
	}
	recorded := make(chan struct{})
	r.parts.latest = recorded
	r.mu.Unlock()
	go func() {
		// Nothing of an ended step changes any more.
		added := rowsOfParts.Get().(*[]model.Step)
		*added = append(*added, open...)
		var known []model.Step
		for _, s := range ended {
			if s.marked {
				known = append(known, r.row(s, veil))
			} else {
				*added = append(*added, r.row(s, veil))
			}
		}
		if follows {
			// A caller before the steps that it calls: the recorded ones are a tree after each part.
			slices.SortFunc(*added, func(a, b model.Step) int { return a.Position - b.Position })
			for part := range slices.Chunk(*added, smallPart) {
				r.recordPart(part, false)
			}
		} else {
			r.recordPart(*added, false)
		}
		r.recordPart(known, true)
		clear(*added)
		*added = (*added)[:0]
		rowsOfParts.Put(added)
		r.forget(ended)
		close(recorded)
		if collect && r.engine.collecting.CompareAndSwap(false, true) {
			runtime.GC()
			r.engine.collecting.Store(false)
		}
		<-r.parts.slots
	}()
}

// recordPart returns once steps are recorded, or kept by the recorder, which logs
// the reason.
func (r *run) recordPart(steps []model.Step, known bool) {
	if len(steps) == 0 {
		return
	}
	part := &model.Record{Execution: model.Execution{ID: r.id, Tenant: r.request.Tenant}, Steps: steps, StepsOnly: true, Known: known}
	kept := r.engine.opts.Recorder.Steps(context.WithoutCancel(r.ctx), part)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts.kept = max(r.parts.kept, kept)
}

// forget drops recorded steps, all but the latest that failed.
func (r *run) forget(recorded []*step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.parts
	for _, s := range recorded {
		r.held -= len(s.input) + len(s.output)
		if s.failure == nil {
			r.steps[s.position-1] = nil
			continue
		}
		s.input, s.output, s.next = nil, nil, nil
		p.failed = append(p.failed, s)
		p.failedBytes += failureSize(s.failure)
	}
	for p.failedBytes > keptFailures {
		s := p.failed[0]
		p.failed = p.failed[1:]
		p.failedBytes -= failureSize(s.failure)
		r.steps[s.position-1] = nil
	}
}

// partsKept returns once all parts are recorded, or ctx ends, and says where the
// worst kept of them is. The run has ended.
func (r *run) partsKept(ctx context.Context) model.Kept {
	r.mu.Lock()
	slots := r.parts.slots
	r.mu.Unlock()
	for range cap(slots) {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return model.Unsaved
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.parts.kept
}
