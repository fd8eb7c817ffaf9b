package handlers

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
)

type executionRetryInput struct {
	ExecutionPath
	Body *struct {
		From Optional[string] `json:"from,omitzero" nullable:"false" enum:"start,failed" doc:"start, with the recorded input, which must be whole there: 409 record_incomplete otherwise; the record of the output does not matter; failed is not built yet. start when left out"`
	} `required:"false"`
}

var retryExecutionOp = huma.Operation{
	OperationID: "retry-execution", Summary: "Run the function of an execution again, with the same input, as a new execution", DefaultStatus: http.StatusAccepted,
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
		return nil, model.NewError(model.CodeExecutionNotOver, "The execution is %s. Only an execution that has ended can be retried.", e.Status)
	}
	if !e.InputComplete {
		return nil, model.NewError(model.CodeRecordIncomplete,
			"The execution can't be retried: its input was truncated in the record for its length, or masked as secret. Send the input in a new request.")
	}
	request := again(e.Tenant, e.FunctionName, e.ID, e.TriggerID, e.Input)
	request.Repeats = e.TraceParent
	result, err := s.submit(ctx, request, engine.Later{})
	if err != nil {
		return nil, err
	}
	if retry, err := model.ParseID(result.ExecutionID); err == nil {
		err = s.opts.DB.NoteRetry(ctx, e.Tenant, e.ID, retry)
		if err != nil { // the retry is stored; a bulk retry may repeat it
			s.opts.Log.Warn("the retry of an execution could not be noted", slog.String("tenant", e.Tenant), slog.Any("execution_id", e.ID), slog.Any("error", err))
		}
	}
	return result, nil
}

// again is the request of an execution, with the same input.
func again(tenant, function string, id, triggerID model.ID, input json.RawMessage) engine.RunRequest {
	return engine.RunRequest{
		Tenant: tenant, Function: function, Input: input, Request: engine.RequestShaped(input),
		Trigger: model.TriggerRetry, TriggerID: triggerID, ParentID: id,
	}
}
