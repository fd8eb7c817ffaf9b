package handlers

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

type notifyPutInput struct {
	Body struct {
		Notify Optional[json.RawMessage] `json:"notify" required:"true"`
	}
}

type notifyOutput struct {
	Body struct {
		Notify json.RawMessage `json:"notify" doc:"As it was sent, with the defaults; null: no message is sent about functions without a setting of their own"`
	}
}

var (
	getNotifyOp = huma.Operation{OperationID: "get-notify", Summary: "Get where messages go about functions without a setting of their own"}
	putNotifyOp = huma.Operation{
		OperationID: "put-notify", Summary: "Set where messages go about functions without a setting of their own",
		Description: "The default of the caller's subtenant. The `notify` of a function is used in place of it.",
	}
)

func (s *Server) getNotify(ctx context.Context, _ *struct{}) (*notifyOutput, error) {
	own, _, err := s.opts.DB.Notify(ctx, callFrom(ctx).tenant, "")
	return showNotify(own), err
}

func (s *Server) putNotify(ctx context.Context, in *notifyPutInput) (*notifyOutput, error) {
	var setting json.RawMessage
	if problems := applyNotify(in.Body.Notify, &setting); len(problems) > 0 {
		return nil, invalid(problems...)
	}
	if err := s.checkTarget(setting, ""); err != nil {
		return nil, err
	}
	tenant := callFrom(ctx).tenant
	if err := s.opts.DB.SetNotify(ctx, tenant, setting); err != nil {
		return nil, err
	}
	s.PackagesChanged(tenant) // the setting is read with them
	return showNotify(setting), nil
}

func showNotify(setting json.RawMessage) *notifyOutput {
	out := &notifyOutput{}
	out.Body.Notify = setting
	return out
}
