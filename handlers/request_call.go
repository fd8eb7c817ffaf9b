package handlers

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/handlers/webhook"
	"maestro/internal/auth"
	"maestro/internal/engine"
	"maestro/internal/idempotency"
	"maestro/internal/intake"
	"maestro/internal/model"
)

// executionsPath is the address for running functions by name.
const executionsPath = "/api/v1/executions"

// call is the state of a request beyond the one that Fiber has. It belongs to
// the goroutine that serves the request.
type call struct {
	server    *Server
	c         *fiber.Ctx
	requestID string
	principal *auth.Principal // nil: no valid token
	token     string          // of the principal; REST API only
	until     time.Time       // the end of the session that the token is of; zero: none
	tenant    string          // of the request; empty until known
	runs      bool            // it requests a run of a function
	isJSON    bool            // its body was checked to be JSON
	trusted   bool            // the caller may see the messages of a failed function

	share *intake.Share // of the memory for bodies without a token; nil: none taken

	stream *engine.Stream // of a run by runFunction that is to be sent as events; nil: none
	body   *streamBody    // of a response that goes on when the request is over; nil: none

	origin  origin               // of the run that it starts
	attempt *idempotency.Attempt // of a request with a key (request_once.go); nil: without a key
}

// Found implements webhook.Request.
func (call *call) Found(tenant string, caller *auth.Principal) {
	call.tenant, call.principal = tenant, caller
	call.trusted = caller != nil && caller.Belongs(tenant)
}

// Address implements webhook.Request.
func (call *call) Address() string { return call.server.clientAddress(call.c).String() }

type callKey struct{}

// callOf returns the call of a request. It makes one for a request that passed
// no middleware, such as one that could not be parsed.
func (s *Server) callOf(c *fiber.Ctx) *call {
	if known, ok := c.Locals(callKey{}).(*call); ok {
		return known
	}
	made := &call{server: s, c: c, requestID: requestID(c), runs: runsFunction(c)}
	c.Locals(callKey{}, made)
	c.Set(header.RequestID, made.requestID)
	return made
}

// runsFunction reports whether a request starts a run.
func runsFunction(c *fiber.Ctx) bool {
	path := c.Request().URI().PathOriginal()
	return bytes.HasPrefix(path, []byte(webhook.Prefix)) || string(path) == executionsPath && c.Method() == fiber.MethodPost
}

// callFrom returns the call behind the context of a Huma handler.
func callFrom(ctx context.Context) *call {
	return ctx.Value(callKey{}).(*call) // set by the first middleware
}

// requestID is the sender's id if it is short and has only characters that are
// safe in a log, otherwise a new one.
func requestID(c *fiber.Ctx) string {
	given := c.Request().Header.Peek(header.RequestID)
	if len(given) == 0 || len(given) > 128 {
		return model.NewID().String()
	}
	for _, b := range given {
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		if !letter && (b < '0' || b > '9') && !strings.ContainsRune("-_.:+/=@", rune(b)) {
			return model.NewID().String()
		}
	}
	return string(given)
}

// LogFields are the fields of a log line about the call.
func (call *call) LogFields(more ...any) []any {
	attrs := append(make([]any, 0, 4), slog.String("request_id", call.requestID))
	if call.tenant != "" {
		attrs = append(attrs, slog.String("tenant", call.tenant))
	}
	return append(attrs, more...)
}
