package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/repo"
)

// PresenceOptions are what a Presence is made of. DB, Server, OnLost and Log
// are needed.
type PresenceOptions struct {
	DB     *repo.DB
	Server model.ID // as registered
	OnLost func()   // this server was declared gone: it must end. Called once
	Log    *slog.Logger
	// Settled gets the runs of servers that are gone which this one has settled; may be nil.
	Settled func([]repo.SettledRun)

	Every  time.Duration // between two signs of life; 0: 5 s
	Silent time.Duration // after which a server is gone; 0: 90 s
}

// Presence gives this server's signs of life, watches those of the others, and
// settles the orphaned runs of servers that are gone.
type Presence struct {
	// Stop is for when no run is under way here any more: it ends this server's
	// registration.
	*service.Loop

	opts   PresenceOptions
	others map[model.ID]*pulse // of the goroutine alone
}

// pulse is another server's signs of life, as this one has seen them.
type pulse struct {
	beats  int64
	silent time.Duration // for how long beats has stood still, as far as it could be seen
}

// NewPresence makes a presence; it does nothing before Start.
func NewPresence(opts PresenceOptions) *Presence {
	if opts.Every <= 0 {
		opts.Every = 5 * time.Second
	}
	if opts.Silent <= 0 {
		opts.Silent = 90 * time.Second
	}
	if opts.Settled == nil {
		opts.Settled = func([]repo.SettledRun) {}
	}
	p := &Presence{opts: opts, others: map[model.ID]*pulse{}}
	p.Loop = service.NewLoop(service.Hooks{Begin: p.settle, Run: p.live, End: p.leave})
	return p
}

// settle ends the orphaned runs of the predecessor on this data folder.
func (p *Presence) settle(ctx context.Context) error {
	settled, err := p.opts.DB.SettleGone(ctx)
	p.opts.Settled(settled.Runs)
	if err != nil {
		return err
	}
	return p.opts.DB.RestartPauses(ctx)
}

// leave tells the other servers that this one has ended.
func (p *Presence) leave(ctx context.Context) error {
	return p.opts.DB.LeaveServer(ctx, p.opts.Server)
}

func (p *Presence) live(ctx context.Context) {
	tick := time.NewTicker(p.opts.Every)
	defer tick.Stop()
	last := time.Now() // when the others were looked at; monotonic
	for {
		if !p.beat(ctx) {
			return
		}
		if p.watch(ctx, time.Since(last)) {
			last = time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// beat gives a sign of life and reports whether this server still counts.
func (p *Presence) beat(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Every)
	defer cancel()
	alive, err := p.opts.DB.Beat(ctx, p.opts.Server)
	switch {
	case err != nil:
		if !errors.Is(ctx.Err(), context.Canceled) {
			p.opts.Log.Warn("no sign of life can be given", slog.Any("error", err))
		}
	case !alive:
		p.opts.Log.Error("the other servers have declared this one gone: it was silent for too long, and its runs are no longer its own")
		p.opts.OnLost()
		return false
	}
	return true
}

// watch looks at the other servers, declares those gone that were silent for too
// long, and settles their orphaned runs. since is the time since the last look; it
// counts as silence only as far as it was spent looking. It reports whether it
// could look.
func (p *Presence) watch(ctx context.Context, since time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*p.opts.Every)
	defer cancel()
	servers, err := p.opts.DB.Servers(ctx)
	if err != nil {
		return false
	}
	since = min(since, 2*p.opts.Every)
	seen := make(map[model.ID]*pulse, len(servers))
	for _, server := range servers {
		if server.ID == p.opts.Server {
			continue
		}
		known := p.others[server.ID]
		if known == nil || known.beats != server.Beats {
			known = &pulse{beats: server.Beats}
		} else {
			known.silent += since
		}
		if known.silent >= p.opts.Silent {
			p.declareGone(ctx, server)
		}
		seen[server.ID] = known
	}
	p.others = seen
	settled, err := p.opts.DB.SettleGone(ctx)
	p.opts.Settled(settled.Runs)
	if err != nil {
		p.opts.Log.Warn("the runs of servers that are gone can't be settled at present", slog.Any("error", err))
	}
	if settled.Crashed > 0 {
		p.opts.Log.Warn("runs were taken from servers that are gone", slog.Int("runs", settled.Crashed))
	}
	if err := p.opts.DB.RestartPauses(ctx); err != nil {
		p.opts.Log.Warn("pauses of delayed runs can't be adjusted to the database's clock at present", slog.Any("error", err))
	}
	if err := p.opts.DB.NoteLateResults(ctx); err != nil {
		p.opts.Log.Warn("late results of schedules can't be noted at present", slog.Any("error", err))
	}
	return true
}

func (p *Presence) declareGone(ctx context.Context, server repo.Server) {
	gone, err := p.opts.DB.DeclareGone(ctx, server.ID, server.Beats)
	if err == nil && gone {
		p.opts.Log.Warn("a server is gone", slog.Any("server", server.ID), slog.String("name", server.Name))
	}
	if err != nil {
		p.opts.Log.Warn("a server can't be declared gone at present", slog.Any("server", server.ID), slog.Any("error", err))
	}
}
