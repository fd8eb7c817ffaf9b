package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

type callerOutput struct {
	Body struct {
		Email       string `json:"email"`
		SubtenantID string `json:"subtenant_id" doc:"The subtenant that requests of this caller are about"`
		Admin       bool   `json:"admin"`
		Version     string `json:"server_version"`
	}
}

var showCallerOp = huma.Operation{OperationID: "show-caller", Summary: "Show the caller of this request and the subtenant that it is about"}

func (s *Server) showCaller(ctx context.Context, _ *struct{}) (*callerOutput, error) {
	call, out := callFrom(ctx), &callerOutput{}
	out.Body.Email, out.Body.SubtenantID, out.Body.Admin, out.Body.Version = call.principal.Email, call.tenant, call.principal.Admin, s.opts.Version
	return out, nil
}
