package webhook

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/idempotency"
	"maestro/internal/model"
	"maestro/internal/signature"
)

// Call handles a call of a webhook.
func (h *Handler) Call(c *fiber.Ctx, r Request) error {
	if err := h.Engine.Admit(); err != nil {
		return err // before the database is used, for example by a key
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
	kept := make([][]byte, len(found.values)) // kept beyond this frame, on the heap
	copy(kept, found.values)
	return h.answerOnce(c, r, found.route.occasion(c, delivery, key), who, match{route: found.route, values: kept})
}

// answerOnce is answer for a call whose repeats get the same response. It is a
// separate function so that other calls do not allocate its closure.
func (h *Handler) answerOnce(c *fiber.Ctx, r Request, o idempotency.Occasion, who caller, found match) error {
	return r.Once(o, found.route.webhook.FunctionName, func() error { return h.answer(c, r, &who, &found) })
}

// occasion identifies a call with a delivery id or a key, for its repeats.
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
			o.Body = nil // a repeat differs in the count of pending webhooks
		}
	}
	return o
}

// answer runs the function and writes the response.
func (h *Handler) answer(c *fiber.Ctx, r Request, who *caller, found *match) error {
	hook := &found.route.webhook
	run, err := h.runOf(c, r, who, found)
	if err != nil {
		return err
	}
	result, err := r.Run(h.Context, run)
	if code := model.CodeOf(err); code == model.CodeFunctionNotFound || code == model.CodeFunctionIsModule {
		// The name of the function is not shown to unknown callers.
		return model.NewError(model.CodeFunctionNotFound, "The function of this webhook no longer exists.")
	}
	if model.CodeOf(err) == model.CodeFunctionInactive {
		return model.NewError(model.CodeFunctionInactive, "The function of this webhook is switched off; nothing ran.")
	}
	if model.CodeOf(err) == model.CodeQuarantined {
		return model.NewError(model.CodeQuarantined, "The function of this webhook is quarantined, because its code has ended the process that ran it several times; nothing ran. Its owner can change it, or release it.")
	}
	if err != nil {
		return err
	}
	c.Set(header.ExecutionID, result.ExecutionID.String())
	if result.Stream != nil {
		if err := r.Stream(result.Stream); err != nil {
			return err
		}
		h.sandbox(c)
		return nil
	}
	if result.Kept != model.Committed {
		c.Set(header.Record, result.Kept.String())
	}
	if hook.ResponseMode == model.ResponseRaw {
		if err := answerRaw(c, &result); err != nil {
			return err
		}
		h.sandbox(c)
		return nil
	}
	return answerEnvelope(c, &result)
}
