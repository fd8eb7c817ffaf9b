package main

import (
	"context"
	"errors"
	"log/slog"

	"maestro/handlers"
	"maestro/internal/service"
)

// pause holds schedules and the queue of a server from its start on: calls and
// webhooks are served, asynchronous runs are accepted and wait.
type pause struct {
	asked  bool
	remedy string          // how the operator ends it
	end    <-chan struct{} // closed when the operator has ended it; nil: never
}

// holds reports whether the pause is on.
func (p *pause) holds() bool {
	select {
	case <-p.end:
		return false
	default:
		return p.asked
	}
}

// startPause waits in the background for the end of the pause.
func (p *parts) startPause(ctx context.Context) error {
	p.paused.Store(true)
	p.log.Warn("schedules and the queue of this server are held; asynchronous runs are accepted and wait", slog.String("remedy", p.around.pause.remedy))
	return startService(ctx, &p.stops, "pause", service.NewLoop(service.Hooks{Run: func(ctx context.Context) {
		select {
		case <-ctx.Done():
			return
		case <-p.around.pause.end:
		}
		if err := p.claimRuns(ctx); err != nil {
			p.endSoon(err)
			return
		}
		p.paused.Store(false)
		p.log.Info("the pause has ended: schedules are started and the queue is served")
	}}))
}

// queueProbe is the check of /health that tells of a pause.
func (p *parts) queueProbe() handlers.Probe {
	return handlers.Probe{
		Name: "queue",
		Check: func(context.Context) error {
			if p.paused.Load() {
				return errors.New("schedules and the queue are held since the start with --paused")
			}
			return nil
		},
		Remedy: func() string {
			if p.paused.Load() {
				return "schedules and the queue are held: " + p.around.pause.remedy
			}
			return ""
		},
	}
}
