package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/engine"
	"maestro/internal/idempotency"
	"maestro/internal/model"
)

const (
	headerIdempotencyKey = "Idempotency-Key"
	headerReplayed       = "Idempotent-Replayed"
	maxKeyBytes          = 255
)

// occasion is a request that is to run once.
type occasion struct {
	scope    string // in which the key stands for one request
	key      string
	function string // that it runs
	body     []byte // which a repeat has to have too
}

// once answers a request by calling do, unless it was answered before: then by
// that answer. A repeat waits for the first run as long as its own could take.
func (s *Server) once(c *fiber.Ctx, call *call, o occasion, do func() error) error {
	limit := s.opts.Engine.TimeLimit(s.opts.Context, call.tenant, o.function)
	waiting, cancel := context.WithTimeout(s.opts.Context, limit)
	defer cancel()
	call.executionID = model.NewID()
	caller := ""
	if call.principal != nil {
		caller = call.principal.Subject
	}
	claim, answer, err := s.opts.Keys.Begin(waiting, idempotency.Request{
		Tenant: call.tenant, Scope: o.scope, Key: o.key, ExecutionID: call.executionID,
		Fingerprint: fingerprintOf([]byte(c.Method()), c.Request().RequestURI(), []byte(caller), o.body),
	})
	switch {
	case err != nil:
		return err
	case answer != nil:
		replay(c, answer)
		return nil
	}
	defer func() {
		if call.unsettled {
			claim.Suspend(s.opts.Context)
			return
		}
		claim.Release(s.opts.Context)
	}()
	call.abandoned = claim.Abandoned
	if call.earlier, err = s.recorded(call.tenant, claim.Abandoned); err != nil {
		return err
	}
	if call.earlier != nil {
		c.Set(headerReplayed, "true")
	}
	c.Response().Header.SetNoDefaultContentType(true) // or it could not be told from one that was set
	before := answerHeaders(c)
	if err := do(); err != nil {
		if err := s.handleError(c, err); err != nil {
			return err
		}
	}
	response := c.Response()
	if call.unsettled || refusedForNow(response.StatusCode(), response.Header.ContentType()) {
		return nil
	}
	headers := slices.DeleteFunc(answerHeaders(c), func(h [2]string) bool {
		return slices.Contains(before, h) && h[0] != canonical(headerRequestID) || ofTransport[h[0]]
	})
	claim.Finish(s.opts.Context, idempotency.Answer{
		Status: response.StatusCode(), Headers: headers, Body: bytes.Clone(response.Body()),
	})
	return nil
}

// fingerprintOf is what the first request and its repeats have in common.
func fingerprintOf(method, uri, caller, body []byte) [sha256.Size]byte {
	var text []byte
	for _, part := range [][]byte{method, uri, caller} {
		text = append(binary.AppendUvarint(text, uint64(len(part))), part...)
	}
	return sha256.Sum256(append(text, body...))
}

// refusedForNow reports whether an answer is our own "not now", by which
// nothing has run: a repeat is what it asks for.
func refusedForNow(status int, contentType []byte) bool {
	return status == http.StatusTooManyRequests && string(contentType) == problemType
}

// recorded is the result of a run of the same request that was not answered; nil
// when none came to a result, or none that is known whole. An error says that it
// can't be told.
func (s *Server) recorded(tenant string, ids []model.ID) (*engine.RunResult, error) {
	ctx, cancel := context.WithTimeout(s.opts.Context, restTimeout)
	defer cancel()
	for _, id := range ids {
		execution, err := s.opts.DB.Execution(ctx, tenant, id)
		switch {
		case model.CodeOf(err) == model.CodeExecutionNotFound:
		case err != nil:
			return nil, errUnknownRun(err)
		case execution.Status == model.StatusCompleted && execution.RecordComplete:
			return &engine.RunResult{ExecutionID: id, Output: execution.Output}, nil
		}
	}
	return nil, nil
}

// stored is the first of some executions that there is, zero when there is none:
// one that waits for its turn is there from the moment it was accepted.
func (s *Server) stored(ctx context.Context, tenant string, ids []model.ID) (model.ID, error) {
	for _, id := range ids {
		_, err := s.opts.DB.Execution(ctx, tenant, id)
		switch {
		case err == nil:
			return id, nil
		case model.CodeOf(err) != model.CodeExecutionNotFound:
			return model.ID{}, errUnknownRun(err)
		}
	}
	return model.ID{}, nil
}

func errUnknownRun(cause error) error {
	unknown := model.NewError(model.CodeUnavailable, "Whether this request has run before can't be looked up at the moment; repeat it later.")
	unknown.Cause, unknown.Unsure = cause, true
	return unknown
}

// run runs a function for a request, unless it has been run for it.
func (s *Server) run(ctx context.Context, call *call, request engine.RunRequest) (engine.RunResult, error) {
	if call.earlier != nil {
		return *call.earlier, nil
	}
	request.ID = call.executionID
	result, err := s.opts.Engine.Run(ctx, request)
	var coded *model.Error
	if errors.As(err, &coded) && coded.Code == model.CodeUnavailable && !coded.ExecutionID.IsZero() && coded.Failure == nil {
		call.unsettled = true // it has run, and its record may be written any time
	}
	return result, err
}

// submit stores a run that nobody waits for, unless that was done for the same
// request. It takes the id under which that was tried first: of all tries, be
// their fates unknown, one is stored.
func (s *Server) submit(ctx context.Context, request engine.RunRequest, later engine.Later) (*executionResult, error) {
	call := callFrom(ctx)
	id, err := s.stored(ctx, call.tenant, call.abandoned)
	if err != nil {
		return nil, err
	}
	if id.IsZero() {
		request.ID = call.executionID
		if len(call.abandoned) > 0 {
			request.ID = call.abandoned[0]
		}
		if id, err = s.opts.Engine.Submit(ctx, request, later); err != nil && !id.IsZero() {
			call.unsettled = true
			if earlier, unknown := s.stored(ctx, call.tenant, call.abandoned); unknown == nil && !earlier.IsZero() {
				id, err, call.unsettled = earlier, nil, false // it was on its way when we looked
			}
		}
		if err != nil {
			return nil, err
		}
	}
	out := &executionResult{Status: http.StatusAccepted, ExecutionID: id.String(), Location: "/api/v1/executions/" + id.String()}
	out.Body.ExecutionID, out.Body.Status = out.ExecutionID, model.StatusPending
	return out, nil
}

// ofTransport are headers that each answer has of its own.
var ofTransport = map[string]bool{
	fiber.HeaderContentLength: true, fiber.HeaderDate: true, fiber.HeaderServer: true,
	fiber.HeaderConnection: true, fiber.HeaderTransferEncoding: true,
}

func answerHeaders(c *fiber.Ctx) [][2]string {
	var all [][2]string
	for name, value := range c.Response().Header.All() {
		all = append(all, [2]string{string(name), string(value)})
	}
	return all
}

// replay answers with what the first request got.
func replay(c *fiber.Ctx, answer *idempotency.Answer) {
	header := &c.Response().Header
	header.SetNoDefaultContentType(true)
	for _, h := range answer.Headers {
		if h[0] != fiber.HeaderSetCookie { // which has no value of ours to replace
			header.Del(h[0])
		}
	}
	for _, h := range answer.Headers {
		header.Add(h[0], h[1])
	}
	header.Set(headerReplayed, "true")
	c.Response().SetStatusCode(answer.Status)
	c.Response().SetBody(answer.Body)
}

// idempotencyKey reads the header; empty text means that there is none.
func idempotencyKey(c *fiber.Ctx) (string, error) {
	key := string(c.Request().Header.Peek(headerIdempotencyKey))
	if len(key) > maxKeyBytes {
		return "", model.NewError(model.CodeInvalid, "The header Idempotency-Key must have 1 to %d bytes.", maxKeyBytes)
	}
	return key, nil
}

// The scopes of keys. Strangers, who may send any key to a public webhook, must
// not reach those of a subtenant's own callers.
const (
	scopeMembers = "members"
	scopePublic  = "public"
)

// executionOnce stands before POST /executions and sees to it that a request
// with a key runs once.
func (s *Server) executionOnce(c *fiber.Ctx) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	body := c.Request().Body()
	if key == "" && !bytes.Contains(body, []byte("idempotency_key")) && !bytes.Contains(body, []byte(`\u`)) {
		return c.Next()
	}
	var asked struct {
		FunctionName string  `json:"function_name"`
		Key          *string `json:"idempotency_key"`
	}
	if json.Unmarshal(body, &asked) != nil {
		return c.Next() // it will be refused
	}
	switch {
	case asked.Key == nil:
	case *asked.Key == "" || len(*asked.Key) > maxKeyBytes || !printable(*asked.Key):
		return invalidAt("/idempotency_key", "must be text of 1 to %d printable characters of ASCII", maxKeyBytes)
	case key != "" && key != *asked.Key:
		return invalidAt("/idempotency_key", "is not the one in the header Idempotency-Key; send one of them")
	default:
		key = *asked.Key
	}
	if key == "" {
		return c.Next()
	}
	return s.once(c, s.callOf(c), occasion{scope: scopeMembers, key: "key:" + key, function: asked.FunctionName, body: body}, c.Next)
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}
