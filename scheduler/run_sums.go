package scheduler

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/repo"
)

// SumsOptions are what Sums are made of. DB and Log are needed.
type SumsOptions struct {
	DB  *repo.DB
	Log *slog.Logger

	Every time.Duration // between two rounds; 0: five seconds
}

// Sums adds executions to the sums of their minutes, from which the figures of a
// subtenant are answered. Servers take turns as they come, and each execution is
// added once: a round that was broken off is taken up by the next.
type Sums struct {
	*service.Loop

	opts    SumsOptions
	barrier repo.SumBarrier // zero: none was made
	made    bool
	noted   model.ID // of those that were noted, up to which they were looked at
	cleaned time.Time
}

// NewSums makes sums; it does nothing before Start.
func NewSums(opts SumsOptions) *Sums {
	if opts.Every <= 0 {
		opts.Every = 5 * time.Second
	}
	s := &Sums{opts: opts}
	s.Loop = service.NewLoop(service.Hooks{Run: s.live})
	return s
}

func (s *Sums) live(ctx context.Context) {
	for again := true; again; again = backoff.Sleep(ctx, s.opts.Every) {
		if err := s.round(ctx); err != nil && ctx.Err() == nil {
			s.opts.Log.Warn("executions can't be added to the sums now; the next round goes on", slog.Any("error", err), slog.Duration("next_in", s.opts.Every))
		}
	}
}

const (
	// firstSlice, shortestSlice and longestSlice bound the time that one transaction
	// adds: the past of a server that was away is caught up with in growing slices.
	firstSlice    = time.Minute
	shortestSlice = time.Second
	longestSlice  = 6 * time.Hour
	// quickSlice and slowSlice are how little and how much time a slice takes for the next
	// one to be longer or shorter.
	quickSlice = 100 * time.Millisecond
	slowSlice  = time.Second
	// notedAtOnce is how many noted executions one transaction looks at, and a round in all:
	// of a long queue each round sees a part.
	notedAtOnce    = 1000
	notedOfARound  = 5000
	cleanSumsEvery = time.Hour
)

func (s *Sums) round(ctx context.Context) error {
	if !s.made {
		barrier, err := s.opts.DB.NewSumBarrier(ctx)
		if err != nil {
			return err
		}
		s.barrier, s.made = barrier, true
	}
	upto, passed, err := s.opts.DB.SumsBefore(ctx, s.barrier)
	if err != nil {
		return err
	}
	if passed {
		s.made = false
		if err := s.slices(ctx, upto); err != nil {
			return err
		}
	}
	if err := s.addNoted(ctx); err != nil {
		return err
	}
	if time.Since(s.cleaned) < cleanSumsEvery {
		return nil
	}
	s.cleaned = time.Now()
	return s.opts.DB.DeleteOldSums(ctx, s.cleaned)
}

// slices adds the executions before a moment.
func (s *Sums) slices(ctx context.Context, upto time.Time) error {
	for span := firstSlice; ; {
		begun := time.Now()
		done, err := s.opts.DB.SumSlice(ctx, upto, span)
		if err != nil || !done.To.Before(upto) {
			return err
		}
		switch took := time.Since(begun); {
		case took < quickSlice:
			span = min(2*span, longestSlice)
		case took > slowSlice:
			span = max(span/2, shortestSlice)
		}
	}
}

// addNoted adds those of the noted executions that have ended.
func (s *Sums) addNoted(ctx context.Context) error {
	for seen := 0; seen < notedOfARound; seen += notedAtOnce {
		last, _, err := s.opts.DB.SumNoted(ctx, s.noted, notedAtOnce)
		if err != nil {
			return err
		}
		if s.noted = last; last.IsZero() {
			return nil
		}
	}
	return nil
}
