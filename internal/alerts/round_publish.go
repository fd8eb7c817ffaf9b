package alerts

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// publish stores the messages of a problem that the setting wants, and has the problem
// stored. Without a setting the problem is forgotten.
func (r *round) publish(ctx context.Context, p *repo.Problem, setting *Setting, all []news) error {
	if setting == nil {
		return r.tx.DeleteProblem(ctx, p)
	}
	for _, one := range all {
		event := EventFailure
		switch {
		case one.over:
			event = EventRecovery
		case p.Kind == repo.ProblemMissed:
			event = EventMissed
		}
		if !setting.wants(event) {
			continue
		}
		message, err := r.message(ctx, p, one)
		if err != nil {
			return err
		}
		at := r.now.Add(time.Duration(r.made) * time.Microsecond) // ids in the order of the messages
		delivery, err := message.delivery(p.Kind+":"+p.Subject, at)
		if err != nil {
			r.opts.Log.Error("a message about a problem can't be written", slog.String("tenant", p.Tenant), slog.String("function", p.Function), slog.Any("error", err))
			continue
		}
		delivery.NextAt = r.now
		if err := r.tx.Enqueue(ctx, delivery); err != nil {
			return err
		}
		r.made++
		r.opts.Meter.AlertMade(message.Type)
	}
	r.changed = append(r.changed, *p)
	return nil
}

// message tells that a problem is there, or that it is over.
func (r *round) message(ctx context.Context, p *repo.Problem, one news) (Message, error) {
	m := Message{Timestamp: p.LastAt, Data: Data{Subtenant: p.Tenant, Function: p.Function, LeftOut: one.leftOut, Since: since(p.OpenedAt)}}
	if p.Kind == repo.ProblemMissed {
		return r.scheduleMessage(ctx, p, one, m)
	}
	id := p.Execution
	m.Type = TypeFailed
	if one.over {
		m.Type, m.Timestamp, id = TypeRecovered, p.RecoveredAt, p.RecoveredBy
	}
	execution, err := r.tx.Execution(ctx, p.Tenant, id)
	switch {
	case err == nil:
		m.Data.describe(&execution, r.opts.PublicURL)
	case model.CodeOf(err) == model.CodeExecutionNotFound: // past its retention
		m.Data.name(id, r.opts.PublicURL)
	default:
		return m, err
	}
	return m, nil
}

func (r *round) scheduleMessage(ctx context.Context, p *repo.Problem, one news, m Message) (Message, error) {
	m.Data.Schedule = &ScheduleData{ID: p.Subject}
	m.Type, m.Data.DueAt, m.Data.Reason = TypeMissed, since(p.LastAt), p.Reason
	if one.over {
		m.Type, m.Timestamp, m.Data.DueAt, m.Data.Reason = TypeScheduleRecovered, p.RecoveredAt, since(p.RecoveredAt), ""
	}
	id, err := model.ParseID(p.Subject)
	if err != nil {
		return m, err
	}
	schedule, err := r.tx.Schedule(ctx, p.Tenant, id)
	if model.CodeOf(err) == model.CodeScheduleNotFound {
		return m, nil // deleted
	}
	if err != nil {
		return m, err
	}
	m.Data.Schedule.Name, m.Data.Schedule.CronExpression, m.Data.Schedule.Timezone = schedule.Name, schedule.CronExpression, schedule.Timezone
	return m, nil
}

// since is a time for a message; nil for none.
func since(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}
