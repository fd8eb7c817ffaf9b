package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"maestro/examples"
)

type exampleListInput struct {
	BaseInput
	RequiresAuth bool `query:"requires_auth" doc:"The webhooks require a token: for a subtenant that is not the first to use their public paths"`
}

// The examples have names of their own in the OpenAPI document, beside those of stored
// functions, webhooks and schedules.
type (
	exampleFunction struct{ examples.Function }
	exampleWebhook  struct {
		examples.Webhook
		RequiresAuth bool `json:"requires_auth"`
	}
	exampleSchedule struct{ examples.Schedule }
)

type exampleListOutput struct {
	Body struct {
		Functions []exampleFunction `json:"functions" nullable:"false"`
		Webhooks  []exampleWebhook  `json:"webhooks" nullable:"false"`
		Schedules []exampleSchedule `json:"schedules" nullable:"false"`
	}
}

var listExamplesOp = huma.Operation{
	OperationID: "list-examples", Summary: "The example functions, webhooks and schedules, as a body for POST /apply",
	Description: "Nothing is stored. They need no packages and no network.",
}

func (s *Server) listExamples(_ context.Context, in *exampleListInput) (*exampleListOutput, error) {
	out := &exampleListOutput{}
	functions, err := examples.Functions()
	if err != nil {
		return nil, err
	}
	for _, f := range functions {
		out.Body.Functions = append(out.Body.Functions, exampleFunction{f})
	}
	webhooks, err := examples.Webhooks()
	if err != nil {
		return nil, err
	}
	for _, w := range webhooks {
		out.Body.Webhooks = append(out.Body.Webhooks, exampleWebhook{w, in.RequiresAuth})
	}
	schedules, err := examples.Schedules(in.base)
	if err != nil {
		return nil, err
	}
	for _, one := range schedules {
		out.Body.Schedules = append(out.Body.Schedules, exampleSchedule{one})
	}
	return out, nil
}
