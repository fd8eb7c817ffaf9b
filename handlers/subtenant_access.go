package handlers

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/auth"
	"maestro/internal/model"
)

type accessInput struct {
	SubtenantPath
	Email string      `query:"user_email" maxLength:"320" doc:"Instead of the body"`
	Body  *accessBody // may be left out
}

type accessBody struct {
	Email string `json:"user_email" minLength:"1" maxLength:"320" example:"user@example.com" doc:"As Census knows it, in any case"`
}

type accessOutput struct {
	Body struct {
		Message     string `json:"message"`
		UserID      string `json:"user_id" doc:"Of the user, as Census knows it"`
		SubtenantID string `json:"subtenant_id"`
	}
}

// email is the address in the body or the query, which must not differ.
func (in *accessInput) email() (string, error) {
	email := in.Email
	switch {
	case in.Body == nil:
	case email != "" && email != in.Body.Email:
		return "", invalidAt("/user_email", "differs from user_email in the query; send one of them")
	default:
		email = in.Body.Email
	}
	if email == "" {
		return "", invalidAt("/user_email", "is required, in the body or in the query")
	}
	return email, nil
}

var grantAccessOp = huma.Operation{OperationID: "grant-access", Summary: "Give a user access to a subtenant"}

func (s *Server) grantAccess(ctx context.Context, in *accessInput) (*accessOutput, error) {
	return s.changeAccess(ctx, in, "%s now has access to %s.", func(user auth.CensusUser) error {
		call := callFrom(ctx)
		return s.opts.Census.Grant(ctx, call.token, user.ID, in.ID, call.principal.Subject)
	})
}

var revokeAccessOp = huma.Operation{OperationID: "revoke-access", Summary: "Take a user's access to a subtenant away"}

func (s *Server) revokeAccess(ctx context.Context, in *accessInput) (*accessOutput, error) {
	return s.changeAccess(ctx, in, "%s no longer has access to %s.", func(user auth.CensusUser) error {
		return s.opts.Census.Revoke(ctx, callFrom(ctx).token, user.ID, in.ID)
	})
}

// changeAccess calls Census to change the access of a user, and notifies every
// server before the response.
func (s *Server) changeAccess(ctx context.Context, in *accessInput, message string, change func(auth.CensusUser) error) (*accessOutput, error) {
	email, err := in.email()
	if err != nil {
		return nil, err
	}
	if err := s.checkAccessManaged(ctx, in.ID); err != nil {
		return nil, err
	}
	user, err := s.opts.Census.FindUser(ctx, callFrom(ctx).token, email)
	if err != nil {
		return nil, byCensus(err)
	}
	if err := change(user); err != nil {
		return nil, byCensus(err)
	}
	s.opts.Auth.Forget(user.ID)
	if err := s.opts.DB.NoteAccessChanged(ctx, in.ID); err != nil {
		return nil, err
	}
	out := &accessOutput{}
	out.Body.Message, out.Body.UserID, out.Body.SubtenantID = fmt.Sprintf(message, user.Email, in.ID), user.ID, in.ID
	return out, nil
}

// checkAccessManaged is the error where there is no such subtenant, or no Census.
func (s *Server) checkAccessManaged(ctx context.Context, id string) error {
	if _, err := s.opts.DB.Subtenant(ctx, id); err != nil {
		return err
	}
	if s.opts.Census == nil {
		return model.NewError(model.CodeNoCensus,
			"Access is managed by Census, which this server does not use (CENSUS_API_URL is not set). Name the subtenant in the token instead: maestro token --subtenant %s.", id)
	}
	return nil
}

// byCensus turns an unauthorized error of Census into a forbidden one: the token
// is valid for this server, which has accepted it, but not for Census.
func byCensus(err error) error {
	if model.CodeOf(err) == model.CodeUnauthorized {
		return model.NewError(model.CodeForbidden, "Census does not accept your token. Use the token of an administrator that Census has as a user.")
	}
	return err
}
