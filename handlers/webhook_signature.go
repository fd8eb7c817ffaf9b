package handlers

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/internal/signature"
)

// SignatureFields say how a webhook's callers sign.
type SignatureFields struct {
	Scheme     string           `json:"scheme" enum:"github,stripe,slack,standard-webhooks,hmac-sha256" doc:"Stripe, Slack and Standard Webhooks refuse calls older than five minutes"`
	SecretName SecretNames      `json:"secret_name" doc:"Of the shared secret; several while one is being replaced: a signature by any of them is valid"`
	Header     Optional[string] `json:"header,omitzero" maxLength:"255" doc:"Of hmac-sha256 alone, which needs it: the header with the signature, in hex or base64" example:"X-Signature"`
}

// SecretNames is one name, or a list of them.
type SecretNames struct{ signature.SecretNames }

// Schema implements huma.SchemaProvider.
func (SecretNames) Schema(huma.Registry) *huma.Schema {
	name := &huma.Schema{Type: huma.TypeString}
	return &huma.Schema{OneOf: []*huma.Schema{name, {Type: huma.TypeArray, Items: name}}}
}

// applyTo stores the fields in w and returns their faults.
func (in *SignatureFields) applyTo(w *model.Webhook) []model.Problem {
	config := signature.Config{
		Scheme: signature.Scheme(in.Scheme), SecretNames: in.SecretName.SecretNames, Header: in.Header.Value,
	}
	problems := config.Validate()
	for i := range problems {
		problems[i].Pointer = "/signature" + problems[i].Pointer
	}
	w.Signature, _ = json.Marshal(config) // texts can always be encoded
	return problems
}
