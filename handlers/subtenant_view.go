package handlers

import (
	"context"
	"encoding/json"

	"maestro/internal/model"
)

// subtenantView is a subtenant as the API shows it.
type subtenantView struct {
	ID          string    `json:"id" example:"company-a"`
	SubtenantID string    `json:"subtenant_id" example:"company-a" doc:"The same as id"`
	Description *string   `json:"description"`
	CreatedAt   timestamp `json:"created_at"`
	PausedAt    timestamp `json:"paused_at" nullable:"true" doc:"Since when the runs of its functions are held; null: they run"`

	RetentionDays      *int `json:"retention_days" doc:"Days that executions are kept; 0: for ever; null: as the server's setting says"`
	EffectiveRetention int  `json:"effective_retention_days" doc:"The subtenant's own number or the server's; 0: for ever"`

	Notify json.RawMessage `json:"notify" doc:"Where messages go about functions without a setting of their own; null: nowhere"`

	Lane          model.LaneName `json:"lane" enum:"auto,embedded,process" doc:"Where its functions run: in the server's process, in child processes, or in child processes once an installed package needs them (auto)"`
	EffectiveLane model.LaneName `json:"effective_lane" enum:"embedded,process" doc:"The lane of its next call"`
	LaneReason    string         `json:"lane_reason" doc:"Why it is that one"`
}

// viewSubtenant shows a subtenant with these packages.
func (s *Server) viewSubtenant(t model.Subtenant, packages model.Lock) subtenantView {
	lane := model.ChooseLane(t.Lane, s.opts.DefaultLane, packages)
	view := subtenantView{
		ID: t.ID, SubtenantID: t.ID, Description: t.Description, CreatedAt: timestamp(t.CreatedAt), PausedAt: optionalTime(t.PausedAt),
		RetentionDays: t.RetentionDays, EffectiveRetention: s.opts.RetentionDays, Notify: t.Notify,
		Lane: t.Lane, EffectiveLane: lane.Lane, LaneReason: lane.Reason,
	}
	if t.RetentionDays != nil {
		view.EffectiveRetention = *t.RetentionDays
	}
	return view
}

// viewSubtenants returns what shows these subtenants, with the packages that they
// have now.
func (s *Server) viewSubtenants(ctx context.Context, all ...model.Subtenant) (func(model.Subtenant) subtenantView, error) {
	ids := make([]string, len(all))
	for i, t := range all {
		ids[i] = t.ID
	}
	packages, err := s.opts.DB.ProcessPackages(ctx, ids...)
	return func(t model.Subtenant) subtenantView { return s.viewSubtenant(t, packages[t.ID]) }, err
}
