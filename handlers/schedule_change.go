package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/repo"
)

type scheduleListInput struct {
	PageInput
	FunctionName string `query:"function_name" maxLength:"255"`
	ActiveOnly   bool   `query:"active_only" doc:"Leave inactive ones out"`
}

var listSchedulesOp = huma.Operation{OperationID: "list-schedules", Summary: "List schedules"}

func (s *Server) listSchedules(ctx context.Context, in *scheduleListInput) (*pageOutput[scheduleView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.opts.DB.ListSchedules(ctx, callFrom(ctx).tenant, repo.ScheduleFilter{
		FunctionName: in.FunctionName, ActiveOnly: in.ActiveOnly, Page: page,
	})
	if err != nil {
		return nil, err
	}
	return newPage(&in.PageInput, found, next, viewSchedule), nil
}

var getScheduleOp = huma.Operation{OperationID: "get-schedule", Summary: "Get a schedule"}

func (s *Server) getSchedule(ctx context.Context, in *SchedulePath) (*scheduleOutput, error) {
	id, err := pathID(in.ID, model.CodeScheduleNotFound, "schedule")
	if err != nil {
		return nil, err
	}
	found, err := s.opts.DB.Schedule(ctx, callFrom(ctx).tenant, id)
	if err != nil {
		return nil, err
	}
	return &scheduleOutput{Body: viewSchedule(found)}, nil
}

type scheduleUpdateInput struct {
	SchedulePath
	Body struct {
		Name           Optional[string] `json:"name,omitzero" nullable:"false" minLength:"1" maxLength:"255"`
		FunctionName   Optional[string] `json:"function_name,omitzero" nullable:"false" minLength:"1" maxLength:"255"`
		CronExpression Optional[string] `json:"cron_expression,omitzero" nullable:"false" minLength:"1" maxLength:"255"`
		ScheduleFields
	}
}

var updateScheduleOp = huma.Operation{OperationID: "update-schedule", Summary: "Change a schedule: any subset of its members"}

func (s *Server) updateSchedule(ctx context.Context, in *scheduleUpdateInput) (*scheduleOutput, error) {
	id, err := pathID(in.ID, model.CodeScheduleNotFound, "schedule")
	if err != nil {
		return nil, err
	}
	changed, err := s.opts.DB.UpdateSchedule(ctx, callFrom(ctx).tenant, id, func(stored *model.Schedule) error {
		view, before := viewSchedule(*stored), *stored
		problems := in.Body.ownedProblems(&view)
		for pointer, null := range map[string]bool{
			"/name": in.Body.Name.Null, "/function_name": in.Body.FunctionName.Null, "/cron_expression": in.Body.CronExpression.Null,
		} {
			if null {
				problems = append(problems, model.Problem{Pointer: pointer, Message: "must not be null: a schedule needs it"})
			}
		}
		if len(problems) > 0 {
			return invalid(problems...)
		}
		in.Body.Name.applyTo(&stored.Name)
		in.Body.FunctionName.applyTo(&stored.FunctionName)
		in.Body.CronExpression.applyTo(&stored.CronExpression)
		if err := in.Body.applyTo(stored); err != nil {
			return err
		}
		return setNextRun(stored, &before, time.Now())
	})
	if err != nil {
		return nil, functionOfBody(err, in.Body.FunctionName.Value)
	}
	return &scheduleOutput{Body: viewSchedule(changed)}, nil
}

var deleteScheduleOp = huma.Operation{OperationID: "delete-schedule", Summary: "Delete a schedule", DefaultStatus: http.StatusNoContent}

func (s *Server) deleteSchedule(ctx context.Context, in *SchedulePath) (*struct{}, error) {
	id, err := pathID(in.ID, model.CodeScheduleNotFound, "schedule")
	if err != nil {
		return nil, err
	}
	return nil, s.opts.DB.DeleteSchedule(ctx, callFrom(ctx).tenant, id)
}

type scheduleStarted struct {
	Location    string `header:"Location"`
	ExecutionID string `header:"X-Execution-ID"`
	Body        struct {
		ExecutionID string       `json:"execution_id" format:"uuid"`
		Status      model.Status `json:"status" enum:"pending"`
	}
}

var runScheduleOp = huma.Operation{
	OperationID: "run-schedule", Summary: "Run a schedule now",
	Description:   "Besides its times, also when it is not active; overlap and max_instances do not count. next_run stays.",
	DefaultStatus: http.StatusAccepted,
}

func (s *Server) runSchedule(ctx context.Context, in *SchedulePath) (*scheduleStarted, error) {
	id, err := pathID(in.ID, model.CodeScheduleNotFound, "schedule")
	if err != nil {
		return nil, err
	}
	if err := s.scheduleFits(ctx, id); err != nil {
		return nil, err
	}
	execution, err := s.opts.Scheduler.Run(ctx, callFrom(ctx).tenant, id)
	if err != nil {
		return nil, err
	}
	out := &scheduleStarted{Location: "/api/v1/executions/" + execution.String(), ExecutionID: execution.String()}
	out.Body.ExecutionID, out.Body.Status = out.ExecutionID, model.StatusPending
	return out, nil
}

// scheduleFits refuses to run a schedule now whose input does not fit its
// function. At a due time, without a caller, such a run is recorded as failed.
func (s *Server) scheduleFits(ctx context.Context, id model.ID) error {
	schedule, err := s.opts.DB.Schedule(ctx, callFrom(ctx).tenant, id)
	if err != nil {
		return err
	}
	plan, err := s.opts.Engine.Plan(ctx, schedule.Tenant, schedule.FunctionName)
	if err != nil {
		return nil // the scheduler reports this
	}
	_, err = s.opts.Engine.Prepare(ctx, plan, engine.RunRequest{
		Tenant: schedule.Tenant, Function: schedule.FunctionName, Input: schedule.Input, Trigger: model.TriggerSchedule, TriggerID: id,
	}, engine.Later{Fitting: true})
	if model.CodeOf(err) == model.CodeInputInvalid {
		return err
	}
	return nil // the scheduler reports the rest too
}
