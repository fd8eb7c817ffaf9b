package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"maestro/internal/model"
	"maestro/internal/recorder"
	"maestro/internal/service"
	"maestro/scheduler"
)

// queueEnd is what the queue gets to put itself away once no run is under way.
const queueEnd = 10 * time.Second

// replaySpool writes the records that the predecessor on the same data folder
// could not write. It comes before register: from then on, on any server, what
// the predecessor has not ended counts as crashed.
func (p *parts) replaySpool(ctx context.Context, dir string) (written int64, err error) {
	written, err = recorder.ReplaySpool(ctx, p.records, dir, p.log)
	if written > 0 {
		p.log.Info("records that the server before had kept on disk were written", slog.Int64("records", written))
	}
	if model.CodeOf(err) == model.CodeUnavailable {
		return written, fmt.Errorf("write the records that were kept on disk: %w", err)
	}
	if err != nil { // a fault of ours: it must not keep the server from its work
		p.log.Error("records that were kept on disk can't be written; their runs may count as crashed", slog.Any("error", err))
	}
	return written, nil
}

// register gives this server its id, and settles the orphaned runs of its
// predecessor on the same data folder.
func (p *parts) register(ctx context.Context, folder string, stops *service.Stack) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	id, before, err := p.db.RegisterServer(ctx, fmt.Sprintf("%s, process %d", host, os.Getpid()), folder)
	if err != nil {
		return err
	}
	if len(before) > 0 {
		p.log.Warn("the server that had this data folder before was not stopped: runs of it that are still in progress have crashed, and are retried where their policies say so")
	}
	p.id = id
	return startService(ctx, stops, "presence", scheduler.NewPresence(scheduler.PresenceOptions{
		DB: p.db, Server: id, Log: p.log, Settled: p.metrics.Settled, Silent: p.timing.silence, Every: p.timing.silence / 10,
		OnLost: func() { p.endSoon(errors.New("the other servers declared this one gone")) },
	}))
}

// folderID is what a data folder is known by on every machine: its path says
// nothing, containers all have the same.
func folderID(dir string) (string, error) {
	path := filepath.Join(dir, "folder_id")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		text = []byte(model.NewID().String() + "\n")
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("name the data folder: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// endSoon ends the server from within.
func (p *parts) endSoon(reason error) {
	select {
	case p.recycle <- reason:
	default: // it ends already
	}
}

// makeCron makes the scheduler; it is not started yet.
func (p *parts) makeCron() {
	p.cron = scheduler.NewCron(scheduler.CronOptions{
		DB: p.db, Log: p.log, Now: p.timing.now, Queue: scheduler.ScheduleRuns{Engine: p.engine}, Started: p.queue.Wake, Meter: p.metrics,
	})
}

// startQueue comes last: runs find everything in place.
func (p *parts) startQueue(ctx context.Context) error {
	if p.around.pause.holds() {
		return p.startPause(ctx)
	}
	return p.claimRuns(ctx)
}

// claimRuns begins to claim asynchronous runs, to start schedules and to send messages
// about failures.
func (p *parts) claimRuns(ctx context.Context) error {
	if err := p.queue.Start(ctx); err != nil {
		return err
	}
	if err := p.cron.Start(ctx); err != nil {
		return err
	}
	return p.alerts.Start(ctx)
}

// stopQueue begins no more runs and leaves those that wait to other servers. The
// answer comes when the runs under way have ended, which the engine sees to.
func (p *parts) stopQueue(drain context.Context) <-chan error {
	stopped := make(chan error, 1)
	if p.queue == nil {
		stopped <- nil
		return stopped
	}
	if p.alerts != nil {
		if err := p.alerts.Stop(context.Background()); err != nil { // attempts under way are released
			p.log.Warn("the messages did not stop cleanly", slog.Any("error", err))
		}
	}
	if p.cron != nil {
		if err := p.cron.Stop(context.Background()); err != nil { // its transaction is broken off
			p.log.Warn("the scheduler did not stop cleanly", slog.Any("error", err))
		}
	}
	go func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		// It is given some time beyond the engine's.
		defer context.AfterFunc(drain, func() {
			time.AfterFunc(queueEnd, cancel)
		})()
		stopped <- p.queue.Stop(ctx)
	}()
	return stopped
}
