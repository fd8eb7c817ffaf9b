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

// email is that of the body or of the query, which must not contradict each
// other.
func (in *accessInput) email() (string, error) {
	email := in.Email
	switch {
	case in.Body == nil:
	case email != "" && email != in.Body.Email:
		return "", invalidAt("/user_email", "is another one than the query's; send one of them")
	default:
		email = in.Body.Email
	}
	if email == "" {
		return "", invalidAt("/user_email", "is needed, in the body or in the query")
	}
	return email, nil
}

var grantAccessOp = huma.Operation{OperationID: "grant-access", Summary: "Give a user access to a subtenant"}

func (s *Server) grantAccess(ctx context.Context, in *accessInput) (*accessOutput, error) {
	return s.changeAccess(ctx, in, "%s has access to %s now.", func(user auth.CensusUser) error {
		call := callFrom(ctx)
		return s.opts.Census.Grant(ctx, call.token, user.ID, in.ID, call.principal.Subject)
	})
}

var revokeAccessOp = huma.Operation{OperationID: "revoke-access", Summary: "Take a user's access to a subtenant away"}

func (s *Server) revokeAccess(ctx context.Context, in *accessInput) (*accessOutput, error) {
	return s.changeAccess(ctx, in, "%s has no access to %s any more.", func(user auth.CensusUser) error {
		return s.opts.Census.Revoke(ctx, callFrom(ctx).token, user.ID, in.ID)
	})
}

// changeAccess has Census change what a user may do, and sees to it that every
// server knows before it answers, or all but knows.
func (s *Server) changeAccess(ctx context.Context, in *accessInput, message string, change func(auth.CensusUser) error) (*accessOutput, error) {
	email, err := in.email()
	if err != nil {
		return nil, err
	}
	if _, err := s.opts.DB.Subtenant(ctx, in.ID); err != nil {
		return nil, err
	}
	if s.opts.Census == nil {
		return nil, model.NewError(model.CodeNoCensus,
			"Access is kept by Census, and this server has none (CENSUS_API_URL): name the subtenant in the token instead, as maestro token --subtenant %s does.", in.ID)
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

// byCensus turns "your token is not valid" into "you may not": it is valid
// here, or the call would not have come so far, but Census knows better.
func byCensus(err error) error {
	if model.CodeOf(err) == model.CodeUnauthorized {
		return model.NewError(model.CodeForbidden, "Census does not accept your token; use that of an administrator whom Census knows.")
	}
	return err
}
