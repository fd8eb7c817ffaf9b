package handlers

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
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

// subtenantView is a subtenant as the API shows it.
type subtenantView struct {
	ID          string    `json:"id" example:"company-a"`
	SubtenantID string    `json:"subtenant_id" example:"company-a" doc:"The same as id"`
	Description *string   `json:"description"`
	CreatedAt   timestamp `json:"created_at"`

	RetentionDays      *int `json:"retention_days" doc:"Days that executions are kept; 0: for ever; null: as the server's setting says"`
	EffectiveRetention int  `json:"effective_retention_days" doc:"The subtenant's own number or the server's; 0: for ever"`
}

func (s *Server) viewSubtenant(t model.Subtenant) subtenantView {
	view := subtenantView{
		ID: t.ID, SubtenantID: t.ID, Description: t.Description, CreatedAt: timestamp(t.CreatedAt),
		RetentionDays: t.RetentionDays, EffectiveRetention: s.opts.RetentionDays,
	}
	if t.RetentionDays != nil {
		view.EffectiveRetention = *t.RetentionDays
	}
	return view
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
	return &subtenantCreated{Location: "/api/v1/subtenants/" + made.ID, Body: s.viewSubtenant(made)}, nil
}
