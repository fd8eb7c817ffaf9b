package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/repo"
)

func (s *Server) addRetries() {
	huma.Register(s.api, huma.Operation{
		OperationID: "retry-execution", Method: http.MethodPost, Path: "/api/v1/executions/{id}/retry", Tags: []string{"Executions"},
		Summary: "Run the function of an execution again, with the same input, as a new execution", DefaultStatus: http.StatusAccepted,
	}, s.retryExecution)
	huma.Register(s.api, huma.Operation{
		OperationID: "retry-executions", Method: http.MethodPost, Path: "/api/v1/executions/retry", Tags: []string{"Executions"},
		Summary: "Run again, with the same input, all that match and failed", DefaultStatus: http.StatusAccepted,
	}, s.retryExecutions)
}

type executionRetryInput struct {
	ExecutionPath
	Body *struct {
		From Optional[string] `json:"from,omitzero" nullable:"false" enum:"start,failed" doc:"failed is not built yet; start when left out"`
	} `required:"false"`
}

func (s *Server) retryExecution(ctx context.Context, in *executionRetryInput) (*executionResult, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if in.Body != nil && in.Body.From.Value == "failed" {
		return nil, notBuilt("from")
	}
	e, err := s.opts.DB.Execution(ctx, callFrom(ctx).tenant, id)
	if err != nil {
		return nil, err
	}
	if !e.Status.Final() {
		return nil, model.NewError(model.CodeExecutionNotOver, "The execution is %s: only one that is over can be run again.", e.Status)
	}
	if !e.RecordComplete {
		return nil, model.NewError(model.CodeRecordIncomplete,
			"The execution can't be run again: something in its record was cut for its length, or masked as secret. Send the input anew.")
	}
	return s.submit(ctx, again(&e), engine.Later{})
}

// again is the request that an execution was, with the same input.
func again(e *model.Execution) engine.RunRequest {
	return engine.RunRequest{
		Tenant: e.Tenant, Function: e.FunctionName, Input: e.Input, Request: looksLikeRequest(e.Input),
		Trigger: model.TriggerRetry, TriggerID: e.TriggerID, ParentID: e.ID,
	}
}

// looksLikeRequest reports whether an input has the form that a webhook gives
// to functions; its headers are looked up in any case then, as they were.
func looksLikeRequest(input json.RawMessage) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(input, &members) != nil {
		return false
	}
	for _, name := range []string{"body", "headers", "query", "path_params", "method", "url", "path"} {
		if _, found := members[name]; !found {
			return false
		}
	}
	return len(members) == 7
}

type executionsRetryInput struct {
	ExecutionMatch
}

type executionsRetryOutput struct {
	Body struct {
		Count int `json:"count" doc:"Executions that are run again; those whose record is not complete are left out"`
	}
}

// retriable are the states of what a bulk retry runs again.
var retriable = []model.Status{model.StatusFailed, model.StatusTimedOut, model.StatusCrashed}

func (s *Server) retryExecutions(ctx context.Context, in *executionsRetryInput) (*executionsRetryOutput, error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	if len(filter.Statuses) == 0 {
		filter.Statuses = retriable
	}
	filter.Statuses = slices.DeleteFunc(slices.Clone(filter.Statuses), func(status model.Status) bool { return !slices.Contains(retriable, status) })
	out := &executionsRetryOutput{}
	if len(filter.Statuses) == 0 {
		return out, nil // none of what is asked for has failed
	}
	filter.Page = repo.Page{Limit: retryPage}
	for {
		found, next, err := s.opts.DB.ListExecutions(ctx, callFrom(ctx).tenant, filter)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if e := &found[i]; e.RecordComplete {
				_, err := s.opts.Engine.Submit(ctx, again(e), engine.Later{Priority: model.PriorityLast})
				if model.CodeOf(err) == model.CodeFunctionNotFound {
					continue
				}
				if err != nil {
					return nil, err
				}
				out.Body.Count++
			}
		}
		if next == "" {
			return out, nil
		}
		filter.Cursor = next
	}
}

// retryPage is how many executions a bulk retry reads at a time.
const retryPage = 500
