package webhook

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/payload"
	"maestro/internal/refusals"
	"maestro/internal/signature"
)

// signer is how the callers of a route sign. A nil *signer requires no signature.
type signer struct {
	signature.Config
	headers []payload.Header // the names of those that carry the signature, which is never recorded
}

// newSigner parses the stored configuration. One that can't be parsed becomes a
// scheme that no caller satisfies.
func newSigner(text json.RawMessage) *signer {
	if len(text) == 0 {
		return nil
	}
	s := &signer{}
	if json.Unmarshal(text, &s.Config) != nil {
		s.Config = signature.Config{}
	}
	for _, name := range s.HeaderNames() {
		s.headers = append(s.headers, payload.HeaderName(name))
	}
	return s
}

// names are the names of the headers that carry the signature.
func (s *signer) names() []payload.Header {
	if s == nil {
		return nil
	}
	return s.headers
}

// verify checks the signature of a call on the bytes as they were sent. delivery
// is the sender's id of the delivery, or empty.
func (h *Handler) verify(c *fiber.Ctx, r Request, found *route) (delivery string, err error) {
	hook := &found.webhook
	known, err := h.Secrets.Of(h.Context, hook.Tenant)
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
	h.Refusals.Note(hook, &refusals.Call{
		At: time.Now(), Reason: signature.ReasonOf(err), Address: r.Address(), Method: c.Method(), Headers: headerNames(request),
	})
	attrs := r.LogFields(slog.Any("webhook_id", hook.ID), slog.Any("error", err))
	if len(active) == 0 {
		h.Log.Warn("a webhook refuses every call: none of its secrets is stored", append(attrs, slog.String("secrets", strings.Join(missing, ", ")))...)
	} else {
		h.Log.Info("the call of a webhook was refused because of its signature", attrs...)
	}
	return "", err
}

// headerNames are the names in a request, once each.
func headerNames(request *fiber.Request) []string {
	var all []string
	for name := range request.Header.All() {
		if text := string(name); !slices.Contains(all, text) {
			all = append(all, text)
		}
		if len(all) == refusals.MostHeaders {
			break
		}
	}
	return all
}

// answerChallenge responds to the call by which Slack verifies the owner of an
// address. No function runs.
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
