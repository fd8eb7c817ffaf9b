package handlers

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
)

type executionCreateInput struct {
	Prefer string `header:"Prefer" doc:"respond-async is the same as mode async"`
	Key    string `header:"Idempotency-Key" maxLength:"255" doc:"A repeat with the same key within 24 hours gets the first one's answer and runs nothing"`
	Body   struct {
		FunctionName   string                    `json:"function_name" minLength:"1" maxLength:"255"`
		Input          Optional[json.RawMessage] `json:"input_data,omitzero" doc:"Any JSON value; {} when left out"`
		Version        Optional[int]             `json:"function_version,omitzero" minimum:"1" maximum:"2147483647" doc:"Of the function, with the packages and siblings of the present; the current one when left out. For mode sync"`
		Mode           Optional[string]          `json:"mode,omitzero" enum:"sync,async" doc:"async answers 202 as soon as the run is stored; sync when left out"`
		Priority       Optional[int]             `json:"priority,omitzero" minimum:"1" maximum:"4" doc:"Of a run that waits, mode async: 1 is the first to be run; 2 when left out"`
		IdempotencyKey Optional[string]          `json:"idempotency_key,omitzero" minLength:"1" maxLength:"255" doc:"The same as the header Idempotency-Key"`
	}
}

type executionResult struct {
	Status      int
	ExecutionID string `header:"X-Execution-ID"`
	Location    string `header:"Location" doc:"Of the execution, with 202"`
	Record      string `header:"X-Maestro-Record" enum:"spooled,unsaved" doc:"Where the record of a run is that the database did not confirm in time"`
	Preference  string `header:"Preference-Applied" doc:"respond-async, when that was asked for"`
	Body        struct {
		Success     bool            `json:"success,omitempty" doc:"With 200"`
		ExecutionID string          `json:"execution_id" format:"uuid"`
		Result      json.RawMessage `json:"result,omitempty" doc:"With 200: what the function returned"`
		Status      model.Status    `json:"status,omitempty" enum:"pending" doc:"With 202"`
	}
}

func runFunctionOp() huma.Operation {
	return huma.Operation{
		OperationID: "run-function", Summary: "Run a function: wait for its result, or let it wait for its turn",
		Description: "With `Accept: text/event-stream` the items of a generator function are sent while it runs, each as an event with its JSON as data; " +
			"an event named `error` with the error envelope ends a stream that fails. Without it they are the array in `result`.",
		Responses: map[string]*huma.Response{"202": {Description: "Accepted: the run is pending, and Location is its address"}},
	}
}

// documentAccepted describes the 202 with the headers and the body of the 200.
func documentAccepted(operation *huma.Operation) {
	done, accepted := operation.Responses["200"], operation.Responses["202"]
	accepted.Headers, accepted.Content = maps.Clone(done.Headers), map[string]*huma.MediaType{}
	for name, content := range done.Content {
		accepted.Content[name] = &huma.MediaType{Schema: content.Schema}
	}
}

func (s *Server) runFunction(ctx context.Context, in *executionCreateInput) (*executionResult, error) {
	input := in.Body.Input.Value
	switch {
	case in.Body.Input.Null:
		input = json.RawMessage("null")
	case !in.Body.Input.Set:
		input = json.RawMessage("{}")
	}
	request := engine.RunRequest{
		Tenant: callFrom(ctx).tenant, Function: in.Body.FunctionName, Version: in.Body.Version.Value, Input: input, Trigger: model.TriggerManual,
		Origin: &callFrom(ctx).origin,
	}
	preferred := !in.Body.Mode.given() && prefersAsync(in.Prefer)
	if preferred || in.Body.Mode.Value == "async" {
		if in.Body.Version.given() {
			return nil, invalidAt("/function_version", "requires mode sync: an asynchronous run is of the version that is current when it begins")
		}
		out, err := s.submit(ctx, request, engine.Later{Priority: in.Body.Priority.Value})
		if err == nil && preferred {
			out.Preference = "respond-async"
		}
		return out, err
	}
	if in.Body.Priority.given() {
		return nil, invalidAt("/priority", "requires mode async: a synchronous run does not wait")
	}
	call := callFrom(ctx)
	request.Stream = acceptsEvents(call.c.Get(fiber.HeaderAccept))
	result, err := call.Run(contextOf(ctx), request)
	if err != nil {
		return nil, err
	}
	call.stream = result.Stream
	out := &executionResult{Status: http.StatusOK, ExecutionID: result.ExecutionID.String(), Record: result.Kept.String()}
	out.Body.Success, out.Body.ExecutionID, out.Body.Result = true, out.ExecutionID, result.Output
	return out, nil
}

// acceptsEvents reports whether an Accept header names server-sent events.
func acceptsEvents(header string) bool {
	for media := range strings.SplitSeq(header, ",") {
		name, _, _ := strings.Cut(media, ";")
		if strings.EqualFold(strings.TrimSpace(name), mediaEventStream) {
			return true
		}
	}
	return false
}

// prefersAsync reads a Prefer header (RFC 7240).
func prefersAsync(header string) bool {
	for preference := range strings.SplitSeq(header, ",") {
		name, _, _ := strings.Cut(preference, ";")
		if strings.EqualFold(strings.TrimSpace(name), "respond-async") {
			return true
		}
	}
	return false
}
