package handlers

import (
	"encoding/json"

	"maestro/handlers/webhook"
	"maestro/internal/model"
)

// WebhookFields are the members that a webhook may be made or changed with,
// apart from its path and function.
type WebhookFields struct {
	Method        Optional[string]          `json:"http_method,omitzero" nullable:"false" enum:"GET,HEAD,POST,PUT,DELETE,PATCH,OPTIONS,ANY"`
	Description   Optional[string]          `json:"description,omitzero" maxLength:"65536"`
	DefaultValues Optional[json.RawMessage] `json:"default_values,omitzero" doc:"An object with members for those that the input lacks"`
	RequiresAuth  Optional[bool]            `json:"requires_auth,omitzero" nullable:"false"`
	InputMode     Optional[string]          `json:"input_mode,omitzero" nullable:"false" enum:"auto,request,body"`
	ResponseMode  Optional[string]          `json:"response_mode,omitzero" nullable:"false" enum:"envelope,raw"`
	Signature     Optional[SignatureFields] `json:"signature,omitzero" doc:"How callers sign; calls without a valid signature are refused"`
	IsActive      Optional[bool]            `json:"is_active,omitzero" nullable:"false"`

	Digest             owned `json:"digest,omitzero" readOnly:"true"`
	ID                 owned `json:"id,omitzero" readOnly:"true"`
	EffectiveInputMode owned `json:"effective_input_mode,omitzero" readOnly:"true"`
	URL                owned `json:"url,omitzero" readOnly:"true"`
	SubtenantURL       owned `json:"subtenant_url,omitzero" readOnly:"true"`
	Access             owned `json:"access,omitzero" readOnly:"true"`
	CreatedAt          owned `json:"created_at,omitzero" readOnly:"true"`
	UpdatedAt          owned `json:"updated_at,omitzero" readOnly:"true"`
}

// applyTo applies the members to w and checks the result. A null restores the
// default of a member that has one.
func (in *WebhookFields) applyTo(w *model.Webhook, requiresAuth bool) error {
	in.Description.apply(&w.Description)
	w.Method = in.Method.or(w.Method, "POST")
	w.RequiresAuth = in.RequiresAuth.or(w.RequiresAuth, requiresAuth)
	w.InputMode = model.InputMode(in.InputMode.or(string(w.InputMode), string(model.InputAuto)))
	w.ResponseMode = model.ResponseMode(in.ResponseMode.or(string(w.ResponseMode), string(model.ResponseEnvelope)))
	w.IsActive = in.IsActive.or(w.IsActive, true)

	var problems []model.Problem
	if in.DefaultValues.Set {
		w.DefaultValues = in.DefaultValues.Value
		if in.DefaultValues.given() && w.DefaultValues[0] != '{' {
			problems = append(problems, model.Problem{Pointer: "/default_values", Message: "must be an object"})
		}
	}
	switch {
	case in.Signature.Null:
		w.Signature = nil
	case in.Signature.Set:
		problems = append(problems, in.Signature.Value.applyTo(w)...)
	}
	if in.Description.given() {
		problems = append(problems, textProblems("/description", in.Description.Value)...)
	}
	if fault := webhook.PathFault(w.Path, !w.RequiresAuth); fault != "" {
		problems = append(problems, model.Problem{Pointer: "/path", Message: fault})
	}
	if len(problems) > 0 {
		return invalid(problems...)
	}
	return nil
}

// or is the new value of a member with a default: its own, the default when it
// is null, the value before when it is absent.
func (o Optional[T]) or(before, standard T) T {
	switch {
	case o.Null:
		return standard
	case o.Set:
		return o.Value
	default:
		return before
	}
}

// ownedProblems compares the members that the server sets with the stored ones;
// stored is nil for a new webhook.
func (in *WebhookFields) ownedProblems(stored *webhookView) []model.Problem {
	var id, mode, address, own, access, created, updated, digest any
	if stored != nil {
		id, mode, address, own = stored.ID, stored.EffectiveInputMode, stored.URL, stored.SubtenantURL
		access, created, updated, digest = stored.Access, stored.CreatedAt, stored.UpdatedAt, stored.Digest
	}
	problems := append(in.ID.sameAs(id, "/id"), in.Digest.sameAs(digest, "/digest")...)
	problems = append(problems, in.EffectiveInputMode.sameAs(mode, "/effective_input_mode")...)
	problems = append(problems, in.URL.sameAs(address, "/url")...)
	problems = append(problems, in.SubtenantURL.sameAs(own, "/subtenant_url")...)
	problems = append(problems, in.Access.sameAs(access, "/access")...)
	problems = append(problems, in.CreatedAt.sameAs(created, "/created_at")...)
	return append(problems, in.UpdatedAt.sameAs(updated, "/updated_at")...)
}
