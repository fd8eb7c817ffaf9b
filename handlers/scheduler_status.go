package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"maestro/repo"
)

// jobView is an active schedule in the scheduler's status.
type jobView struct {
	ID      string    `json:"id" format:"uuid"`
	Name    string    `json:"name"`
	NextRun timestamp `json:"next_run" nullable:"true"`
	Trigger string    `json:"trigger" doc:"Its expression and time zone" example:"cron: 0 9 * * * (Europe/Paris)"`
}

type schedulerStatusOutput struct {
	Body struct {
		Status string    `json:"status" enum:"running,stopped" doc:"Of this server's scheduler"`
		Jobs   []jobView `json:"jobs" nullable:"false"`
		Total  int       `json:"total_jobs"`
	}
}

func schedulerStatusOp(id string) huma.Operation {
	return huma.Operation{OperationID: id, Summary: "List the active schedules with their next runs"}
}

// schedulerStatus lists all active schedules of the caller's subtenant.
func (s *Server) schedulerStatus(ctx context.Context, _ *struct{}) (*schedulerStatusOutput, error) {
	out := &schedulerStatusOutput{}
	out.Body.Status = "stopped"
	if s.opts.Scheduler.Running() {
		out.Body.Status = "running"
	}
	out.Body.Jobs = []jobView{}
	filter := repo.ScheduleFilter{ActiveOnly: true, Page: repo.Page{Limit: 1000}}
	for {
		found, next, err := s.opts.DB.ListSchedules(ctx, callFrom(ctx).tenant, filter)
		if err != nil {
			return nil, err
		}
		for _, schedule := range found {
			view := viewSchedule(schedule)
			out.Body.Jobs = append(out.Body.Jobs, jobView{
				ID: view.ID, Name: view.Name, NextRun: view.NextRun, Trigger: "cron: " + view.CronExpression + " (" + view.Timezone + ")",
			})
		}
		if next == "" {
			out.Body.Total = len(out.Body.Jobs)
			return out, nil
		}
		filter.Cursor = next
	}
}
