package embed

import (
	"log/slog"
	"runtime"
	"time"

	"maestro/cpython"
)

// endsAtOnce bounds the interpreters that are being ended at the same time.
const endsAtOnce = 4

// end begins to end in, which no call is in. h.mu is held.
func (h *Host) end(in *interpreter) {
	change(h, &interpreterMoves, &in.state, interpreterEnding)
	h.ending++
	go h.endInterpreter(in)
}

// endInterpreter ends in, on a disposable thread that no other work waits for: a
// Python thread that outlived its function may hold the GIL for ever, and code
// that runs at the end (atexit, __del__) may never return. After Options.EndLimit it
// is cut short; an end that takes Options.StuckAfter longer still counts as leaked,
// until it completes after all, and is parked where it computes.
func (h *Host) endInterpreter(in *interpreter) {
	runtime.LockOSThread() // for ever: the thread ends with the goroutine
	h.endSlots <- struct{}{}
	over := make(chan struct{})
	defer close(over)
	use := h.newEndUse(in)
	overdue := time.AfterFunc(h.opt.EndLimit, func() {
		if !h.endStarves(use, over) {
			h.cutShort(in, over)
		}
	})

	in.py.AnnounceEnd()
	// If the GIL cannot be had at all, this thread is blocked, and not the
	// workers that are asked to drop their states next.
	in.py.Stop(0, cpython.RungRaise)
	in.endLoop()
	h.vacate(in)
	in.py.End()

	overdue.Stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended(in)
}

// passEvery is how often the end of an interpreter checks whether the threads
// that it waits for have entered another one.
const passEvery = 20 * time.Millisecond

// vacate asks every thread that has a state for in to drop it, and returns when
// all have. Those that are in a call of another interpreter are passed over:
// End deletes their states.
func (h *Host) vacate(in *interpreter) {
	h.mu.Lock()
	vacated := make(chan struct{})
	in.vacated = vacated
	for w := range in.holders {
		w.ask(in)
	}
	h.mu.Unlock()
	for again := time.NewTicker(passEvery); ; {
		h.passOver(in)
		select {
		case <-vacated:
			again.Stop()
			return
		case <-again.C:
		}
	}
}

// passOver takes the threads that are in a call of another interpreter from
// those that in's end waits for. That is safe only if the thread has attached
// there (cpython/thread.h), which Running tells.
func (h *Host) passOver(in *interpreter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range in.holders {
		if c := w.call; c != nil && c.interp != in && c.interp.py.Running(c.number) {
			w.passed = append(w.passed, in)
			in.dismissHolder(w)
		}
	}
	if len(in.holders) == 0 && in.vacated != nil { // there never were any
		close(in.vacated)
		in.vacated = nil
	}
}

// endPatience is how many times Options.EndLimit an end may take that gets little of a
// busy machine.
const endPatience = 4

// endUse is the processor time that an end has used.
type endUse struct {
	threads     []thread // that carry it out
	began, last []time.Duration
}

// newEndUse is called on the thread that ends in.
func (h *Host) newEndUse(in *interpreter) *endUse {
	u := &endUse{threads: []thread{thisThread()}}
	h.mu.Lock()
	if in.loop != nil {
		u.threads = append(u.threads, in.loop.thread)
	}
	h.mu.Unlock()
	for _, t := range u.threads {
		u.began = append(u.began, t.used())
	}
	u.last = append(u.last, u.began...)
	return u
}

// look returns the processor time that was used in all, and whether the end has got on
// since the last look: it has used more than a little, or a thread has done its part.
func (u *endUse) look(little time.Duration) (used time.Duration, gotOn bool) {
	for i, t := range u.threads {
		now := t.used()
		gotOn = gotOn || now < u.last[i] || now-u.last[i] >= little
		u.last[i] = max(now, u.last[i])
		used += u.last[i] - u.began[i]
	}
	return used, gotOn
}

// endStarves waits for as long as an end gets on and has not had half of its time on a
// processor, because the machine is busy, and reports whether it has ended. One that
// waits for something uses no processor, and has had its time.
func (h *Host) endStarves(use *endUse, over <-chan struct{}) (ended bool) {
	for range endPatience - 1 {
		if used, gotOn := use.look(h.opt.EndLimit / 50); !gotOn || used >= h.opt.EndLimit/2 {
			return false
		}
		select {
		case <-over:
			return true
		case <-time.After(h.opt.EndLimit):
		}
	}
	return false
}

// cutShort ends what in's end is doing, and parks it if that has no effect.
func (h *Host) cutShort(in *interpreter, over <-chan struct{}) {
	h.mu.Lock()
	tenant := in.tenantName()
	h.mu.Unlock()
	h.opt.Log.Warn("the end of an interpreter takes too long and is cut short",
		slog.Uint64("interpreter", in.id), slog.String("tenant", tenant), slog.Duration("limit", h.opt.EndLimit))
	began, leaked := time.Now(), false
	for again := time.NewTicker(rungEvery); ; {
		in.py.Cut()
		select {
		case <-over:
			again.Stop()
			return
		case <-again.C:
		}
		if time.Since(began) < h.opt.StuckAfter {
			continue
		}
		if !leaked {
			leaked = true
			h.leak(in)
			again.Reset(stuckEvery)
		}
		h.parkThreads(in, 0, true)
		if in.py.Parked() > 0 {
			again.Stop()
			return
		}
	}
}

// leak counts in as leaked.
func (h *Host) leak(in *interpreter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if in.state != interpreterEnding {
		return
	}
	h.opt.Log.Warn("an interpreter could not be ended and counts as leaked",
		slog.Uint64("interpreter", in.id), slog.String("tenant", in.tenantName()))
	change(h, &interpreterMoves, &in.state, interpreterLeaked)
	close(in.over)
	h.ending--
	h.leaked++
	h.overdue[in] = struct{}{}
	if in.tenant != nil && !in.condemned {
		in.tenant.leaked++
		h.checkStuck(in.tenant)
	}
	<-h.endSlots
	h.checkQuiet()
}

// ended records that in has ended. h.mu is held.
func (h *Host) ended(in *interpreter) {
	if in.state == interpreterLeaked {
		h.leaked--
		delete(h.overdue, in)
		if in.tenant != nil && !in.condemned {
			in.tenant.leaked--
		}
	} else {
		close(in.over)
		h.ending--
		<-h.endSlots
	}
	if in.condemned {
		in.tenant.leaked--
	}
	change(h, &interpreterMoves, &in.state, interpreterEnded)
	process.interpreters.Delete(in.id)
	h.endedTotal++
	h.checkQuiet()
	h.trimSoon()
}

func (in *interpreter) tenantName() string {
	if in.tenant == nil {
		return ""
	}
	return in.tenant.name
}
