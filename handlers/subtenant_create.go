package handlers

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type subtenantCreateInput struct {
	Body struct {
		SubtenantID Optional[string] `json:"subtenant_id,omitzero" pattern:"^[a-z0-9][a-z0-9-]{0,62}$" example:"company-a" doc:"Generated when left out; the id of a deleted subtenant is never used again"`
		Description Optional[string] `json:"description,omitzero" maxLength:"65536"`

		ID        owned `json:"id,omitzero" readOnly:"true"`
		CreatedAt owned `json:"created_at,omitzero" readOnly:"true"`
	}
}

type subtenantCreated struct {
	Location string `header:"Location"`
	Body     subtenantView
}

var createSubtenantOp = huma.Operation{OperationID: "create-subtenant", Summary: "Create a subtenant", DefaultStatus: http.StatusCreated}

func (s *Server) createSubtenant(ctx context.Context, in *subtenantCreateInput) (*subtenantCreated, error) {
	problems := in.Body.ID.sameAs(nil, "/id")
	problems = append(problems, in.Body.CreatedAt.sameAs(nil, "/created_at")...)
	if in.Body.Description.given() {
		problems = append(problems, textProblems("/description", in.Body.Description.Value)...)
	}
	if len(problems) > 0 {
		return nil, invalid(problems...)
	}
	var description *string
	in.Body.Description.apply(&description)
	made, err := s.opts.DB.CreateSubtenant(ctx, in.Body.SubtenantID.Value, description)
	if err != nil {
		return nil, err
	}
	return &subtenantCreated{Location: "/api/v1/subtenants/" + made.ID, Body: s.viewSubtenant(made, nil)}, nil
}
