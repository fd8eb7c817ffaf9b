package handlers

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

var deleteSubtenantOp = huma.Operation{OperationID: "delete-subtenant", Summary: "Delete a subtenant with all its contents", DefaultStatus: http.StatusNoContent}

// deleteSubtenant revokes the access of users first: while Census is unavailable
// nothing is deleted, and the call can be repeated.
func (s *Server) deleteSubtenant(ctx context.Context, in *SubtenantPath) (*struct{}, error) {
	if _, err := s.opts.DB.Subtenant(ctx, in.ID); err != nil {
		return nil, err
	}
	if s.opts.Census != nil {
		if err := s.opts.Census.RevokeAll(ctx, callFrom(ctx).token, in.ID); err != nil {
			return nil, byCensus(err)
		}
	}
	if err := s.opts.DB.DeleteSubtenant(ctx, in.ID); err != nil {
		return nil, err
	}
	s.SubtenantGone(in.ID)
	return nil, nil
}
