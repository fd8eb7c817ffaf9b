// Package watch tells watchers of a subtenant's executions which of them begin and
// end, on any server: it looks into PostgreSQL twice a second, once for all
// watchers of a subtenant, and not at all while there are none.
//
// It must not be on the path of a call, and keeps nothing that it has told.
package watch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
	"maestro/repo"
)

// Options of a Hub. DB and Log are needed.
type Options struct {
	DB    *repo.DB
	Log   *slog.Logger
	Every time.Duration // between two looks; 0: half a second

	Watchers       int // at a time; 0: 1,000
	TenantWatchers int // and of one subtenant; 0: 100
}

// Hub has the watchers of this server.
type Hub struct {
	opts Options

	mu     sync.Mutex // guards the rest
	feeds  map[string]*feed
	count  int
	closed bool
}

// New makes a hub.
func New(opts Options) *Hub {
	if opts.Every <= 0 {
		opts.Every = time.Second / 2
	}
	if opts.Watchers <= 0 {
		opts.Watchers = 1000
	}
	if opts.TenantWatchers <= 0 {
		opts.TenantWatchers = 100
	}
	return &Hub{opts: opts, feeds: map[string]*feed{}}
}

// Change is an execution as it is now, without its values.
type Change struct {
	model.Execution
	Before model.Status // that was told before; empty: none was
}

// News are the changes since the last ones, in the order of ids. Where Gap is set some
// are missing: more happened than is told, or the watcher was too slow.
type News struct {
	Changes []Change
	Gap     bool
}

// newsLength is how many News wait for a watcher before it misses some.
const newsLength = 8

// Watcher gets the changes of one subtenant. It belongs to one goroutine, which must
// Close it.
type Watcher struct {
	hub    *Hub
	tenant string
	news   chan News
	missed bool // guarded by Hub.mu: the next News has a gap
}

// Watch begins to watch. Executions that begin or end after it has returned are told.
// Errors are *model.Error: CodeTooManyRequests, CodeUnavailable.
func (h *Hub) Watch(ctx context.Context, tenant string) (*Watcher, error) {
	w := &Watcher{hub: h, tenant: tenant, news: make(chan News, newsLength)}
	f, err := h.join(w)
	if err != nil {
		return nil, err
	}
	select {
	case <-f.ready:
		err = f.failed
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (h *Hub) join(w *Watcher) (*feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[w.tenant]
	switch {
	case h.closed:
		return nil, model.NewError(model.CodeUnavailable, "The server is stopping.")
	case h.count >= h.opts.Watchers:
		return nil, model.NewError(model.CodeTooManyRequests, "%d lists of executions are watched on this server, which is the most. Try again later.", h.opts.Watchers)
	case f != nil && len(f.watchers) >= h.opts.TenantWatchers:
		return nil, model.NewError(model.CodeTooManyRequests, "The subtenant's executions are watched %d times on this server, which is the most. Close one.", h.opts.TenantWatchers)
	case f == nil:
		f = newFeed(h, w.tenant)
		h.feeds[w.tenant] = f
		ctx, cancel := context.WithCancel(context.Background())
		f.cancel = cancel
		go f.run(ctx)
	}
	h.count++
	f.watchers[w] = struct{}{}
	return f, nil
}

// Next waits for changes until ctx ends.
func (w *Watcher) Next(ctx context.Context) (News, error) {
	select {
	case news, open := <-w.news:
		if !open {
			return News{}, model.NewError(model.CodeUnavailable, "The server is stopping.")
		}
		return news, nil
	case <-ctx.Done():
		return News{}, ctx.Err()
	}
}

// Close ends the watcher. Closing it twice does nothing.
func (w *Watcher) Close() {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[w.tenant]
	if f == nil {
		return
	}
	if _, watching := f.watchers[w]; !watching {
		return
	}
	h.drop(f, w)
}

// drop takes a watcher out; mu is held.
func (h *Hub) drop(f *feed, w *Watcher) {
	delete(f.watchers, w)
	h.count--
	if len(f.watchers) == 0 {
		f.cancel()
		delete(h.feeds, w.tenant)
	}
}

// Close ends all watchers, and waits for their last look.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	var ended []*feed
	for _, f := range h.feeds {
		ended = append(ended, f)
		for w := range f.watchers {
			h.drop(f, w)
			close(w.news)
		}
	}
	h.mu.Unlock()
	for _, f := range ended {
		<-f.done
	}
}

// tell hands news to the watchers of a feed. One whose channel is full misses them.
func (h *Hub) tell(f *feed, news News) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range f.watchers {
		own := news
		own.Gap = own.Gap || w.missed
		select {
		case w.news <- own:
			w.missed = false
		default:
			w.missed = true
		}
	}
}

func (f *feed) run(ctx context.Context) {
	defer close(f.done)
	f.failed = f.begin(ctx)
	close(f.ready)
	if f.failed != nil {
		return
	}
	for backoff.Sleep(ctx, f.hub.opts.Every) {
		news, err := f.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil: // until the database is back; what happens meanwhile may be missed
			if !f.blind {
				f.hub.opts.Log.Warn("executions can't be watched now", slog.String("tenant", f.tenant), slog.Any("error", err))
			}
			f.blind = true
		case len(news.Changes) > 0 || news.Gap || f.blind:
			news.Gap = news.Gap || f.blind
			f.blind = false
			f.hub.tell(f, news)
		}
	}
}
