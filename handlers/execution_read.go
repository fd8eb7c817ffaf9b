package handlers

import (
	"cmp"
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/events"
	"maestro/internal/model"
	"maestro/repo"
)

// ExecutionPath names an execution in an address.
type ExecutionPath struct {
	ID string `path:"id"`
}

func (p *ExecutionPath) id() (model.ID, error) {
	return pathID(p.ID, model.CodeExecutionNotFound, "execution")
}

type executionOutput struct{ Body executionView }

// ExecutionMatch are the filters of a list of executions.
type ExecutionMatch struct {
	FunctionName string   `query:"function_name" json:"function_name,omitempty" minLength:"1" maxLength:"255"`
	Statuses     []string `query:"status,explode" json:"status,omitempty" nullable:"false" enum:"pending,running,completed,failed,timed_out,cancelled,crashed"`
	Trigger      string   `query:"trigger_type" json:"trigger_type,omitempty" enum:"webhook,schedule,manual,retry,spawn,alert"`
	TriggerID    string   `query:"trigger_id" json:"trigger_id,omitempty" format:"uuid" doc:"Of the webhook or schedule"`
	ParentID     string   `query:"parent_execution_id" json:"parent_execution_id,omitempty" format:"uuid" doc:"Retries of that execution, and runs that it spawned"`
	ErrorType    string   `query:"error_type" json:"error_type,omitempty" minLength:"1" maxLength:"1024" example:"ValueError" doc:"The name of the exception's class, in full as the record has it"`
	MinDuration  float64  `query:"min_duration_ms" json:"min_duration_ms,omitempty" minimum:"0" maximum:"1e12" doc:"Took so long or longer"`
	Since        Moment   `query:"since" json:"since,omitempty" example:"-24h" doc:"Created then or later: RFC 3339, a date (from its first moment in UTC), or an age such as -24h or -7d"`
	Until        Moment   `query:"until" json:"until,omitempty" example:"2026-11-29" doc:"Created then or earlier: RFC 3339, a date (to its last moment in UTC), or an age such as -1h"`
}

// filter converts the filters. at is the JSON pointer to them.
func (in *ExecutionMatch) filter(at string) (filter repo.ExecutionFilter, err error) {
	for name, text := range map[string]string{"function_name": in.FunctionName, "error_type": in.ErrorType} {
		if fault := unstorable([]byte(text)); fault != "" {
			return filter, unmatched(at+"/"+name, "The filter "+name, fault)
		}
	}
	filter = repo.ExecutionFilter{FunctionName: in.FunctionName, Trigger: model.Trigger(in.Trigger), ErrorType: in.ErrorType}
	for _, status := range in.Statuses {
		filter.Statuses = append(filter.Statuses, model.Status(status))
	}
	var triggerErr, parentErr, durationErr, sinceErr, untilErr error
	now := time.Now()
	filter.TriggerID, triggerErr = optionalID(in.TriggerID, at+"/trigger_id")
	filter.ParentID, parentErr = optionalID(in.ParentID, at+"/parent_execution_id")
	filter.MinDuration, durationErr = durationOf(in.MinDuration, at+"/min_duration_ms")
	filter.Since, sinceErr = in.Since.time(at+"/since", now, false)
	filter.Until, untilErr = in.Until.time(at+"/until", now, true)
	return filter, cmp.Or(triggerErr, parentErr, durationErr, sinceErr, untilErr)
}

type executionListInput struct {
	PageInput
	BriefInput
	ExecutionMatch
}

var listExecutionsOp = huma.Operation{OperationID: "list-executions", Summary: "List executions, newest first"}

func (s *Server) listExecutions(ctx context.Context, in *executionListInput) (*pageOutput[executionView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	page.Brief = in.Brief
	filter, err := in.filter("/query")
	if err != nil {
		return nil, err
	}
	filter.Page = page
	found, next, err := s.opts.DB.ListExecutions(ctx, callFrom(ctx).tenant, filter)
	if err != nil {
		return nil, err
	}
	if in.Brief {
		return newPage(&in.PageInput, found, next, briefExecution), nil
	}
	return newPage(&in.PageInput, found, next, viewExecution), nil
}

var getExecutionOp = huma.Operation{OperationID: "get-execution", Summary: "Get an execution"}

func (s *Server) getExecution(ctx context.Context, in *ExecutionPath) (*executionOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	e, err := s.opts.DB.Execution(ctx, callFrom(ctx).tenant, id)
	if err != nil {
		return nil, err
	}
	return &executionOutput{Body: viewExecution(e)}, nil
}

type stepListInput struct {
	ExecutionPath
	PageInput
	BriefInput
}

var listStepsOp = huma.Operation{OperationID: "list-steps", Summary: "List the sibling calls of an execution, in start order"}

func (s *Server) listSteps(ctx context.Context, in *stepListInput) (*pageOutput[stepView], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	page.Brief = in.Brief
	found, next, err := s.opts.DB.Steps(ctx, callFrom(ctx).tenant, id, page)
	if err != nil {
		return nil, err
	}
	if in.Brief {
		return newPage(&in.PageInput, found, next, briefStep), nil
	}
	return newPage(&in.PageInput, found, next, viewStep), nil
}

type stepPath struct {
	ExecutionPath
	StepID string `path:"step_id" doc:"Of a step of that execution"`
}

type stepOutput struct{ Body stepView }

var getStepOp = huma.Operation{OperationID: "get-step", Summary: "Get a sibling call of an execution"}

func (s *Server) getStep(ctx context.Context, in *stepPath) (*stepOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	stepID, err := pathID(in.StepID, model.CodeExecutionNotFound, "step")
	if err != nil {
		return nil, err
	}
	found, err := s.opts.DB.Step(ctx, callFrom(ctx).tenant, id, stepID)
	if err != nil {
		return nil, err
	}
	return &stepOutput{Body: viewStep(found)}, nil
}

type logInput struct {
	ExecutionPath
	Count int    `query:"count" minimum:"1" maximum:"1000" default:"100"`
	After string `query:"after" maxLength:"64" doc:"The id of the last entry that is known"`
}

type logOutput struct {
	Body struct {
		ExecutionID string         `json:"execution_id" format:"uuid"`
		Logs        []events.Entry `json:"logs" nullable:"false"`
		Total       int64          `json:"total_logs"`
	}
}

var readLogOp = huma.Operation{OperationID: "read-log", Summary: "Read the log of an execution"}

func (s *Server) readLog(ctx context.Context, in *logInput) (*logOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if _, err := s.ownExecution(ctx, callFrom(ctx).tenant, id); err != nil {
		return nil, err
	}
	entries, total, err := s.opts.Events.Read(ctx, id, in.After, in.Count)
	if err != nil {
		return nil, err
	}
	out := &logOutput{}
	out.Body.ExecutionID, out.Body.Total, out.Body.Logs = id.String(), total, entries
	if entries == nil {
		out.Body.Logs = []events.Entry{}
	}
	return out, nil
}

// ownExecution checks that an execution belongs to the subtenant. An execution
// has no row in the first 250 ms of its run: then its log tells the subtenant,
// and the result is nil.
func (s *Server) ownExecution(ctx context.Context, tenant string, id model.ID) (*model.Execution, error) {
	execution, missing := s.opts.DB.Execution(ctx, tenant, id)
	switch {
	case missing == nil:
		return &execution, nil
	case model.CodeOf(missing) != model.CodeExecutionNotFound:
		return nil, missing
	}
	first, _, err := s.opts.Events.Read(ctx, id, "", 1)
	if err != nil {
		return nil, err
	}
	if len(first) == 0 || first[0].Tenant != tenant {
		return nil, missing
	}
	return nil, nil
}
