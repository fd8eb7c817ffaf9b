package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
)

type executionCreateInput struct {
	Prefer string `header:"Prefer" doc:"respond-async is not built yet"`
	Key    string `header:"Idempotency-Key" maxLength:"255" doc:"A repeat with the same key within 24 hours gets the first one's answer and runs nothing"`
	Body   struct {
		FunctionName   string                    `json:"function_name" minLength:"1" maxLength:"255"`
		Input          Optional[json.RawMessage] `json:"input_data,omitzero" doc:"Any JSON value; {} when left out"`
		Mode           Optional[string]          `json:"mode,omitzero" enum:"sync,async" doc:"async is not built yet"`
		Priority       Optional[int]             `json:"priority,omitzero" minimum:"1" maximum:"4" doc:"Not built yet"`
		IdempotencyKey Optional[string]          `json:"idempotency_key,omitzero" minLength:"1" maxLength:"255" doc:"The same as the header Idempotency-Key"`
	}
}

type executionResult struct {
	ExecutionID string `header:"X-Execution-ID"`
	Body        struct {
		Success     bool            `json:"success"`
		ExecutionID string          `json:"execution_id" format:"uuid"`
		Result      json.RawMessage `json:"result" doc:"What the function returned"`
	}
}

func (s *Server) addExecutions() {
	huma.Register(s.api, huma.Operation{
		OperationID: "run-function", Method: http.MethodPost, Path: "/api/v1/executions", Tags: []string{"Executions"},
		Summary: "Run a function and wait for its result", MaxBodyBytes: -1,
	}, s.runFunction)
	huma.Register(s.api, huma.Operation{
		OperationID: "list-executions", Method: http.MethodGet, Path: "/api/v1/executions", Tags: []string{"Executions"},
		Summary: "List executions, newest first",
	}, s.listExecutions)
	huma.Register(s.api, huma.Operation{
		OperationID: "get-execution", Method: http.MethodGet, Path: "/api/v1/executions/{id}", Tags: []string{"Executions"},
		Summary: "Get an execution",
	}, s.getExecution)
	huma.Register(s.api, huma.Operation{
		OperationID: "list-steps", Method: http.MethodGet, Path: "/api/v1/executions/{id}/steps", Tags: []string{"Executions"},
		Summary: "List the sibling calls of an execution, in start order",
	}, s.listSteps)
	huma.Register(s.api, huma.Operation{
		OperationID: "read-log", Method: http.MethodGet, Path: "/api/v1/executions/{id}/logs", Tags: []string{"Executions"},
		Summary: "Read the log of an execution",
	}, s.readLog)
	huma.Register(s.api, huma.Operation{
		OperationID: "cancel-execution", Method: http.MethodPost, Path: "/api/v1/executions/{id}/cancel", Tags: []string{"Executions"},
		Summary: "Ask a run to stop", DefaultStatus: http.StatusAccepted,
	}, s.cancelExecution)
}

func (s *Server) runFunction(ctx context.Context, in *executionCreateInput) (*executionResult, error) {
	switch {
	case in.Body.Mode.Value == "async":
		return nil, notBuilt("mode")
	case in.Body.Priority.given():
		return nil, notBuilt("priority")
	case strings.Contains(strings.ToLower(in.Prefer), "respond-async"):
		return nil, notBuilt("Prefer: respond-async")
	}
	input := in.Body.Input.Value
	switch {
	case in.Body.Input.Null:
		input = json.RawMessage("null")
	case !in.Body.Input.Set:
		input = json.RawMessage("{}")
	}
	call := callFrom(ctx)
	result, err := s.run(contextOf(ctx), call, engine.RunRequest{
		Tenant: call.tenant, Function: in.Body.FunctionName, Input: input, Trigger: model.TriggerManual,
	})
	if err != nil {
		return nil, err
	}
	out := &executionResult{ExecutionID: result.ExecutionID.String()}
	out.Body.Success, out.Body.ExecutionID, out.Body.Result = true, out.ExecutionID, result.Output
	return out, nil
}
