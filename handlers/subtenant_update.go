package handlers

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

// longestRetention is the maximum retention in days; 0 keeps executions for
// ever.
const longestRetention = 36_500

type subtenantUpdateInput struct {
	SubtenantPath
	Body struct {
		Description   Optional[string] `json:"description,omitzero" maxLength:"65536"`
		RetentionDays Optional[int]    `json:"retention_days,omitzero" minimum:"0" maximum:"36500" doc:"Days that executions are kept, with their steps; 0: for ever; null: as the server's MAESTRO_RETENTION_DAYS says"`

		Lane Optional[model.LaneName] `json:"lane,omitzero" nullable:"false" enum:"auto,embedded,process" doc:"Where its functions run, from the next call on: in the server's process (embedded), in child processes (process), or in child processes once an installed package needs them (auto)"`

		Notify Optional[json.RawMessage] `json:"notify,omitzero" doc:"Of functions without a setting of their own; null: no message is sent"`

		ID        owned `json:"id,omitzero" readOnly:"true"`
		Subtenant owned `json:"subtenant_id,omitzero" readOnly:"true"`
		Effective owned `json:"effective_retention_days,omitzero" readOnly:"true"`
		CreatedAt owned `json:"created_at,omitzero" readOnly:"true"`
		PausedAt  owned `json:"paused_at,omitzero" readOnly:"true"`

		EffectiveLane owned `json:"effective_lane,omitzero" readOnly:"true"`
		LaneReason    owned `json:"lane_reason,omitzero" readOnly:"true"`
	}
}

var updateSubtenantOp = huma.Operation{OperationID: "update-subtenant", Summary: "Change a subtenant: any subset of its members"}

// updateSubtenant changes any subset of the members of a subtenant.
func (s *Server) updateSubtenant(ctx context.Context, in *subtenantUpdateInput) (*subtenantOutput, error) {
	view, err := s.viewSubtenants(ctx, model.Subtenant{ID: in.ID})
	if err != nil {
		return nil, err
	}
	var notify json.RawMessage
	if problems := applyNotify(in.Body.Notify, &notify); len(problems) > 0 {
		return nil, invalid(problems...)
	}
	if err := s.checkTarget(notify, ""); err != nil {
		return nil, err
	}
	moved := false
	changed, err := s.opts.DB.UpdateSubtenant(ctx, in.ID, func(t *model.Subtenant) error {
		stored := view(*t)
		problems := in.Body.ID.sameAs(stored.ID, "/id")
		problems = append(problems, in.Body.Subtenant.sameAs(stored.SubtenantID, "/subtenant_id")...)
		problems = append(problems, in.Body.Effective.sameAs(stored.EffectiveRetention, "/effective_retention_days")...)
		problems = append(problems, in.Body.CreatedAt.sameAs(stored.CreatedAt, "/created_at")...)
		problems = append(problems, in.Body.PausedAt.sameAs(stored.PausedAt, "/paused_at")...)
		problems = append(problems, in.Body.EffectiveLane.sameAs(stored.EffectiveLane, "/effective_lane")...)
		problems = append(problems, in.Body.LaneReason.sameAs(stored.LaneReason, "/lane_reason")...)
		if in.Body.Description.given() {
			problems = append(problems, textProblems("/description", in.Body.Description.Value)...)
		}
		if days := in.Body.RetentionDays; days.given() && (days.Value < 0 || days.Value > longestRetention) {
			problems = append(problems, model.Problem{Pointer: "/retention_days", Message: fmt.Sprintf("must be from 0 to %d", longestRetention)})
		}
		if len(problems) > 0 {
			return invalid(problems...)
		}
		if in.Body.Notify.Set {
			t.Notify = notify
		}
		lane := t.Lane
		in.Body.Lane.applyTo(&t.Lane)
		moved = t.Lane != lane || in.Body.Notify.Set
		in.Body.Description.apply(&t.Description)
		in.Body.RetentionDays.apply(&t.RetentionDays)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if moved {
		s.PackagesChanged(in.ID) // other servers hear of it
	}
	return &subtenantOutput{Body: view(changed)}, nil
}
