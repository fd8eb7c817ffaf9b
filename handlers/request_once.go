package handlers

import (
	"bytes"
	"context"
	"net/textproto"
	"slices"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/engine"
	"maestro/internal/idempotency"
	"maestro/internal/model"
)

// Once calls do, which runs a function and writes the response, unless an earlier
// request of the occasion has a response: then it replays that one. A repeat
// waits for the first run as long as its own run could take.
func (call *call) Once(o idempotency.Occasion, function string, do func() error) error {
	c, s := call.c, call.server
	o.Tenant, o.Method, o.Target = call.tenant, c.Method(), c.Request().Header.RequestURI()
	if call.principal != nil {
		o.Caller = call.principal.Subject
	}
	waiting, cancel := context.WithTimeout(s.opts.Context, s.opts.Engine.TimeLimit(s.opts.Context, call.tenant, function))
	defer cancel()
	attempt, answer, err := s.opts.Keys.Try(waiting, &o)
	switch {
	case err != nil:
		return err
	case answer != nil:
		replay(c, answer)
		return nil
	}
	defer func() {
		if call.body == nil { // else at its end
			attempt.Close(s.opts.Context)
		}
	}()
	call.attempt = attempt
	if attempt.Earlier() != nil {
		c.Set(header.Replayed, "true")
	}
	c.Response().Header.SetNoDefaultContentType(true) // otherwise it would look like one that was set
	before := answerHeaders(c)
	if err := do(); err != nil {
		return err
	}
	if !attempt.Keeps() {
		return nil
	}
	response := c.Response()
	headers := slices.DeleteFunc(answerHeaders(c), func(h [2]string) bool {
		return slices.Contains(before, h) && h[0] != textproto.CanonicalMIMEHeaderKey(header.RequestID) || ofTransport[h[0]]
	})
	kept := idempotency.Answer{Status: response.StatusCode(), Headers: headers}
	if call.body != nil {
		call.keepStream(attempt, kept)
		return nil
	}
	kept.Body = bytes.Clone(response.Body())
	attempt.Keep(s.opts.Context, kept)
	return nil
}

// Run runs a function, unless an earlier request of the occasion has run it.
func (call *call) Run(ctx context.Context, request engine.RunRequest) (engine.RunResult, error) {
	if earlier := call.attempt.Earlier(); earlier != nil {
		return engine.RunResult{ExecutionID: earlier.ExecutionID, Output: earlier.Output}, nil
	}
	request.ID, request.TraceParent = call.attempt.ExecutionID(), call.traceParent()
	result, err := call.server.opts.Engine.Run(ctx, request)
	call.attempt.Ran(err)
	return result, err
}

// submit stores an asynchronous run, unless an earlier request of the occasion
// has stored it.
func (s *Server) submit(ctx context.Context, request engine.RunRequest, later engine.Later) (*executionResult, error) {
	id, err := callFrom(ctx).attempt.Store(ctx, func(id model.ID) (model.ID, error) {
		request.ID, request.TraceParent = id, callFrom(ctx).traceParent()
		return s.opts.Engine.Submit(ctx, request, later)
	})
	if err != nil {
		return nil, err
	}
	out := &executionResult{Status: fiber.StatusAccepted, ExecutionID: id.String(), Location: "/api/v1/executions/" + id.String()}
	out.Body.ExecutionID, out.Body.Status = out.ExecutionID, model.StatusPending
	return out, nil
}

// ofTransport are headers that are not replayed.
var ofTransport = map[string]bool{
	fiber.HeaderContentLength: true, fiber.HeaderDate: true, fiber.HeaderServer: true,
	fiber.HeaderConnection: true, fiber.HeaderTransferEncoding: true,
	textproto.CanonicalMIMEHeaderKey(header.Record): true, // at the repeat the record is in the database
}

func answerHeaders(c *fiber.Ctx) [][2]string {
	var all [][2]string
	for name, value := range c.Response().Header.All() {
		all = append(all, [2]string{string(name), string(value)})
	}
	return all
}

// replay sends the response of the first request.
func replay(c *fiber.Ctx, answer *idempotency.Answer) {
	response := &c.Response().Header
	response.SetNoDefaultContentType(true)
	for _, h := range answer.Headers {
		if h[0] != fiber.HeaderSetCookie { // each is added, none replaced
			response.Del(h[0])
		}
	}
	for _, h := range answer.Headers {
		response.Add(h[0], h[1])
	}
	response.Set(header.Replayed, "true")
	c.Response().SetStatusCode(answer.Status)
	c.Response().SetBody(answer.Body)
}

// runOnce comes before runFunction, and makes requests with the same key run
// once.
func (s *Server) runOnce(c *fiber.Ctx) error {
	if err := s.opts.Engine.Admit(); err != nil {
		return err
	}
	call := s.callOf(c)
	if err := checkBody(c, call); err != nil {
		return err
	}
	call.Origin(false, nil)
	body := c.Request().Body()
	key, function, err := idempotency.RunKey(string(c.Request().Header.Peek(header.IdempotencyKey)), body)
	if err != nil {
		return err
	}
	run := func() error {
		if err := c.Next(); err != nil {
			return err
		}
		return call.streamEvents()
	}
	if key == "" {
		return run()
	}
	occasion := idempotency.Occasion{Scope: idempotency.ScopeMembers, Key: idempotency.KeyOf(key), Body: body}
	return call.Once(occasion, function, run)
}
