package embed

import (
	"fmt"
	"log/slog"
	"slices"
	"time"
)

const (
	// relieveMore is when the next interpreter is ended while memory is short and the last one has not ended yet.
	relieveMore = 100 * time.Millisecond
	// relieveAgain is when idle interpreters are looked for again while memory is
	// short and there are none: until then a request that exceeds the budget waits.
	relieveAgain = 20 * time.Millisecond
)

// watchMemory begins to keep the memory of all interpreters within the budget.
func (h *Host) watchMemory() error {
	if h.opt.MemoryBudget <= 0 {
		return nil
	}
	if err := h.machines.budget(h.opt.MemoryBudget); err != nil {
		return fmt.Errorf("start the Python host: %w", err)
	}
	go func() {
		<-h.closing
		h.machines.endAlarm()
	}()
	go h.relieveMemory()
	return nil
}

// relieveMemory ends interpreters without calls, the longest idle first, whenever
// more than seven eighths of the budget are used, or a request exceeds it. Calls in progress continue; the
// requests for memory that exceed the budget fail in them.
func (h *Host) relieveMemory() {
	const parts, tight = 8, 7
	var ending []*interpreter // oldest first
	for {
		h.machines.awaitAlarm()
		for short := true; short; short = h.machines.total() > h.opt.MemoryBudget/parts*tight {
			in := h.endLongestIdle()
			if in != nil {
				ending = append(ending, in)
			}
			ending = slices.DeleteFunc(ending, hasEnded)
			h.machines.hopeless(len(ending) == 0)
			var ended <-chan struct{}
			next := relieveAgain
			if len(ending) > 0 {
				ended, next = ending[len(ending)-1].over, relieveMore
			}
			select {
			case <-h.closing:
				return
			case <-ended:
			case <-time.After(next):
			}
		}
	}
}

func hasEnded(in *interpreter) bool {
	select {
	case <-in.over:
		return true
	default:
		return false
	}
}

// endLongestIdle ends the interpreter without a call for the longest time, and
// returns it; nil if every one has calls.
func (h *Host) endLongestIdle() *interpreter {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phase != phaseServing {
		return nil
	}
	var longest *tenant
	for _, t := range h.tenants {
		idle := t.interp != nil && len(t.interp.calls) == 0 && !t.waits() && !t.wanting
		if idle && (longest == nil || t.used < longest.used) {
			longest = t
		}
	}
	if longest == nil {
		return nil
	}
	in := longest.interp
	h.opt.Log.Info("an idle interpreter is ended, because the memory of all interpreters is short",
		slog.String("tenant", longest.name), slog.Int64("bytes", in.py.Memory()), slog.Int64("total", h.machines.total()))
	h.relieved++
	h.abandon(in)
	return in
}
