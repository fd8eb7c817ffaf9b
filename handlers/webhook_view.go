package handlers

import (
	"context"
	"encoding/json"

	"maestro/handlers/webhook"
	"maestro/internal/model"
)

// webhookView is a webhook as the API shows it.
type webhookView struct {
	ID                 string             `json:"id" format:"uuid"`
	Path               string             `json:"path"`
	FunctionName       string             `json:"function_name"`
	Method             string             `json:"http_method" enum:"GET,HEAD,POST,PUT,DELETE,PATCH,OPTIONS,ANY"`
	Description        *string            `json:"description"`
	DefaultValues      json.RawMessage    `json:"default_values"`
	RequiresAuth       bool               `json:"requires_auth"`
	InputMode          model.InputMode    `json:"input_mode" enum:"auto,request,body"`
	EffectiveInputMode model.InputMode    `json:"effective_input_mode" enum:"request,body" doc:"The mode that input_mode auto selects for the current input schema of the function"`
	ResponseMode       model.ResponseMode `json:"response_mode" enum:"envelope,raw"`
	Signature          json.RawMessage    `json:"signature" doc:"How callers sign; null: no signature"`
	IsActive           bool               `json:"is_active"`
	URL                string             `json:"url" doc:"Its address"`
	SubtenantURL       string             `json:"subtenant_url" doc:"A second address, which no other subtenant can take"`
	Access             string             `json:"access" doc:"The callers that it accepts, in words"`
	Digest             string             `json:"digest" doc:"Of the members that its author sets, for base in POST /apply"`
	CreatedAt          timestamp          `json:"created_at"`
	UpdatedAt          timestamp          `json:"updated_at"`
}

// viewWebhook shows a webhook. base is the URL by which the client reaches the
// server.
func (s *Server) viewWebhook(ctx context.Context, base string, w model.Webhook) webhookView {
	return webhookView{
		ID: w.ID.String(), Path: w.Path, FunctionName: w.FunctionName, Method: w.Method,
		Description: w.Description, DefaultValues: w.DefaultValues, RequiresAuth: w.RequiresAuth,
		InputMode: w.InputMode, EffectiveInputMode: s.webhooks.InputMode(ctx, &w), ResponseMode: w.ResponseMode,
		Signature: w.Signature, IsActive: w.IsActive, URL: base + webhook.Prefix + w.Path,
		SubtenantURL: base + webhook.Prefix + "@" + w.Tenant + "/" + w.Path, Access: accessOf(&w),
		Digest: webhookMembers(&w).digest(), CreatedAt: timestamp(w.CreatedAt), UpdatedAt: timestamp(w.UpdatedAt),
	}
}

func accessOf(w *model.Webhook) string {
	switch {
	case !w.IsActive:
		return "It can't be called: it is not active."
	case w.RequiresAuth && w.Signature != nil:
		return "Only callers with a valid token of this subtenant can call it, and only with a valid signature."
	case w.Signature != nil:
		return "Every caller who signs the call with its secret can call it, without a token."
	case w.RequiresAuth:
		return "Only callers with a valid token of this subtenant can call it."
	default:
		return "Every caller who knows the URL can call it, without a token."
	}
}
