package engine

import (
	"time"

	"maestro/internal/model"
)

const (
	// earlyFor is how long a cancel is remembered whose run has not begun here: a
	// run may just have been handed over, or wait for its next attempt.
	earlyFor = time.Hour
	// mostEarly bounds how many are.
	mostEarly = 10_000
)

// CancelWhenBegun stops a run that another server was asked to cancel: at once
// if it is under way here, otherwise when it begins here, which it should not.
// It reports whether the cancel is remembered from now on.
func (e *Engine) CancelWhenBegun(tenant string, id model.ID) (news bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r, ok := e.runs[id]; ok && r.request.Tenant == tenant && r.stop(cancelRequested) {
		return false // it has begun in between
	}
	if _, known := e.early[id]; known {
		return false
	}
	now := time.Now()
	if len(e.early) >= mostEarly {
		for other, at := range e.early {
			if now.Sub(at) > earlyFor {
				delete(e.early, other)
			}
		}
	}
	if len(e.early) < mostEarly {
		e.early[id] = now
	}
	return true
}

// wasCancelled reports whether a run that begins was cancelled before that.
// e.mu is held. Ids are never guessed: a caller that knows one has it from its tenant.
func (e *Engine) wasCancelled(id model.ID) bool {
	at, early := e.early[id]
	if early {
		delete(e.early, id)
	}
	return early && time.Since(at) < earlyFor
}
