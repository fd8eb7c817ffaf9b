package handlers

import (
	"bytes"
	"strings"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/internal/signature"
)

// webhookPrefix is where webhooks answer.
const webhookPrefix = "/api/v1/h/"

// addWebhookCalls registers the hot path. It stands before the middleware of
// the REST part: a webhook has its own rules about tokens and bodies.
func (s *Server) addWebhookCalls() {
	s.app.All(webhookPrefix+"*", s.callWebhook)
}

// callWebhook answers * /api/v1/h/{path}.
func (s *Server) callWebhook(c *fiber.Ctx) error {
	call := s.callOf(c)
	address := c.Request().URI().PathOriginal()
	who := s.identify(c, call)
	var values [8][]byte
	found := match{values: values[:0]}
	if err := s.findWebhook(c, call, &who, bytes.TrimPrefix(address, []byte(webhookPrefix)), &found); err != nil {
		return err
	}
	hook := &found.route.webhook
	call.tenant = hook.Tenant
	call.trusted = call.principal != nil && call.principal.Belongs(hook.Tenant)
	delivery := ""
	if found.route.signer != nil {
		var err error
		if delivery, err = s.verify(c, call, found.route); err != nil {
			return err
		}
		if answerChallenge(c, found.route) {
			return nil
		}
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	if delivery == "" && key == "" {
		return s.answerWebhook(c, call, &who, &found)
	}
	return s.once(c, call, found.route.occasion(c, delivery, key), func() error {
		return s.answerWebhook(c, call, &who, &found)
	})
}

// occasion is what a call of the route with a delivery's id or a key stands
// for.
func (r *route) occasion(c *fiber.Ctx, delivery, key string) occasion {
	o := occasion{scope: scopePublic, key: "key:" + key, function: r.webhook.FunctionName, body: c.Request().Body()}
	switch {
	case r.signer != nil:
		// Only who signs gets here; and a sender may tell two webhooks of the
		// same event.
		o.scope = "webhook:" + r.webhook.ID.String()
	case r.webhook.RequiresAuth:
		o.scope = scopeMembers
	}
	if delivery != "" {
		o.key = "delivery:" + delivery
		if r.signer.Scheme == signature.Stripe {
			o.body = nil // a repeat counts anew how many webhooks have not got the event
		}
	}
	return o
}

// answerWebhook runs the function and answers.
func (s *Server) answerWebhook(c *fiber.Ctx, call *call, who *caller, found *match) error {
	hook := &found.route.webhook
	run, err := s.webhookRun(c, who, found)
	if err != nil {
		return err
	}
	result, err := s.run(s.opts.Context, call, run)
	if code := model.CodeOf(err); code == model.CodeFunctionNotFound || code == model.CodeFunctionIsModule {
		// Its name is none of a stranger's business.
		return model.NewError(model.CodeFunctionNotFound, "The function of this webhook is not there any more.")
	}
	if model.CodeOf(err) == model.CodeFunctionInactive {
		return model.NewError(model.CodeFunctionInactive, "The function of this webhook is switched off; nothing ran.")
	}
	if err != nil {
		return err
	}
	c.Set(headerExecutionID, result.ExecutionID.String())
	if hook.ResponseMode == model.ResponseRaw {
		return answerRaw(c, &result)
	}
	return answerEnvelope(c, &result)
}

// webhookRun turns the call into a run. Everything in it is a copy: the run
// may outlive the request.
func (s *Server) webhookRun(c *fiber.Ctx, who *caller, found *match) (engine.RunRequest, error) {
	hook := &found.route.webhook
	run := engine.RunRequest{
		Tenant: hook.Tenant, Function: hook.FunctionName, Trigger: model.TriggerWebhook, TriggerID: hook.ID,
	}
	if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		if err := s.inflateBody(c); err != nil {
			return run, err
		}
	}
	mode := s.modes.effective(s.opts.Context, hook)
	inQuery := mode == model.InputBody && (c.Method() == fiber.MethodGet || c.Method() == fiber.MethodDelete)
	var pairs [8]pair
	query, err := splitPairs(pairs[:0], c.Request().URI().QueryString())
	if err != nil {
		return run, err
	}
	if inQuery {
		run.Input = appendPairs(nil, query, found.route.defaults)
		return run, nil
	}
	body, err := decodeBody(string(c.Request().Header.ContentType()), c.Request().Body())
	if err != nil {
		return run, err
	}
	if mode == model.InputBody {
		run.Input = bytes.Clone(found.route.defaults.under(body))
		return run, nil
	}
	var headers [24]header
	uri := c.Request().URI()
	base := s.baseURL(string(c.Request().Header.Peek(fiber.HeaderXForwardedProto)), c.Context().IsTLS(), string(c.Request().Host()))
	r := request{
		body: body, headers: eachHeader(headers[:0], c.Request().Header.RawHeaders()), authorization: !s.ours(who), signed: found.route.signer,
		query: query, parameters: found.route.parameters, values: found.values, method: c.Method(),
		url: base + string(c.Request().RequestURI()), path: string(uri.PathOriginal()), defaults: found.route.defaults,
	}
	run.Input, run.Sensitive = r.input()
	run.Request = true
	return run, nil
}

// ours reports whether the caller's Authorization header carries a token of
// ours, valid or not.
func (s *Server) ours(who *caller) bool {
	return who.token != "" && (who.refused == nil || s.opts.Auth.Issued(who.token))
}

// baseURL is how the client reached the server, as far as that can be known.
func (s *Server) baseURL(forwardedProto string, tls bool, host string) string {
	switch {
	case s.opts.PublicURL != "":
		return strings.TrimSuffix(s.opts.PublicURL, "/")
	case tls || strings.EqualFold(forwardedProto, "https"):
		return "https://" + host
	default:
		return "http://" + host
	}
}
