package handlers

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/repo"
)

type webhookListInput struct {
	PageInput
	BaseInput
	FunctionName string `query:"function_name" maxLength:"255"`
	ActiveOnly   bool   `query:"active_only" doc:"Leave inactive ones out"`
}

var listWebhooksOp = huma.Operation{OperationID: "list-webhooks", Summary: "List webhooks"}

func (s *Server) listWebhooks(ctx context.Context, in *webhookListInput) (*pageOutput[webhookView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.opts.DB.ListWebhooks(ctx, callFrom(ctx).tenant, repo.WebhookFilter{
		FunctionName: in.FunctionName, ActiveOnly: in.ActiveOnly, Page: page,
	})
	if err != nil {
		return nil, err
	}
	return newPage(&in.PageInput, found, next, func(w model.Webhook) webhookView { return s.viewWebhook(ctx, in.base, w) }), nil
}

var getWebhookOp = huma.Operation{OperationID: "get-webhook", Summary: "Get a webhook"}

func (s *Server) getWebhook(ctx context.Context, in *WebhookPath) (*webhookOutput, error) {
	id, err := pathID(in.ID, model.CodeWebhookNotFound, "webhook")
	if err != nil {
		return nil, err
	}
	w, err := s.opts.DB.Webhook(ctx, callFrom(ctx).tenant, id)
	if err != nil {
		return nil, err
	}
	return &webhookOutput{Body: s.viewWebhook(ctx, in.base, w)}, nil
}

type webhookUpdateInput struct {
	WebhookPath
	Body struct {
		Path         Optional[string] `json:"path,omitzero" nullable:"false" maxLength:"255"`
		FunctionName Optional[string] `json:"function_name,omitzero" nullable:"false" maxLength:"255"`
		WebhookFields
	}
}

var updateWebhookOp = huma.Operation{OperationID: "update-webhook", Summary: "Change a webhook: any subset of its members"}

func (s *Server) updateWebhook(ctx context.Context, in *webhookUpdateInput) (*webhookOutput, error) {
	id, err := pathID(in.ID, model.CodeWebhookNotFound, "webhook")
	if err != nil {
		return nil, err
	}
	changed, err := s.opts.DB.UpdateWebhook(ctx, callFrom(ctx).tenant, id, func(w *model.Webhook) error {
		stored := s.viewWebhook(ctx, in.base, *w)
		problems := in.Body.ownedProblems(&stored)
		if in.Body.Path.Null {
			problems = append(problems, model.Problem{Pointer: "/path", Message: "must not be null: a webhook needs a path"})
		}
		if in.Body.FunctionName.Null {
			problems = append(problems, model.Problem{Pointer: "/function_name", Message: "must not be null: a webhook needs a function"})
		}
		if len(problems) > 0 {
			return invalid(problems...)
		}
		in.Body.Path.applyTo(&w.Path)
		in.Body.FunctionName.applyTo(&w.FunctionName)
		return in.Body.WebhookFields.applyTo(w, s.opts.WebhooksRequireAuth)
	})
	if err != nil {
		return nil, functionOfBody(err, in.Body.FunctionName.Value)
	}
	s.WebhooksChanged()
	return &webhookOutput{Body: s.viewWebhook(ctx, in.base, changed)}, nil
}

var deleteWebhookOp = huma.Operation{OperationID: "delete-webhook", Summary: "Delete a webhook", DefaultStatus: http.StatusNoContent}

func (s *Server) deleteWebhook(ctx context.Context, in *WebhookPath) (*struct{}, error) {
	id, err := pathID(in.ID, model.CodeWebhookNotFound, "webhook")
	if err != nil {
		return nil, err
	}
	if err := s.opts.DB.DeleteWebhook(ctx, callFrom(ctx).tenant, id); err != nil {
		return nil, err
	}
	s.WebhooksChanged()
	return nil, nil
}
