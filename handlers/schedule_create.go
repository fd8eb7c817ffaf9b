package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

// Scheduler starts the runs of schedules.
type Scheduler interface {
	// Running reports whether this server starts what is due.
	Running() bool
	// Run starts a schedule now and returns the id of the pending execution.
	Run(ctx context.Context, tenant string, id model.ID) (model.ID, error)
}

type scheduleCreateInput struct {
	Body struct {
		Name           string `json:"name" minLength:"1" maxLength:"255" example:"daily-hello"`
		FunctionName   string `json:"function_name" minLength:"1" maxLength:"255"`
		CronExpression string `json:"cron_expression" minLength:"1" maxLength:"255" doc:"Five fields, or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually" example:"0 9 * * *"`
		ScheduleFields
	}
}

type scheduleCreated struct {
	Location string `header:"Location"`
	Body     scheduleView
}

type scheduleOutput struct{ Body scheduleView }

// SchedulePath names a schedule in an address.
type SchedulePath struct {
	ID string `path:"id"`
}

func (s *Server) addSchedules() {
	tags := []string{"Schedules"}
	huma.Register(s.api, huma.Operation{
		OperationID: "create-schedule", Method: http.MethodPost, Path: "/api/v1/schedules", Tags: tags,
		Summary: "Run a function at set times", DefaultStatus: http.StatusCreated, MaxBodyBytes: -1,
	}, s.createSchedule)
	huma.Register(s.api, huma.Operation{
		OperationID: "list-schedules", Method: http.MethodGet, Path: "/api/v1/schedules", Tags: tags, Summary: "List schedules",
	}, s.listSchedules)
	huma.Register(s.api, huma.Operation{
		OperationID: "get-schedule", Method: http.MethodGet, Path: "/api/v1/schedules/{id}", Tags: tags, Summary: "Get a schedule",
	}, s.getSchedule)
	huma.Register(s.api, huma.Operation{
		OperationID: "update-schedule", Method: http.MethodPut, Path: "/api/v1/schedules/{id}", Tags: tags,
		Summary: "Change a schedule: any subset of its members", MaxBodyBytes: -1,
	}, s.updateSchedule)
	huma.Register(s.api, huma.Operation{
		OperationID: "delete-schedule", Method: http.MethodDelete, Path: "/api/v1/schedules/{id}", Tags: tags,
		Summary: "Delete a schedule", DefaultStatus: http.StatusNoContent,
	}, s.deleteSchedule)
	huma.Register(s.api, huma.Operation{
		OperationID: "run-schedule", Method: http.MethodPost, Path: "/api/v1/schedules/{id}/run", Tags: tags,
		Summary:       "Run a schedule now",
		Description:   "Besides its times, also when it is not active; overlap and max_instances do not count. next_run stays.",
		DefaultStatus: http.StatusAccepted,
	}, s.runSchedule)
	for id, path := range map[string]string{"scheduler-status": "/api/v1/scheduler/status", "scheduler-status-at-the-root": "/scheduler/status"} {
		huma.Register(s.api, huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Tags: tags, Summary: "What runs next",
		}, s.schedulerStatus)
	}
}

func (s *Server) createSchedule(ctx context.Context, in *scheduleCreateInput) (*scheduleCreated, error) {
	if problems := in.Body.ownedProblems(nil); len(problems) > 0 {
		return nil, invalid(problems...)
	}
	made := model.Schedule{
		Name: in.Body.Name, FunctionName: in.Body.FunctionName, CronExpression: in.Body.CronExpression, Timezone: "UTC",
		Input: json.RawMessage("{}"), IsActive: true, Overlap: model.OverlapAllow, CatchUp: model.CatchUpNone, MaxInstances: defaultInstances,
	}
	if err := in.Body.applyTo(&made); err != nil {
		return nil, err
	}
	if err := setNextRun(&made, nil, time.Now()); err != nil {
		return nil, err
	}
	made, err := s.opts.DB.CreateSchedule(ctx, callFrom(ctx).tenant, made)
	if err != nil {
		return nil, functionOfBody(err, in.Body.FunctionName)
	}
	return &scheduleCreated{Location: "/api/v1/schedules/" + made.ID.String(), Body: viewSchedule(made)}, nil
}
