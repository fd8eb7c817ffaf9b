package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/repo"
)

// refusalView are refused calls as the API shows them.
type refusalView struct {
	ID      string    `json:"id" format:"uuid"`
	Minute  timestamp `json:"minute" doc:"Its beginning"`
	Reason  string    `json:"reason" enum:"signature_missing,signature_malformed,signature_mismatch,signature_stale,no_secret" doc:"signature_malformed: not in the format of the scheme; signature_mismatch: it matches no stored secret; signature_stale: its time is too far from the server's; no_secret: none of the webhook's secrets is stored, or usable"`
	Address *string   `json:"address" doc:"Of the sender; null: of further senders, beyond the first five of a minute on each server"`
	Calls   int64     `json:"calls" doc:"How many of them there were in that minute"`
	LastAt  timestamp `json:"last_at" doc:"Of the last of them"`
	Method  string    `json:"http_method" doc:"Of the last of them"`
	Headers []string  `json:"header_names" nullable:"false" doc:"That the last of them had; the values are not kept"`
}

func viewRefusal(r repo.Refusal) refusalView {
	return refusalView{
		ID: r.ID.String(), Minute: timestamp(r.Minute), Reason: r.Reason, Address: shownText(r.Address), Calls: r.Calls, LastAt: timestamp(r.LastAt),
		Method: r.Method, Headers: orEmpty(r.Headers),
	}
}

type refusalListInput struct {
	WebhookPath
	PageInput
}

var listRefusalsOp = huma.Operation{
	OperationID: "list-webhook-refusals", Summary: "List the calls of a webhook that were refused for their signatures, newest first",
	Description: "One item stands for the calls of a minute from one address with one reason. They appear within seconds; the newest 50 are kept, as long as executions.",
}

func (s *Server) listRefusals(ctx context.Context, in *refusalListInput) (*pageOutput[refusalView], error) {
	id, err := pathID(in.ID, model.CodeWebhookNotFound, "webhook")
	if err != nil {
		return nil, err
	}
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.opts.DB.ListRefusals(ctx, callFrom(ctx).tenant, id, page)
	if err != nil {
		return nil, err
	}
	return newPage(&in.PageInput, found, next, viewRefusal), nil
}
