package alerts

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
	"maestro/repo"
)

const (
	// signalBatch is how many signals one transaction takes, checkBatch how many
	// problems it looks at.
	signalBatch = 1000
	checkBatch  = 500
	// roundPatience bounds one transaction: a database that is slower is taken for gone.
	roundPatience = 30 * time.Second
	longestRetry  = 10 * time.Second // while the database is away
)

// watch holds rounds until ctx ends.
func (a *Alerts) watch(ctx context.Context) {
	retry := backoff.Backoff{First: a.opts.Poll, Longest: max(longestRetry, a.opts.Poll)}
	for away := false; ; {
		err := a.Round(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !away:
			a.opts.Log.Warn("failures are not looked at until the database can be asked again", slog.Any("error", err))
		case err == nil && away:
			a.opts.Log.Info("failures are looked at again")
		}
		if away = err != nil; away {
			retry.Wait(ctx)
			continue
		}
		retry.Reset()
		backoff.Sleep(ctx, a.opts.Poll)
	}
}

// Round makes the messages of all signals until now. Where another server is at
// it, it does nothing.
func (a *Alerts) Round(ctx context.Context) error {
	now := a.now()
	late := !now.Before(a.lateAt)
	if due, err := a.opts.DB.AlertsDue(ctx, now); err != nil || !due && !late {
		return err
	}
	for more := true; more; {
		more = false // unless this server is the one that looks
		limited, cancel := context.WithTimeout(ctx, roundPatience)
		made := 0
		err := a.opts.DB.HoldAlertRound(limited, func(tx repo.AlertRound) (err error) {
			r := round{Alerts: a, tx: tx, now: now}
			more, err = r.hold(limited, late)
			made = r.made
			return err
		})
		cancel()
		if err != nil {
			return err
		}
		if late {
			a.lateAt, late = now.Add(lateEvery), false
		}
		if made > 0 {
			a.woken.Notify()
		}
	}
	return nil
}

// round is one transaction.
type round struct {
	*Alerts
	tx   repo.AlertRound
	now  time.Time
	made int // messages
	// changed are problems that are stored together at the end of each of the three parts
	// of a round, none of which sees one of them twice.
	changed []repo.Problem
}

// hold does one transaction's share of a round. more says that there may be signals left.
func (r *round) hold(ctx context.Context, late bool) (more bool, err error) {
	signals, err := r.tx.TakeSignals(ctx, r.now, signalBatch)
	if err != nil {
		return false, err
	}
	more = len(signals) >= signalBatch
	if signals, err = r.notMadeUp(ctx, signals); err != nil {
		return false, err
	}
	if late {
		missed, err := r.lateStarts(ctx)
		if err != nil {
			return false, err
		}
		signals = append(signals, missed...)
	}
	if err := r.note(ctx, signals); err != nil {
		return false, err
	}
	if err := r.tellLeftOut(ctx); err != nil {
		return false, err
	}
	return more, r.check(ctx)
}

// subject is a problem that signals are about.
type subject struct{ tenant, kind, name string }

// occurrence is what a series of signals says of one problem.
type occurrence struct {
	latest repo.AlertSignal
	count  int
	first  time.Time
	times  []time.Time // of due times
}

// note enters signals into the problems that they are about.
func (r *round) note(ctx context.Context, signals []repo.AlertSignal) error {
	of := map[subject]*occurrence{}
	var order []subject
	for _, signal := range signals {
		if signal.OfAlert || stored(signal.Notify) == nil {
			continue
		}
		s := subject{signal.Tenant, repo.ProblemFailed, signal.Function}
		if !signal.Schedule.IsZero() {
			s.kind, s.name = repo.ProblemMissed, signal.Schedule.String()
		}
		known := of[s]
		if known == nil {
			known = &occurrence{latest: signal, first: signal.First}
			of[s] = known
			order = append(order, s)
		}
		known.count += signal.Count
		if signal.First.Before(known.first) {
			known.first = signal.First
		}
		if !signal.Schedule.IsZero() {
			known.times = append(known.times, signal.At)
		}
		if !signal.At.Before(known.latest.At) {
			known.latest = signal
		}
	}
	problems := make([]repo.Problem, len(order))
	for i, s := range order {
		problems[i] = repo.Problem{Tenant: s.tenant, Kind: s.kind, Subject: s.name}
	}
	found, err := r.tx.Problems(ctx, problems)
	if err != nil {
		return err
	}
	known := map[subject]repo.Problem{}
	for i := range found {
		known[subject{found[i].Tenant, found[i].Kind, found[i].Subject}] = found[i]
	}
	for i, s := range order {
		p, there := known[s]
		if !there {
			p = problems[i]
		}
		if err := r.occurred(ctx, s, of[s], p); err != nil {
			return err
		}
	}
	return r.store(ctx)
}

// store stores the problems that have changed.
func (r *round) store(ctx context.Context) error {
	all := r.changed
	r.changed = nil
	return r.tx.PutProblems(ctx, all)
}

// occurred enters an occurrence into its problem, which may be new.
func (r *round) occurred(ctx context.Context, s subject, o *occurrence, p repo.Problem) error {
	n := o.count
	if s.kind == repo.ProblemMissed { // a due time may be signalled more than once
		n = distinctAfter(o.times, p.LastAt)
	}
	if n == 0 {
		return nil
	}
	p.Function = o.latest.Function
	if !o.latest.At.Before(p.LastAt) {
		p.LastAt, p.Execution, p.Reason = o.latest.At, o.latest.Execution, o.latest.Reason
	}
	return r.publish(ctx, &p, stored(o.latest.Notify), occurred(&p, n, o.first, r.now))
}

// distinctAfter counts the different times after last.
func distinctAfter(times []time.Time, last time.Time) int {
	seen := map[int64]bool{}
	for _, at := range times {
		if at.After(last) {
			seen[at.UnixMicro()] = true
		}
	}
	return len(seen)
}

// tellLeftOut makes the messages of occurrences that were left out, once an hour has passed.
func (r *round) tellLeftOut(ctx context.Context) error {
	due, err := r.tx.ProblemsToTell(ctx, r.now, checkBatch)
	if err != nil {
		return err
	}
	for i := range due {
		p := &due[i]
		if err := r.publish(ctx, &p.Problem, stored(p.Notify), tell(&p.Problem, r.now)); err != nil {
			return err
		}
	}
	return r.store(ctx)
}

// check looks which problems are over.
func (r *round) check(ctx context.Context) error {
	open, err := r.tx.ProblemsToCheck(ctx, r.now, checkBatch)
	if err != nil {
		return err
	}
	for i := range open {
		p := &open[i]
		setting := stored(p.Notify)
		if p.Gone {
			setting = nil
		}
		var all []news
		switch {
		case p.Kind == repo.ProblemFailed && !p.Succeeded.IsZero():
			all = recovered(&p.Problem, p.OverAt, p.Succeeded)
		case p.Kind == repo.ProblemMissed && p.Started:
			all = recovered(&p.Problem, p.OverAt, model.ID{})
		default:
			goesOn(&p.Problem, r.now)
		}
		if err := r.publish(ctx, &p.Problem, setting, all); err != nil {
			return err
		}
	}
	return r.store(ctx)
}
