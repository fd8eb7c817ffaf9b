package handlers

import (
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/internal/signature"
)

// SignatureFields say how a webhook's callers sign.
type SignatureFields struct {
	Scheme     string           `json:"scheme" enum:"github,stripe,slack,standard-webhooks,hmac-sha256" doc:"Stripe, Slack and Standard Webhooks refuse calls older than five minutes"`
	SecretName SecretNames      `json:"secret_name" doc:"Of the shared secret; several while one is being replaced: each may have signed"`
	Header     Optional[string] `json:"header,omitzero" maxLength:"255" doc:"Of hmac-sha256 alone, which needs it: the header with the signature, in hex or base64" example:"X-Signature"`
}

// SecretNames is one name, or a list of them.
type SecretNames struct{ signature.SecretNames }

// Schema implements huma.SchemaProvider.
func (SecretNames) Schema(huma.Registry) *huma.Schema {
	name := &huma.Schema{Type: huma.TypeString}
	return &huma.Schema{OneOf: []*huma.Schema{name, {Type: huma.TypeArray, Items: name}}}
}

// applyTo stores the fields in w and returns what is wrong with them.
func (in *SignatureFields) applyTo(w *model.Webhook) []model.Problem {
	config := signature.Config{
		Scheme: signature.Scheme(in.Scheme), SecretNames: in.SecretName.SecretNames, Header: in.Header.Value,
	}
	problems := config.Validate()
	for i := range problems {
		problems[i].Pointer = "/signature" + problems[i].Pointer
	}
	w.Signature, _ = json.Marshal(config) // texts always can be
	return problems
}

// signer is how the callers of a route sign. A nil *signer means that they
// need not.
type signer struct {
	signature.Config
	headers []header // that carry the signature: no record shows them
}

// newSigner reads what a webhook was saved with. What can't be read is a
// scheme that nobody can satisfy.
func newSigner(text json.RawMessage) *signer {
	if len(text) == 0 {
		return nil
	}
	s := &signer{}
	if json.Unmarshal(text, &s.Config) != nil {
		s.Config = signature.Config{}
	}
	for _, name := range s.HeaderNames() {
		s.headers = append(s.headers, header{name: []byte(name), hash: lowerHash([]byte(name))})
	}
	return s
}

// carries reports whether a header of a request carries the signature.
func (s *signer) carries(h *header) bool {
	if s == nil {
		return false
	}
	for i := range s.headers {
		if h.is(&s.headers[i]) {
			return true
		}
	}
	return false
}

// verify checks the signature of a call on the bytes as they came. delivery is
// what its sender calls it, or empty.
func (s *Server) verify(c *fiber.Ctx, call *call, found *route) (delivery string, err error) {
	hook := &found.webhook
	known, err := s.opts.Secrets.Of(s.opts.Context, hook.Tenant)
	if err != nil {
		return "", err
	}
	var active [][]byte
	var missing []string
	for _, name := range found.signer.SecretNames {
		if value, ok := known.Value(name); ok {
			active = append(active, []byte(value))
		} else {
			missing = append(missing, name)
		}
	}
	request := c.Request()
	delivery, err = signature.Verify(found.signer.Config, func(name string) string {
		return string(request.Header.Peek(name))
	}, request.Body(), active, time.Now())
	if err == nil {
		return delivery, nil
	}
	attrs := call.attrs(slog.Any("webhook_id", hook.ID), slog.Any("error", err))
	if len(active) == 0 {
		s.opts.Log.Warn("a webhook refuses every call: no secret that its callers sign with is stored", append(attrs, slog.String("secrets", strings.Join(missing, ", ")))...)
	} else {
		s.opts.Log.Info("a webhook's call was refused for its signature", attrs...)
	}
	return "", err
}

// answerChallenge answers the call by which Slack makes sure that an address
// is its owner's: no function runs.
func answerChallenge(c *fiber.Ctx, found *route) bool {
	if found.signer.Scheme != signature.Slack {
		return false
	}
	challenge, ok := signature.SlackChallenge(c.Request().Body())
	if ok {
		c.Response().Header.SetContentType(mediaText)
		c.Response().SetBodyString(challenge)
	}
	return ok
}
