package watch

import (
	"bytes"
	"context"
	"slices"
	"time"

	"maestro/internal/model"
)

const (
	// overlap is how far each look goes back: the row of a run comes after its id, by a
	// quarter of a second, or by more when the database is slow.
	overlap = 10 * time.Second
	// mostNewest bounds what one look reads and tells.
	mostNewest = 500
	// mostOpen is how many executions that are not over a feed knows, mostAsked how many of
	// them one look asks for: the running ones first, of those that wait a part each time.
	mostOpen  = 20_000
	mostAsked = 500
)

// state is the last message about an execution.
type state struct {
	status  model.Status
	attempt int
}

// feed looks for the changes of one subtenant. Its goroutine owns what mu of the hub does
// not guard.
type feed struct {
	hub      *Hub
	tenant   string
	watchers map[*Watcher]struct{} // guarded by Hub.mu
	cancel   context.CancelFunc
	done     chan struct{} // closed when the goroutine is gone
	ready    chan struct{} // closed when begin has returned
	failed   error         // of begin; written before ready is closed

	blind bool               // the last look failed
	told  map[model.ID]state // those that are not over, and all of the overlap
	last  model.ID           // the newest that was seen
	asked model.ID           // of those that wait, the last one that was asked for
}

func newFeed(h *Hub, tenant string) *feed {
	return &feed{
		hub: h, tenant: tenant, watchers: map[*Watcher]struct{}{}, told: map[model.ID]state{},
		done: make(chan struct{}), ready: make(chan struct{}),
	}
}

// begin learns the present state, which is not told.
func (f *feed) begin(ctx context.Context) error {
	db := f.hub.opts.DB
	open, err := db.OpenExecutions(ctx, f.tenant, mostOpen)
	if err != nil {
		return err
	}
	newest, err := db.NewestExecutions(ctx, f.tenant, time.Now().Add(-overlap), mostNewest)
	if err != nil {
		return err
	}
	for _, e := range slices.Concat(open, newest) {
		f.told[e.ID] = state{e.Status, e.Attempt}
		f.see(e.ID)
	}
	return nil
}

func (f *feed) see(id model.ID) {
	if bytes.Compare(id[:], f.last[:]) > 0 {
		f.last = id
	}
}

// look finds the changes since the last one.
func (f *feed) look(ctx context.Context) (news News, err error) {
	db, since, last := f.hub.opts.DB, time.Now().Add(-overlap), f.last
	found, err := db.NewestExecutions(ctx, f.tenant, since, mostNewest)
	if err != nil {
		return news, err
	}
	if len(found) == mostNewest {
		// More than are read: some that are new may be missing.
		oldest := found[len(found)-1].ID
		news.Gap = bytes.Compare(oldest[:], last[:]) > 0
	}
	seen := make(map[model.ID]bool, len(found))
	for i := range found {
		seen[found[i].ID] = true
	}
	ended, err := db.ExecutionsOf(ctx, f.tenant, f.openOnes(seen))
	if err != nil {
		return news, err
	}
	for _, e := range slices.Concat(found, ended) {
		before, known := f.told[e.ID]
		if now := (state{e.Status, e.Attempt}); !known || before != now {
			f.told[e.ID] = now
			f.see(e.ID)
			news.Changes = append(news.Changes, Change{Execution: e, Before: before.status})
		}
	}
	slices.SortFunc(news.Changes, func(a, b Change) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	news.Gap = f.forget(since) || news.Gap
	return news, nil
}

// openOnes are executions that are not over and were not seen otherwise: the running
// ones, then some of those that wait.
func (f *feed) openOnes(seen map[model.ID]bool) []model.ID {
	var running, waiting []model.ID
	for id, s := range f.told {
		switch {
		case seen[id] || s.status.Final():
		case s.status == model.StatusRunning:
			running = append(running, id)
		default:
			waiting = append(waiting, id)
		}
	}
	order := func(a, b model.ID) int { return bytes.Compare(a[:], b[:]) }
	slices.SortFunc(running, order)
	running = running[:min(len(running), mostAsked)]
	if room := mostAsked - len(running); len(waiting) > room {
		slices.SortFunc(waiting, order)
		from, _ := slices.BinarySearchFunc(waiting, f.asked, order)
		waiting = slices.Concat(waiting[from:], waiting[:from])[:room]
		if room > 0 {
			f.asked = waiting[room-1]
		}
	}
	return append(running, waiting...)
}

// forget drops ended executions older than the overlap, and reports whether there are
// more that are not over than a feed knows: those are dropped too.
func (f *feed) forget(since time.Time) (gap bool) {
	oldest := model.FirstIDOf(since)
	open := 0
	for id, s := range f.told {
		switch {
		case !s.status.Final():
			if open++; open > mostOpen {
				delete(f.told, id)
				gap = true
			}
		case bytes.Compare(id[:], oldest[:]) < 0:
			delete(f.told, id)
		}
	}
	return gap
}
