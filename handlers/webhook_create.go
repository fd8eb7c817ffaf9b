package handlers

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"maestro/internal/model"
)

// BaseInput has the URL by which the client reaches the server, for the URLs in
// the response.
type BaseInput struct{ base string }

// Resolve implements huma.Resolver.
func (b *BaseInput) Resolve(ctx huma.Context) []error {
	b.base = callFrom(ctx.Context()).server.baseURL(humafiber.Unwrap(ctx))
	return nil
}

type webhookCreateInput struct {
	BaseInput
	Body struct {
		Path         string `json:"path" maxLength:"255" doc:"Without a leading slash; a whole segment {name} is a parameter" example:"orders/{id}"`
		FunctionName string `json:"function_name" maxLength:"255"`
		WebhookFields
	}
}

type webhookCreated struct {
	Location string `header:"Location"`
	Body     webhookView
}

type webhookOutput struct{ Body webhookView }

// WebhookPath names a webhook in an address.
type WebhookPath struct {
	BaseInput
	ID string `path:"id"`
}

var createWebhookOp = huma.Operation{OperationID: "create-webhook", Summary: "Bind a path to a function", DefaultStatus: http.StatusCreated}

func (s *Server) createWebhook(ctx context.Context, in *webhookCreateInput) (*webhookCreated, error) {
	if problems := in.Body.ownedProblems(nil); len(problems) > 0 {
		return nil, invalid(problems...)
	}
	w := model.Webhook{
		Path: in.Body.Path, FunctionName: in.Body.FunctionName, Method: http.MethodPost,
		RequiresAuth: s.opts.WebhooksRequireAuth, InputMode: model.InputAuto, ResponseMode: model.ResponseEnvelope, IsActive: true,
	}
	if err := in.Body.applyTo(&w, s.opts.WebhooksRequireAuth); err != nil {
		return nil, err
	}
	made, err := s.opts.DB.CreateWebhook(ctx, callFrom(ctx).tenant, w)
	if err != nil {
		return nil, functionOfBody(err, w.FunctionName)
	}
	s.WebhooksChanged()
	return &webhookCreated{Location: "/api/v1/webhooks/" + made.ID.String(), Body: s.viewWebhook(ctx, in.base, made)}, nil
}

// functionOfBody turns a function_not_found into a fault of the body, because
// the address of the request exists.
func functionOfBody(err error, name string) error {
	if model.CodeOf(err) == model.CodeFunctionNotFound {
		return invalidAt("/function_name", "there is no function %q; create it first", name)
	}
	if model.CodeOf(err) == model.CodeFunctionIsModule {
		return invalidAt("/function_name", "%q is a module, which can't be run; name a function that imports it", name)
	}
	return err
}
