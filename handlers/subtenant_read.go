package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

// SubtenantPath names a subtenant in an address.
type SubtenantPath struct {
	ID string `path:"id" maxLength:"255" example:"company-a"`
}

type subtenantOutput struct{ Body subtenantView }

var listSubtenantsOp = huma.Operation{OperationID: "list-subtenants", Summary: "List subtenants"}

func (s *Server) listSubtenants(ctx context.Context, in *PageInput) (*pageOutput[subtenantView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.opts.DB.ListSubtenants(ctx, page)
	if err != nil {
		return nil, err
	}
	view, err := s.viewSubtenants(ctx, found...)
	if err != nil {
		return nil, err
	}
	return newPage(in, found, next, view), nil
}

var getSubtenantOp = huma.Operation{OperationID: "get-subtenant", Summary: "Get a subtenant"}

func (s *Server) getSubtenant(ctx context.Context, in *SubtenantPath) (*subtenantOutput, error) {
	found, err := s.opts.DB.Subtenant(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	view, err := s.viewSubtenants(ctx, found)
	if err != nil {
		return nil, err
	}
	return &subtenantOutput{Body: view(found)}, nil
}
