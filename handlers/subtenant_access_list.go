package handlers

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/auth"
	"maestro/internal/model"
)

// memberView is a user with access to a subtenant.
type memberView struct {
	UserID string `json:"user_id" doc:"As Census knows it"`
	Email  string `json:"user_email"`
}

type accessListInput struct {
	SubtenantPath
	PageInput
}

var listAccessOp = huma.Operation{
	OperationID: "list-access", Summary: "List the users with access to a subtenant, by e-mail address",
	Description: "As Census says; administrators have access without a grant, and are listed only where they have one. Census is asked about one user after the other: with many users a page takes seconds.",
}

func (s *Server) listAccess(ctx context.Context, in *accessListInput) (*pageOutput[memberView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	after, err := memberOf(page.Cursor)
	if err != nil {
		return nil, err
	}
	if err := s.checkAccessManaged(ctx, in.ID); err != nil {
		return nil, err
	}
	found, more, err := s.opts.Census.UsersOf(ctx, callFrom(ctx).token, in.ID, after, page.Offset+page.Limit)
	if err != nil {
		return nil, byCensus(err)
	}
	next := ""
	if more {
		last := found[len(found)-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(last.Email + "\n" + last.ID))
	}
	found = found[min(page.Offset, len(found)):]
	return newPage(&in.PageInput, found, next, func(user auth.CensusUser) memberView { return memberView{user.ID, user.Email} }), nil
}

// memberOf is the user that a cursor names; the zero value without one.
func memberOf(cursor string) (auth.CensusUser, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	email, id, found := strings.Cut(string(raw), "\n")
	if err != nil || cursor != "" && !found {
		return auth.CensusUser{}, model.NewError(model.CodeBadRequest, "The cursor is not one that this list gave; leave it out to start again.")
	}
	return auth.CensusUser{Email: email, ID: id}, nil
}
