package handlers

import (
	"context"
	"time"

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
	FunctionName string    `query:"function_name" maxLength:"255"`
	Statuses     []string  `query:"status,explode" enum:"pending,running,completed,failed,timed_out,cancelled,crashed"`
	Trigger      string    `query:"trigger_type" enum:"webhook,schedule,manual,retry,spawn"`
	TriggerID    string    `query:"trigger_id" format:"uuid"`
	Since        time.Time `query:"since" doc:"Created then or later"`
	Until        time.Time `query:"until" doc:"Created then or earlier"`
}

func (in *ExecutionMatch) filter() (filter repo.ExecutionFilter, err error) {
	filter = repo.ExecutionFilter{FunctionName: in.FunctionName, Trigger: model.Trigger(in.Trigger), Since: in.Since, Until: in.Until}
	for _, status := range in.Statuses {
		filter.Statuses = append(filter.Statuses, model.Status(status))
	}
	if in.TriggerID != "" {
		if filter.TriggerID, err = model.ParseID(in.TriggerID); err != nil {
			return filter, invalidAt("/query/trigger_id", "is not an id")
		}
	}
	return filter, nil
}

type executionListInput struct {
	PageInput
	ExecutionMatch
}

func (s *Server) listExecutions(ctx context.Context, in *executionListInput) (*pageOutput[executionView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	filter.Page = page
	found, next, err := s.opts.DB.ListExecutions(ctx, callFrom(ctx).tenant, filter)
	if err != nil {
		return nil, err
	}
	return newPage(&in.PageInput, found, next, viewExecution), nil
}

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
}

func (s *Server) listSteps(ctx context.Context, in *stepListInput) (*pageOutput[stepView], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.opts.DB.Steps(ctx, callFrom(ctx).tenant, id, page)
	if err != nil {
		return nil, err
	}
	return newPage(&in.PageInput, found, next, viewStep), nil
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

// ownExecution makes sure that an execution is the subtenant's. One that is
// under way has no row for its first 250 ms, and nil is returned; its log says
// whose it is just as well.
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
