package scheduler

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/service"
	"maestro/repo"
)

// RetentionOptions are what a Retention is made of. DB and Log are needed.
type RetentionOptions struct {
	DB   *repo.DB
	Days int // that executions are kept for subtenants without a number of their own; 0: for ever
	Log  *slog.Logger

	Every time.Duration    // between two rounds; 0: an hour
	Now   func() time.Time // nil: time.Now
}

// Retention deletes old executions, a round at a time, of which there is one
// among all servers. A round that was broken off, by the server's end too, is
// taken up by the next.
type Retention struct {
	*service.Loop // Start begins with a round, Stop ends one between two of its batches

	opts RetentionOptions
}

// NewRetention makes a retention; it does nothing before Start.
func NewRetention(opts RetentionOptions) *Retention {
	if opts.Every <= 0 {
		opts.Every = time.Hour
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	r := &Retention{opts: opts}
	r.Loop = service.NewLoop(service.Hooks{Run: r.live})
	return r
}

func (r *Retention) live(ctx context.Context) {
	for again := true; again; again = backoff.Sleep(ctx, r.opts.Every) {
		r.round(ctx)
	}
}

func (r *Retention) round(ctx context.Context) {
	begin := time.Now()
	done, err := r.opts.DB.Retain(ctx, r.opts.Now(), r.opts.Days)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		r.opts.Log.Error("old executions could not all be deleted; the next round goes on", slog.Any("error", err), slog.Duration("next_in", r.opts.Every))
	}
	if done.Busy > 0 {
		r.opts.Log.Warn("days of executions were in use and could not be deleted; the next round retries them", slog.Int("days", done.Busy))
	}
	if done.Partitions+done.Executions+done.Moved > 0 {
		r.opts.Log.Info("old executions were deleted", slog.Int("partitions", done.Partitions), slog.Int("executions", done.Executions),
			slog.Int("days_made", done.Moved), slog.Duration("took", time.Since(begin)))
	}
}
