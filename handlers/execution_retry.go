package handlers

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
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
	result, err := s.submit(ctx, again(&e), engine.Later{})
	if err != nil {
		return nil, err
	}
	if retry, err := model.ParseID(result.ExecutionID); err == nil {
		err = s.opts.DB.NoteRetry(ctx, e.Tenant, e.ID, retry)
		if err != nil { // the retry is stored; a bulk retry may do it once more
			s.opts.Log.Warn("that an execution was run again is not noted", slog.String("tenant", e.Tenant), slog.Any("execution_id", e.ID), slog.Any("error", err))
		}
	}
	return result, nil
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
		Count      int  `json:"count" doc:"Executions that are run again"`
		Incomplete int  `json:"incomplete" doc:"Those left out because their record is not complete"`
		Missing    int  `json:"missing" doc:"Those left out because their function is gone"`
		More       bool `json:"more" doc:"There may be more: this many are run again by one call. Repeat it"`
	}
}

// retriable are the states of what a bulk retry runs again.
var retriable = []model.Status{model.StatusFailed, model.StatusTimedOut, model.StatusCrashed}

const (
	// retryBatch is how many executions one transaction of a bulk retry takes.
	retryBatch = 500
	// mostRetries is how many executions one call looks at.
	mostRetries = 10_000
)

func (s *Server) retryExecutions(ctx context.Context, in *executionsRetryInput) (*executionsRetryOutput, error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	if len(filter.Statuses) == 0 {
		filter.Statuses = retriable
	}
	filter.Statuses = slices.DeleteFunc(slices.Clone(filter.Statuses), func(status model.Status) bool { return !slices.Contains(retriable, status) })
	// What fails from now on, a retry of this call for one, is not meant.
	if now := time.Now(); filter.Until.IsZero() || filter.Until.After(now) {
		filter.Until = now
	}
	out := &executionsRetryOutput{}
	if len(filter.Statuses) == 0 {
		return out, nil // none of what is asked for has failed
	}
	defer func() {
		if out.Body.Count > 0 {
			s.opts.Engine.Wake()
		}
	}()
	var after model.ID
	for seen := 0; seen < mostRetries; {
		found, err := s.opts.DB.Retriable(ctx, callFrom(ctx).tenant, filter, after, retryBatch)
		if err == nil {
			err = s.retryBatch(ctx, found, out)
		}
		if err != nil && out.Body.Count > 0 {
			// What was stored is stored: the caller must know of it.
			s.opts.Log.Warn("a bulk retry was broken off", slog.String("tenant", callFrom(ctx).tenant), slog.Any("error", err))
			break
		}
		if err != nil {
			return nil, err
		}
		if len(found) < retryBatch {
			return out, nil
		}
		seen += len(found)
		after = found[len(found)-1].ID
	}
	out.Body.More = true
	return out, nil
}

// retryBatch has executions run again, in one transaction.
func (s *Server) retryBatch(ctx context.Context, found []model.Execution, out *executionsRetryOutput) error {
	var runs []model.QueuedRun
	incomplete, missing := 0, 0
	for i := range found {
		if !found[i].RecordComplete {
			incomplete++
			continue
		}
		run, err := s.opts.Engine.Prepare(ctx, again(&found[i]), engine.Later{Priority: model.PriorityLast})
		switch {
		case model.CodeOf(err) == model.CodeFunctionNotFound:
			missing++
		case err != nil:
			return err
		default:
			runs = append(runs, run)
		}
	}
	stored, err := s.opts.DB.QueueRetries(ctx, callFrom(ctx).tenant, runs)
	if err != nil {
		return err
	}
	out.Body.Count += stored
	out.Body.Incomplete += incomplete
	out.Body.Missing += missing
	return nil
}
