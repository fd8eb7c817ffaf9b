package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/service"
	"maestro/scheduler"
)

// upkeepEvery is the time between two rounds of chores in the database. Several servers may do so at once.
const upkeepEvery = time.Hour

// startUpkeep makes the coming days' partitions, and does the rest of the
// chores beside the start and from time to time.
func (p *parts) startUpkeep(ctx context.Context, stops *service.Stack) error {
	if err := p.chores.EnsurePartitions(ctx, time.Now()); err != nil {
		return err
	}
	retention := scheduler.NewRetention(scheduler.RetentionOptions{DB: p.db, Days: p.cfg.RetentionDays, Log: p.log})
	upkeep := service.NewLoop(service.Hooks{Run: func(ctx context.Context) {
		for again := true; again; again = backoff.Sleep(ctx, upkeepEvery) {
			p.keepUp(ctx)
		}
	}})
	sums := scheduler.NewSums(scheduler.SumsOptions{DB: p.chores, Log: p.log})
	return errors.Join(startService(ctx, stops, "retention", retention), startService(ctx, stops, "sums", sums), startService(ctx, stops, "upkeep", upkeep))
}

func (p *parts) keepUp(ctx context.Context) {
	for _, chore := range []struct {
		failed string
		do     func(context.Context) error
	}{
		{"the coming days' partitions can't be made, the default one takes their rows", func(ctx context.Context) error {
			return p.chores.EnsurePartitions(ctx, time.Now())
		}},
		{"the data of deleted subtenants can't be deleted now", p.chores.PurgeDeletedSubtenants},
		{"idempotency keys that expired can't be deleted now", func(ctx context.Context) error {
			_, err := p.chores.DeleteExpiredKeys(ctx)
			return err
		}},
		{"old installs can't be deleted now", p.chores.DeleteOldInstalls},
		{"old environments can't be deleted now", p.chores.DeleteOldEnvironments},
		{"old requests to stop a run can't be deleted now", p.chores.DeleteOldCancelRequests},
		{"old messages about failures can't be deleted now", p.chores.DeleteOldAlerts},
		{"old blames can't be deleted now", p.chores.DeleteOldBlames},
		{"servers that went long ago can't be forgotten now", p.chores.ForgetServers},
	} {
		if err := chore.do(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("upkeep failed and is retried in an hour", slog.String("what", chore.failed), slog.Any("error", err))
		}
	}
}
