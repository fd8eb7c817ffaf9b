package handlers

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/cron"
	"maestro/internal/model"
	"maestro/repo"
)

type dueInput struct {
	From       string `query:"from" format:"date-time" doc:"RFC 3339; now when left out"`
	To         string `query:"to" format:"date-time" doc:"RFC 3339; a week after from when left out, 366 days after it at most"`
	ScheduleID string `query:"schedule_id" format:"uuid" doc:"Only this one, active or not"`
	Limit      int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"Due times of one schedule at most"`
}

type scheduleDueTimes struct {
	ScheduleID   string      `json:"schedule_id" format:"uuid"`
	Name         string      `json:"name"`
	FunctionName string      `json:"function_name"`
	Timezone     string      `json:"timezone"`
	Due          []timestamp `json:"due" nullable:"false"`
	More         bool        `json:"more" doc:"There are more before the end"`
}

type dueOutput struct {
	Body struct {
		From      timestamp          `json:"from"`
		To        timestamp          `json:"to"`
		Schedules []scheduleDueTimes `json:"schedules" nullable:"false" doc:"Active ones, by name"`
	}
}

var listDueOp = huma.Operation{
	OperationID: "list-due-times", Summary: "List when schedules are due",
	Description: "By their expressions and time zones, clock changes included; whether a run follows depends on its function, `overlap` and `max_instances` as well.",
}

const longestDue = 366 * 24 * time.Hour

// listDue computes the due times of a subtenant's schedules.
func (s *Server) listDue(ctx context.Context, in *dueInput) (*dueOutput, error) {
	from, to := time.Now(), time.Time{}
	for _, bound := range []struct {
		text, name string
		into       *time.Time
	}{{in.From, "from", &from}, {in.To, "to", &to}} {
		if bound.text == "" {
			continue
		}
		at, err := Moment(bound.text).time("/query/"+bound.name, from, false)
		if err != nil {
			return nil, err
		}
		*bound.into = at
	}
	if to.IsZero() {
		to = from.AddDate(0, 0, 7)
	}
	if !from.Before(to) || to.Sub(from) > longestDue {
		return nil, invalidAt("/query/to", "must be after from, and at most 366 days after it")
	}
	schedules, err := s.schedulesDue(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &dueOutput{}
	out.Body.From, out.Body.To, out.Body.Schedules = timestamp(from), timestamp(to), make([]scheduleDueTimes, 0, len(schedules))
	for i := range schedules {
		out.Body.Schedules = append(out.Body.Schedules, dueTimes(&schedules[i], from, to, in.Limit))
	}
	return out, nil
}

func (s *Server) schedulesDue(ctx context.Context, in *dueInput) (all []model.Schedule, err error) {
	tenant := callFrom(ctx).tenant
	id, err := optionalID(in.ScheduleID, "/query/schedule_id")
	if err != nil {
		return nil, err
	}
	if !id.IsZero() {
		one, err := s.opts.DB.Schedule(ctx, tenant, id)
		return []model.Schedule{one}, err
	}
	filter := repo.ScheduleFilter{ActiveOnly: true, Page: repo.Page{Limit: 1000}}
	for {
		found, next, err := s.opts.DB.ListSchedules(ctx, tenant, filter)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if filter.Cursor = next; next == "" {
			return all, nil
		}
	}
}

func dueTimes(schedule *model.Schedule, from, to time.Time, limit int) scheduleDueTimes {
	view := scheduleDueTimes{ScheduleID: schedule.ID.String(), Name: schedule.Name, FunctionName: schedule.FunctionName, Timezone: schedule.Timezone, Due: []timestamp{}}
	expression, err := cron.Parse(schedule.CronExpression)
	if err != nil {
		return view // one of an earlier version of the server: it is never due
	}
	zone, err := cron.Zone(schedule.Timezone)
	if err != nil {
		return view
	}
	for at := from.Add(-time.Nanosecond); ; {
		if at = expression.Next(at, zone); at.IsZero() || !at.Before(to) {
			return view
		}
		if len(view.Due) == limit {
			view.More = true
			return view
		}
		view.Due = append(view.Due, timestamp(at))
	}
}
