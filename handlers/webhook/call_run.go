package webhook

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/internal/payload"
)

// runOf makes the run of a call. All of it is copied, except for Origin, because
// the run may outlive the request.
func (h *Handler) runOf(c *fiber.Ctx, r Request, who *caller, found *match) (engine.RunRequest, error) {
	hook := &found.route.webhook
	foreign, signed := !h.ours(who), found.route.signer.names()
	run := engine.RunRequest{
		Tenant: hook.Tenant, Function: hook.FunctionName, Trigger: model.TriggerWebhook, TriggerID: hook.ID,
		Origin: r.Origin(foreign, signed), Raw: hook.ResponseMode == model.ResponseRaw, Stream: true,
	}
	if err := r.Inflate(); err != nil {
		return run, err
	}
	mode := h.modes.effective(h.Context, hook)
	var buffer [8]payload.Field
	query, err := payload.ReadQuery(buffer[:0], c.Request().URI().QueryString())
	if err != nil {
		return run, err
	}
	if mode == model.InputBody && inQuery(c.Method()) {
		run.Input = payload.AppendFields(nil, query, h.declaredTo(hook, len(query) > 0), found.route.defaults)
		return run, nil
	}
	body, err := payload.ReadBody(string(c.Request().Header.ContentType()), c.Request().Body())
	if err != nil {
		return run, err
	}
	declared := h.declaredTo(hook, body.IsForm || len(query) > 0 || len(found.values) > 0)
	if body.IsForm {
		inBody := declared
		if mode == model.InputRequest {
			inBody = declared.Property(memberBody)
		}
		body.JSON = payload.AppendFields(nil, body.Fields, inBody, nil)
	}
	if mode == model.InputBody {
		run.Input = bytes.Clone(found.route.defaults.Under(body.JSON))
		return run, nil
	}
	var headers [24]payload.Header
	input := request{
		body: body.JSON, headers: payload.ReadHeaders(headers[:0], c.Request().Header.RawHeaders()), authorization: foreign, signed: signed,
		query: query, parameters: found.route.parameters, values: found.values, method: c.Method(), url: r.URL(),
		path: payload.TargetText(c.Request().URI().PathOriginal()), defaults: found.route.defaults, declared: declared,
	}
	run.Input, run.Sensitive = input.build()
	run.Request = true
	return run, nil
}

// inQuery reports whether the input of a method is its query, in mode body.
func inQuery(method string) bool {
	return method == fiber.MethodGet || method == fiber.MethodHead || method == fiber.MethodDelete
}

// declaredTo has the types that the function of the webhook declares, if there is
// text to convert.
func (h *Handler) declaredTo(hook *model.Webhook, text bool) *payload.Declared {
	if !text {
		return nil
	}
	return h.modes.declared(h.Context, hook)
}

// ours reports whether the Authorization header has a token issued for this
// server, valid or not.
func (h *Handler) ours(who *caller) bool {
	return who.token != "" && (who.refused == nil || h.Auth.Issued(who.token))
}
