package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

// quarantineView is why a function is not run.
type quarantineView struct {
	Since  timestamp `json:"since"`
	Reason string    `json:"reason"`
}

func viewQuarantine(q *model.Quarantine) *quarantineView {
	if q == nil {
		return nil
	}
	return &quarantineView{Since: timestamp(q.Since), Reason: q.Reason}
}

var releaseFunctionOp = huma.Operation{
	OperationID: "release-function", Summary: "Run a quarantined function again",
	Description: "A function whose code has ended the process that ran it three times within ten minutes is quarantined: its calls are a 503 `quarantined`, until it has another version or is released. Nothing changes for a function that is not quarantined, except that earlier crashes no longer count.",
}

func (s *Server) releaseFunction(ctx context.Context, in *FunctionPath) (*functionOutput, error) {
	tenant := callFrom(ctx).tenant
	if err := s.opts.DB.ReleaseFunction(ctx, tenant, in.Name); err != nil {
		return nil, err
	}
	s.FunctionsChanged(tenant)
	return s.getFunction(ctx, in)
}
