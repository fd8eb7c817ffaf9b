package handlers

import (
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/cron"
	"maestro/internal/model"
	"maestro/repo"
)

const (
	// dueSpan is how far GET /scheduler/due looks when it is not told.
	dueSpan = 7 * 24 * time.Hour
	// longestDueSpan is how far it looks at most.
	longestDueSpan = 31 * 24 * time.Hour
	// mostDue is how many entries it answers with.
	mostDue = 20_000
)

type scheduleDueInput struct {
	From Moment `query:"from" example:"2026-11-30" doc:"Now when left out"`
	To   Moment `query:"to" example:"2026-12-07T00:00:00Z" doc:"At most 31 days after from; seven days after it when left out"`
}

// dueView is the due times of a schedule within an hour.
type dueView struct {
	ScheduleID   string    `json:"schedule_id" format:"uuid"`
	Name         string    `json:"name"`
	FunctionName string    `json:"function_name"`
	First        timestamp `json:"first"`
	Last         timestamp `json:"last"`
	Count        int       `json:"count" doc:"From first to last"`

	at time.Time
}

type scheduleDueOutput struct {
	Body struct {
		From      timestamp `json:"from"`
		To        timestamp `json:"to"`
		Due       []dueView `json:"due" nullable:"false" doc:"By time"`
		Truncated bool      `json:"truncated" doc:"There are more; ask for a shorter span"`
	}
}

var scheduleDueOp = huma.Operation{
	OperationID: "list-due-times", Summary: "List the due times of all active schedules",
	Description: "One entry for each hour of a schedule's time zone in which it is due, with the number of times. Schedules whose function is missing or not active are left out.",
}

func (s *Server) listDueTimes(ctx context.Context, in *scheduleDueInput) (*scheduleDueOutput, error) {
	from, to, err := in.span(time.Now())
	if err != nil {
		return nil, err
	}
	out := &scheduleDueOutput{}
	out.Body.From, out.Body.To, out.Body.Due = timestamp(from), timestamp(to), []dueView{}
	filter := repo.ScheduleFilter{ActiveOnly: true, Page: repo.Page{Limit: 1000}}
	for {
		found, next, err := s.opts.DB.ListSchedules(ctx, callFrom(ctx).tenant, filter)
		if err != nil {
			return nil, err
		}
		for i := range found {
			out.Body.Due = appendDue(out.Body.Due, &found[i], from, to)
			if len(out.Body.Due) > mostDue {
				out.Body.Due, out.Body.Truncated = out.Body.Due[:mostDue], true
				break
			}
		}
		if next == "" || out.Body.Truncated {
			break
		}
		filter.Cursor = next
	}
	slices.SortStableFunc(out.Body.Due, func(a, b dueView) int { return a.at.Compare(b.at) })
	return out, nil
}

// span is the time from the one moment to the other.
func (in *scheduleDueInput) span(now time.Time) (from, to time.Time, err error) {
	if from, err = in.From.time("/query/from", now, false); err != nil {
		return from, to, err
	}
	if from.IsZero() {
		from = now
	}
	if to, err = in.To.time("/query/to", now, true); err != nil {
		return from, to, err
	}
	if to.IsZero() {
		to = from.Add(dueSpan)
	}
	switch {
	case to.Before(from):
		err = invalidAt("/query/to", "must not be before from")
	case to.Sub(from) > longestDueSpan:
		err = invalidAt("/query/to", "must be at most 31 days after from")
	}
	return from, to, err
}

// appendDue appends the hours in which a schedule is due from one moment on until
// another one. A schedule whose expression can't be read any more has none.
func appendDue(to []dueView, s *model.Schedule, from, until time.Time) []dueView {
	if s.FunctionGone || s.FunctionOff {
		return to
	}
	expression, err := cron.Parse(s.CronExpression)
	if err != nil {
		return to
	}
	zone, err := cron.Zone(s.Timezone)
	if err != nil {
		return to
	}
	id := s.ID.String()
	for hour := range expression.Hours(from.Add(-time.Nanosecond), until, zone) {
		to = append(to, dueView{
			ScheduleID: id, Name: s.Name, FunctionName: s.FunctionName, First: timestamp(hour.First), Last: timestamp(hour.Last), Count: hour.Count, at: hour.First,
		})
		if len(to) > mostDue {
			return to
		}
	}
	return to
}
