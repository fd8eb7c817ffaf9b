package handlers

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/idempotency"
	"maestro/internal/model"
	"maestro/internal/signature"
)

// webhookPrefix is where webhooks answer.
const webhookPrefix = "/api/v1/h/"

// callWebhook answers a call of a webhook: the hot path.
func (s *Server) callWebhook(c *fiber.Ctx) error {
	call := s.callOf(c)
	if err := s.opts.Engine.Admit(); err != nil {
		return err // before anything that needs the database, such as a key
	}
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
	if err := s.takeBody(c, call); err != nil {
		return err
	}
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
	key := string(c.Request().Header.Peek(headerIdempotencyKey))
	if err := idempotency.CheckHeader(key); err != nil {
		return err
	}
	if delivery == "" && key == "" {
		return s.answerWebhook(c, call, &who, &found)
	}
	return s.once(c, call, found.route.occasion(c, delivery, key), hook.FunctionName, func() error {
		return s.answerWebhook(c, call, &who, &found)
	})
}

// occasion is what a call of the route with a delivery's id or a key stands
// for.
func (r *route) occasion(c *fiber.Ctx, delivery, key string) idempotency.Occasion {
	o := idempotency.Occasion{Scope: idempotency.ScopePublic, Key: idempotency.KeyOf(key), Body: c.Request().Body()}
	switch {
	case r.signer != nil:
		o.Scope = idempotency.ScopeOf(r.webhook.ID)
	case r.webhook.RequiresAuth:
		o.Scope = idempotency.ScopeMembers
	}
	if delivery != "" {
		o.Key = idempotency.DeliveryOf(delivery)
		if r.signer.Scheme == signature.Stripe {
			o.Body = nil // a repeat counts anew how many webhooks have not got the event
		}
	}
	return o
}

// answerWebhook runs the function and answers.
func (s *Server) answerWebhook(c *fiber.Ctx, call *call, who *caller, found *match) error {
	hook := &found.route.webhook
	run, err := s.webhookRun(c, call, who, found)
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
	if result.Kept != model.Committed {
		c.Set(headerRecord, result.Kept.String())
	}
	if hook.ResponseMode == model.ResponseRaw {
		return answerRaw(c, &result)
	}
	return answerEnvelope(c, &result)
}
