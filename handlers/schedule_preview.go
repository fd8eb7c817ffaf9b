package handlers

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/cron"
	"maestro/internal/model"
)

type schedulePreviewInput struct {
	CronExpression string `query:"cron_expression" required:"true" example:"0 9 * * 1-5" doc:"As that of a schedule"`
	Timezone       string `query:"timezone" default:"UTC" example:"Europe/Paris" doc:"Of the IANA database"`
	Count          int    `query:"count" minimum:"1" maximum:"100" default:"10" doc:"How many due times at most"`
}

type schedulePreviewOutput struct {
	Body struct {
		Times []timestamp `json:"times" nullable:"false" doc:"The next ones, in UTC"`
	}
}

var schedulePreviewOp = huma.Operation{
	OperationID: "preview-schedule", Summary: "Check a cron expression and list its next due times",
	Description: "Of an expression that need not belong to a schedule. Nothing is stored.",
}

func (s *Server) previewSchedule(_ context.Context, in *schedulePreviewInput) (*schedulePreviewOutput, error) {
	var problems []model.Problem
	expression, err := cron.Parse(in.CronExpression)
	if err != nil {
		problems = append(problems, model.Problem{Pointer: "/query/cron_expression", Message: err.Error()})
	}
	zone, err := cron.Zone(in.Timezone)
	if err != nil {
		problems = append(problems, model.Problem{Pointer: "/query/timezone", Message: err.Error()})
	}
	if len(problems) > 0 {
		return nil, invalid(problems...)
	}
	out := &schedulePreviewOutput{}
	at := time.Now()
	for range in.Count {
		if at = expression.Next(at, zone); at.IsZero() {
			break
		}
		out.Body.Times = append(out.Body.Times, timestamp(at))
	}
	return out, nil
}
