package alerts

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"maestro/internal/backoff"
	"maestro/repo"
)

const (
	// room is how many attempts a server makes at a time, and tenantRoom of one subtenant:
	// a receiver that does not answer holds up its own subtenant only.
	room       = 32
	tenantRoom = 4
	// lease is how long an attempt may take before another server takes its server for
	// dead. It is above SendTime and what it takes to note the outcome.
	lease = time.Minute
	// noteTime bounds the note of an outcome.
	noteTime = 10 * time.Second
)

// KeepTrying is how long a message is retried.
const KeepTrying = 24 * time.Hour

// pauses are those after the first attempts; the last one repeats.
var pauses = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

// send delivers messages until ctx ends, and returns when no attempt is under way.
func (a *Alerts) send(ctx context.Context) {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	away := false
	for ctx.Err() == nil {
		claimed, err := a.claim(ctx)
		if err != nil && !away && ctx.Err() == nil {
			a.opts.Log.Warn("messages are not delivered until the database can be asked again", slog.Any("error", err))
		}
		away = err != nil
		for i := range claimed {
			d := &claimed[i]
			a.begin(d.Tenant)
			attempts.Go(func() {
				a.attempt(ctx, d)
				a.end(d.Tenant)
				a.woken.Notify()
			})
		}
		select {
		case <-ctx.Done():
		case <-a.woken:
		case <-time.After(backoff.Jitter(a.opts.Poll)):
		}
	}
}

// claim takes the messages that are due, as far as there is room for them.
func (a *Alerts) claim(ctx context.Context) ([]repo.Delivery, error) {
	a.mu.Lock()
	left := room
	var busy []string
	for tenant, n := range maps.All(a.busy) {
		left -= n
		if n >= tenantRoom {
			busy = append(busy, tenant)
		}
	}
	a.mu.Unlock()
	if left <= 0 {
		return nil, nil
	}
	slices.Sort(busy)
	// Not broken off by a stop: a message claimed then would wait for the end of its lease.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	now := a.now()
	return a.opts.DB.ClaimDeliveries(ctx, repo.DeliveryClaim{Now: now, Until: now.Add(lease), Room: left, PerTenant: tenantRoom, Busy: busy})
}

func (a *Alerts) begin(tenant string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy[tenant]++
}

func (a *Alerts) end(tenant string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy[tenant]--; a.busy[tenant] == 0 {
		delete(a.busy, tenant)
	}
}

// outcome is what came of an attempt.
type outcome struct {
	code  int           // of the receiver's answer; 0: there is none
	err   error         // nil: it is delivered
	final bool          // a further attempt would fail as well
	after time.Duration // the receiver wants no attempt before; 0: it has not said
}

// attempt delivers one message and notes what came of it.
func (a *Alerts) attempt(ctx context.Context, d *repo.Delivery) {
	setting := stored(d.Notify)
	result := outcome{err: errSwitchedOff, final: true}
	if setting != nil {
		d.Target = setting.Target()
		result = a.deliver(ctx, d, setting)
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	now := a.now()
	if result.err != nil && ctx.Err() != nil { // this server stops: another one sends it again
		if err := a.opts.DB.ReleaseAttempt(noting, d, now); err != nil {
			a.opts.Log.Warn("a message can't be released; it is sent again in a minute", slog.String("tenant", d.Tenant), slog.Any("delivery", d.ID), slog.Any("error", err))
		}
		return
	}
	a.judge(d, result, now)
	if setting != nil {
		a.opts.Meter.AlertAttempted(setting.kind(), outcomeName(d.Status))
	}
	if _, err := a.opts.DB.EndAttempt(noting, d, now); err != nil {
		a.opts.Log.Warn("the delivery of a message can't be noted; it is sent again in a minute, with the same id", slog.String("tenant", d.Tenant), slog.Any("delivery", d.ID), slog.Any("error", err))
	}
	if d.Status == repo.DeliveryFailed {
		a.opts.Log.Warn("a message could not be delivered and is given up", slog.String("tenant", d.Tenant), slog.Any("delivery", d.ID),
			slog.String("type", d.Type), slog.String("function", d.Function), slog.Int("attempts", d.Attempts), slog.String("error", d.Error))
	}
}

// judge decides what becomes of a message after an attempt.
func (a *Alerts) judge(d *repo.Delivery, result outcome, now time.Time) {
	d.StatusCode, d.Error, d.NextAt = result.code, "", now
	if result.err == nil {
		d.Status = repo.DeliveryDelivered
		return
	}
	d.Error = result.err.Error()
	if result.final || d.Type == TypeTest || now.Sub(d.CreatedAt) >= KeepTrying {
		d.Status = repo.DeliveryFailed
		return
	}
	d.Status = repo.DeliveryPending
	pause := backoff.Jitter(pauses[min(d.Attempts, len(pauses))-1])
	d.NextAt = now.Add(max(pause, min(result.after, pauses[len(pauses)-1])))
}

var errSwitchedOff = errors.New("messages about the function were switched off")

// outcomeName is what metrics call an attempt that left a message in this state.
func outcomeName(status repo.DeliveryStatus) string {
	if status == repo.DeliveryPending {
		return "retried"
	}
	return string(status)
}
