package webhook

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/idempotency"
	"maestro/internal/model"
	"maestro/internal/signature"
)

// Call answers a call of a webhook.
func (h *Handler) Call(c *fiber.Ctx, r Request) error {
	if err := h.Engine.Admit(); err != nil {
		return err // before anything that needs the database, such as a key
	}
	address := c.Request().URI().PathOriginal()
	who := h.identify(c)
	var values [8][]byte
	found := match{values: values[:0]}
	if err := h.find(c, &who, bytes.TrimPrefix(address, []byte(Prefix)), &found); err != nil {
		return err
	}
	hook := &found.route.webhook
	r.Found(hook.Tenant, who.principal)
	if err := r.ReadBody(); err != nil {
		return err
	}
	delivery := ""
	if found.route.signer != nil {
		var err error
		if delivery, err = h.verify(c, r, found.route); err != nil {
			return err
		}
		if answerChallenge(c, found.route) {
			return nil
		}
	}
	key := string(c.Request().Header.Peek(header.IdempotencyKey))
	if err := idempotency.CheckHeader(key); err != nil {
		return err
	}
	if delivery == "" && key == "" {
		return h.answer(c, r, &who, &found)
	}
	kept := make([][]byte, len(found.values)) // beyond this frame, on the heap
	copy(kept, found.values)
	return h.answerOnce(c, r, found.route.occasion(c, delivery, key), who, match{route: found.route, values: kept})
}

// answerOnce answers unless an earlier request of the occasion was answered.
// It is a function of its own so that other calls do without its closure.
func (h *Handler) answerOnce(c *fiber.Ctx, r Request, o idempotency.Occasion, who caller, found match) error {
	return r.Once(o, found.route.webhook.FunctionName, func() error { return h.answer(c, r, &who, &found) })
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

// answer runs the function and answers.
func (h *Handler) answer(c *fiber.Ctx, r Request, who *caller, found *match) error {
	hook := &found.route.webhook
	run, err := h.runOf(c, r, who, found)
	if err != nil {
		return err
	}
	result, err := r.Run(h.Context, run)
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
	c.Set(header.ExecutionID, result.ExecutionID.String())
	if result.Kept != model.Committed {
		c.Set(header.Record, result.Kept.String())
	}
	if hook.ResponseMode == model.ResponseRaw {
		return answerRaw(c, &result)
	}
	return answerEnvelope(c, &result)
}
