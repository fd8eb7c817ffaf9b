package changes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/service"
	"maestro/repo"
)

const (
	defaultCheckEvery = 10 * time.Second
	checkPatience     = 5 * time.Second // a database that is slower than that is taken for gone
	firstWait         = 50 * time.Millisecond
	longestWait       = 2 * time.Second
)

// Options say what to do about a change.
type Options struct {
	// Handlers are called with the subtenant in which something of their kind
	// changed; several changes may come as one call. They are called one at a
	// time and must not wait for anything. A kind without one is ignored.
	Handlers map[repo.ChangeKind]func(tenant string)
	// CheckEvery is the time between two comparisons of the counts; 0 means
	// ten seconds.
	CheckEvery time.Duration
}

// Listener follows the changes of all servers on one database.
type Listener struct {
	// Start connects, and tells of every change that is committed after it returns.
	// Call it before anything is read that changes are to be known of. It fails
	// when the database can't be reached; later on it is waited for. No handler runs
	// once Stop has returned, so no handler may call it.
	*service.Loop

	db   *repo.DB
	opts Options
	log  *slog.Logger

	// Of the goroutine that follows, and of Start before it.
	feed  *repo.ChangeFeed
	heard ledger

	following atomic.Bool
}

// New makes a listener; it does nothing before Start.
func New(db *repo.DB, opts Options, log *slog.Logger) *Listener {
	if opts.CheckEvery <= 0 {
		opts.CheckEvery = defaultCheckEvery
	}
	l := &Listener{db: db, opts: opts, log: log}
	l.Loop = service.NewLoop(service.Hooks{Begin: l.connect, Run: l.follow})
	return l
}

// connect is what Start does.
func (l *Listener) connect(ctx context.Context) error {
	feed, err := l.db.ListenForChanges(ctx)
	if err != nil {
		return err
	}
	all, err := feed.All(ctx)
	if err != nil {
		feed.Close()
		return err
	}
	l.heard.differing(all) // earlier changes are seen by reading the data itself
	l.feed = feed
	l.following.Store(true)
	return nil
}

// Healthy reports whether changes are heard of at present. While they are not,
// what this server keeps in memory may be out of date.
func (l *Listener) Healthy() bool { return l.following.Load() }

// follow owns the feed and those that replace it.
func (l *Listener) follow(ctx context.Context) {
	defer l.following.Store(false)
	for feed := l.feed; ; {
		err := l.hear(ctx, feed)
		feed.Close()
		if ctx.Err() != nil {
			return
		}
		l.following.Store(false)
		l.log.Warn("changes by other servers are not heard of until the database can be reached again", slog.Any("error", err))
		if feed = l.reconnect(ctx); feed == nil {
			return
		}
		l.following.Store(true)
		l.log.Info("changes by other servers are heard of again")
	}
}

// hear tells of changes until the feed fails.
func (l *Listener) hear(ctx context.Context, feed *repo.ChangeFeed) error {
	check := time.Now().Add(l.opts.CheckEvery)
	for {
		change, err := feed.Next(ctx, time.Until(check))
		switch {
		case errors.Is(err, repo.ErrQuiet):
			if err := l.compare(ctx, feed, false); err != nil {
				return err
			}
			check = time.Now().Add(l.opts.CheckEvery)
		case err != nil:
			return err
		case l.heard.isNews(change):
			l.tell(change)
		}
	}
}

// reconnect returns a feed once one is open and the missed changes are reported,
// or nil once ctx has ended.
func (l *Listener) reconnect(ctx context.Context) *repo.ChangeFeed {
	for pause := (backoff.Backoff{First: firstWait, Longest: longestWait}); ; {
		feed, err := l.db.ListenForChanges(ctx)
		if err == nil {
			if err = l.compare(ctx, feed, true); err == nil {
				return feed
			}
			feed.Close()
		}
		l.log.Debug("listen for changes", slog.Any("error", err))
		if !pause.Wait(ctx) {
			return nil
		}
	}
}

// compare tells of what the table of changes knows and this server does not.
// Unless thorough, equal sums mean that there is nothing: each change adds
// one. After a lost connection that is not enough: the database may have been
// restored to an earlier state.
func (l *Listener) compare(ctx context.Context, feed *repo.ChangeFeed, thorough bool) error {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	if !thorough {
		sum, err := feed.Sum(ctx)
		if err != nil || sum == l.heard.sum {
			return err
		}
	}
	all, err := feed.All(ctx)
	if err != nil {
		return fmt.Errorf("compare the stored changes with the known ones: %w", err)
	}
	for _, change := range l.heard.differing(all) {
		l.tell(change)
	}
	return nil
}

func (l *Listener) tell(change repo.Change) {
	if handle := l.opts.Handlers[change.Kind]; handle != nil {
		handle(change.Tenant)
	}
}
