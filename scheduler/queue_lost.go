package scheduler

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// lostEvery is the time between two looks for what River gave to this server
// and never reached it. Lost is what is not here at two of them.
const lostEvery = 10 * time.Second

// held are the jobs of River's that are at work here.
type held struct {
	mu   sync.Mutex
	jobs map[int64]chan struct{} // guarded by mu; each is closed when the job's work is over
}

// add waits until no other work of job is under way: a database that crashed may
// have forgotten that it gave it out, or its number.
func (h *held) add(job int64) {
	for {
		h.mu.Lock()
		if h.jobs == nil {
			h.jobs = map[int64]chan struct{}{}
		}
		over, there := h.jobs[job]
		if !there {
			h.jobs[job] = make(chan struct{})
		}
		h.mu.Unlock()
		if !there {
			return
		}
		<-over
	}
}

func (h *held) remove(job int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.jobs[job])
	delete(h.jobs, job)
}

func (h *held) has(job int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, there := h.jobs[job]
	return there
}

// findLost looks, until ctx ends, for jobs that River believes to be with this
// server and that are not. River takes them in one statement, whose answer can
// get lost with the connection: nobody does them then, and River's own remedy is
// to do again whatever takes long.
func (q *RunQueue) findLost(ctx context.Context) {
	tick := time.NewTicker(q.opts.LostEvery)
	defer tick.Stop()
	var suspects []int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		limited, cancel := context.WithTimeout(ctx, claimPatience)
		next, lost, err := q.opts.DB.LeaveLost(limited, q.opts.Server, suspects, q.held.has)
		cancel()
		suspects = next
		switch {
		case err != nil:
			q.opts.Log.Debug("what got lost on its way here can't be found out now", slog.Any("error", err))
		case lost > 0:
			q.opts.Log.Warn("runs got lost on their way to this server and wait again", slog.Int("runs", lost))
			q.Wake()
		}
	}
}
