package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"maestro/internal/cron"
	"maestro/internal/model"
	"maestro/repo"
)

// skipped is the last_status of a due time that was not started.
const skipped = "skipped"

const (
	// mostOfOne bounds the due times that one transaction starts of a schedule
	// that catches up; the next transaction goes on.
	mostOfOne = 50
	// mostAtOnce bounds those that one transaction starts of all its schedules, as
	// far as each of them may start one: it has to be done within passPatience on
	// a slow database too.
	mostAtOnce = 200
)

// batch is a number of due schedules, and how to start them, before they are
// locked.
type batch struct {
	*Cron
	plans map[planned]plan
	most  int // due times that it starts of one schedule
	tally tally
}

// planned is a function of which runs may be added.
type planned struct{ tenant, function string }

// plan is how that is done, or why it can't be.
type plan struct {
	add Add
	err error
}

// plan prepares the start of schedules. A subtenant's error must not stop those of
// others: it is kept until its schedules' turn.
func (c *Cron) plan(ctx context.Context, due []repo.DueSchedule) *batch {
	b := &batch{Cron: c, plans: make(map[planned]plan, len(due)), most: min(mostOfOne, max(mostAtOnce/len(due), 1))}
	for _, s := range due {
		key := planned{s.Tenant, s.FunctionName}
		if _, known := b.plans[key]; !known {
			add, err := c.opts.Queue.Plan(ctx, s.Tenant, s.FunctionName)
			b.plans[key] = plan{add, err}
		}
	}
	return b
}

// startOne starts the due times of one schedule. The errors it returns are the
// database's, or those of the queue as a whole.
func (b *batch) startOne(ctx context.Context, tx repo.Tx, s *model.Schedule) error {
	c := b.Cron
	how, found := b.plans[planned{s.Tenant, s.FunctionName}]
	if !found {
		return nil // it was given another function meanwhile: it stays due
	}
	s.HeldUntil = time.Time{}
	expression, zone, err := timetable(s)
	if err != nil {
		b.skip(s, s.NextRun, "The schedule is invalid: "+err.Error()+". Correct it and save it.")
		missed(s, s.NextRun, *s.LastError)
		s.NextRun = time.Time{}
		return nil
	}
	now := c.now()
	if problem := s.FunctionProblem(); problem != nil { // due times until it can run again are not caught up with
		b.skip(s, s.NextRun, problem.Detail)
		missed(s, s.NextRun, problem.Detail)
		s.NextRun = expression.Next(now, zone)
		return nil
	}
	unfinished, err := c.opts.Queue.Unfinished(ctx, tx, s)
	if err != nil {
		return err
	}
	for n := 0; n < b.most && isDue(s, now); n++ {
		due := catchUp(s, expression, zone, now)
		if !due.Equal(s.NextRun) {
			c.opts.Log.Warn("due times of a schedule were missed and are not caught up with", slog.String("tenant", s.Tenant),
				slog.String("schedule", s.Name), slog.Time("from", s.NextRun), slog.Time("until", due), slog.String("catch_up", string(s.CatchUp)))
			if s.CatchUp == model.CatchUpNone {
				missed(s, s.NextRun, "No server started it within a minute, and catch_up is none.")
			}
			s.NextRun = due
			b.tally.missed++
			continue
		}
		answer := noRoom(s, unfinished)
		if answer.reason == "" {
			if answer, err = c.add(ctx, tx, s, how); err != nil {
				return err
			}
		}
		late := now.Sub(due) > grace
		switch {
		case answer.reason == "":
			unfinished++
			b.tally.late = append(b.tally.late, c.now().Sub(due))
			started(s, due, answer.execution)
		case answer.again || answer.full && late: // a missed due time waits for room
			s.HeldUntil = now.Add(holdTime)
			return nil
		default:
			b.skip(s, due, answer.reason)
			if !answer.wanted {
				missed(s, due, answer.reason)
			}
		}
		s.NextRun = expression.Next(due, zone)
	}
	return nil
}

func isDue(s *model.Schedule, now time.Time) bool {
	return !s.NextRun.IsZero() && !s.NextRun.After(now)
}

// timetable reads what says when a schedule is due. Both were checked when it
// was saved; a zone can go all the same, with another server's database of
// zones.
func timetable(s *model.Schedule) (*cron.Expression, *time.Location, error) {
	expression, err := cron.Parse(s.CronExpression)
	if err != nil {
		return nil, nil, errors.New("cron_expression " + err.Error())
	}
	zone, err := cron.Zone(s.Timezone)
	if err != nil {
		return nil, nil, errors.New("timezone " + err.Error())
	}
	return expression, zone, nil
}

// catchUp is the due time to go on with, from the next one of s: that itself,
// or a later one, which may still be to come, unless s catches up with all of
// them.
func catchUp(s *model.Schedule, expression *cron.Expression, zone *time.Location, now time.Time) time.Time {
	if now.Sub(s.NextRun) <= grace {
		return s.NextRun
	}
	switch s.CatchUp {
	case model.CatchUpAll:
		return s.NextRun
	case model.CatchUpLatest:
		return latest(s.NextRun, expression, zone, now)
	default:
		return expression.Next(now.Add(-grace-time.Nanosecond), zone)
	}
}

// latest is the last due time up to now, of which due is one. It looks into
// ever longer pasts: most often the last hours hold it.
func latest(due time.Time, expression *cron.Expression, zone *time.Location, now time.Time) time.Time {
	for window := time.Hour; ; window *= 4 {
		found := due
		if from := now.Add(-window); from.After(due) {
			found = expression.Next(from, zone)
		}
		if found.IsZero() || found.After(now) {
			continue
		}
		for next := found; !next.IsZero() && !next.After(now); next = expression.Next(next, zone) {
			found = next
		}
		return found
	}
}

// answer says whether a due time was started.
type answer struct {
	execution model.ID
	reason    string // why it was not started, for people; empty when it was
	full      bool   // for want of room
	wanted    bool   // as the schedule's overlap says
	again     bool   // by a fault of the server: it is to be retried
}

// noRoom answers with a reason when no run may begin beside those that are not
// finished.
func noRoom(s *model.Schedule, unfinished int) answer {
	switch {
	case unfinished > 0 && s.Overlap == model.OverlapSkip:
		return answer{reason: "An earlier run was not finished, and overlap is skip.", full: true, wanted: true}
	case unfinished >= s.MaxInstances:
		return answer{reason: "As many runs as max_instances allows were not finished.", full: true}
	default:
		return answer{}
	}
}

// add gives a run to the queue. An error means that the transaction is lost.
func (c *Cron) add(ctx context.Context, tx repo.Tx, s *model.Schedule, how plan) (answer, error) {
	var execution model.ID
	err := how.err
	if err == nil {
		// A part of the transaction that can fail by itself: the other schedules of
		// the batch don't fail with it.
		err = tx.Part(ctx, func(part repo.Tx) (err error) {
			execution, err = how.add(ctx, part, s)
			return err
		})
	}
	if err == nil {
		return answer{execution: execution}, nil
	}
	var coded *model.Error
	if errors.As(err, &coded) {
		switch coded.Code {
		case model.CodeTooManyRequests:
			return answer{reason: coded.Detail, full: true}, nil
		case model.CodeFunctionNotFound: // it has come back since it was looked for
		case model.CodeUnavailable, model.CodeInternal:
			// Where it is the database that is away, the transaction fails by itself.
		default: // about the function or its input: no better the next time
			return answer{reason: coded.Detail}, nil
		}
	}
	if ctx.Err() != nil {
		return answer{}, err
	}
	c.opts.Log.Error("a schedule can't be started and is retried", slog.String("tenant", s.Tenant), slog.String("schedule", s.Name), slog.Any("error", err))
	return answer{reason: "Its run could not be stored.", again: true}, nil
}

// started notes that a due time has its run.
func started(s *model.Schedule, due time.Time, execution model.ID) {
	status := string(model.StatusPending)
	s.LastRun, s.LastStatus, s.LastExecutionID, s.LastError = due, &status, execution, nil
}

// skip notes that a due time has none.
func (b *batch) skip(s *model.Schedule, due time.Time, reason string) {
	b.tally.skipped++
	status := skipped
	level := slog.LevelWarn
	if s.LastError != nil && *s.LastError == reason {
		level = slog.LevelDebug // it was said the first time
	}
	b.opts.Log.Log(context.Background(), level, "a due time of a schedule was skipped", slog.String("tenant", s.Tenant),
		slog.String("schedule", s.Name), slog.Time("due", due), slog.String("reason", reason))
	s.LastRun, s.LastStatus, s.LastExecutionID, s.LastError = due, &status, model.ID{}, &reason
}

// missed notes a due time that has no run against the schedule's settings, for the
// messages about its function.
func missed(s *model.Schedule, due time.Time, reason string) {
	s.Missed = append(s.Missed, model.Missed{Due: due, Reason: reason})
}
