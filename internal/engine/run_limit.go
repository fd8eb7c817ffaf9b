package engine

import (
	"context"
	"sync"
	"time"

	"maestro/internal/model"
)

// slotWait is how long a run waits for its turn when its function has a
// max_concurrency.
const slotWait = 5 * time.Second

// limits holds the runs of functions with a max_concurrency to it, on this
// server. Over all servers the queue does, for asynchronous runs.
type limits struct {
	mu    sync.Mutex
	slots map[slotKey]*slots // guarded by mu; only those in use
}

type slotKey struct{ tenant, function string }

// slots are those of one function.
type slots struct {
	most    int             // guarded by limits.mu; as the latest run knew it
	taken   int             // guarded by limits.mu; more than most after that was lowered, until enough have ended
	waiting []chan struct{} // guarded by limits.mu; closed when the slot is handed on
}

// grant gives free slots to the runs that have waited longest. limits.mu is held.
func (s *slots) grant() {
	for s.taken < s.most && len(s.waiting) > 0 {
		close(s.waiting[0])
		s.waiting = s.waiting[1:]
		s.taken++
	}
}

// acquire waits for one of most slots, and answers CodeTooManyRequests after
// slotWait. Its caller releases the slot.
func (l *limits) acquire(ctx context.Context, key slotKey, most int) error {
	l.mu.Lock()
	if l.slots == nil {
		l.slots = map[slotKey]*slots{}
	}
	s := l.slots[key]
	if s == nil {
		s = &slots{}
		l.slots[key] = s
	}
	s.most = most
	s.grant() // it may have been raised
	if s.taken < most {
		s.taken++
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	s.waiting = append(s.waiting, turn)
	l.mu.Unlock()
	patience := time.NewTimer(slotWait)
	defer patience.Stop()
	select {
	case <-turn:
		return nil
	case <-patience.C:
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range s.waiting {
		if other == turn {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			busy := model.NewError(model.CodeTooManyRequests, "%s is running %d times already, which is its max_concurrency; try again in a moment.", key.function, most)
			busy.RetryAfter = time.Second
			return busy
		}
	}
	return nil // its turn came at the last moment
}

// release hands a slot on to the one that has waited longest, unless there are too
// many by now.
func (l *limits) release(key slotKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.slots[key]
	s.taken--
	s.grant()
	if s.taken == 0 {
		delete(l.slots, key)
	}
}
