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
	// Running reports whether this server starts due schedules.
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

var createScheduleOp = huma.Operation{OperationID: "create-schedule", Summary: "Run a function at set times", DefaultStatus: http.StatusCreated}

func (s *Server) createSchedule(ctx context.Context, in *scheduleCreateInput) (*scheduleCreated, error) {
	if problems := in.Body.ownedProblems(nil); len(problems) > 0 {
		return nil, invalid(problems...)
	}
	made := newSchedule(in.Body.Name, in.Body.FunctionName, in.Body.CronExpression)
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

// newSchedule is a schedule with the defaults.
func newSchedule(name, function, expression string) model.Schedule {
	return model.Schedule{
		Name: name, FunctionName: function, CronExpression: expression, Timezone: "UTC",
		Input: json.RawMessage("{}"), IsActive: true, Overlap: model.OverlapAllow, CatchUp: model.CatchUpNone, MaxInstances: defaultInstances,
	}
}
