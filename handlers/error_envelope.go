package handlers

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/model"
)

const (
	problemType  = "application/problem+json"
	internalText = "The server failed unexpectedly. Its log has the cause under this request_id."
)

// envelope is the one form of every error (RFC 9457).
type envelope struct {
	Type        string         `json:"type" doc:"Stable relative URI of the kind of error" example:"/problems/function-not-found"`
	Title       string         `json:"title" doc:"What the code means in general"`
	Status      int            `json:"status" doc:"The HTTP status"`
	Detail      string         `json:"detail,omitempty" doc:"The fault of this request, and the remedy"`
	Code        model.Code     `json:"code" doc:"Stable machine word" example:"function_not_found"`
	Errors      []envelopeItem `json:"errors,omitempty" doc:"Each fault by itself"`
	ErrorType   string         `json:"error_type,omitempty" doc:"The class of the exception that a function raised"`
	FailedStep  *failedStep    `json:"failed_step,omitempty" doc:"Of a failed run: the innermost step whose exception ended it, or that was under way when its time was up. Missing when the function itself failed"`
	Traceback   string         `json:"traceback,omitempty" doc:"Of the function, with DEBUG only"`
	RequestID   string         `json:"request_id" doc:"Also in X-Request-ID"`
	ExecutionID string         `json:"execution_id,omitempty" doc:"Of the recorded execution; also in X-Execution-ID"`

	retryAfter time.Duration
	kept       model.Kept
}

// failedStep names a step of a recorded execution.
type failedStep struct {
	FunctionName string   `json:"function_name"`
	StepID       string   `json:"step_id" format:"uuid"`
	Path         []string `json:"path" nullable:"false" doc:"Names of the functions that had called each other, from the execution's own to that of the step"`
}

// envelopeItem is one fault: at a place in the input, or in Python source.
type envelopeItem struct {
	Pointer *string `json:"pointer,omitempty" doc:"Where in the body (RFC 6901)"`
	Line    int     `json:"line,omitempty" doc:"Of the Python source, from 1"`
	Column  int     `json:"column,omitempty" doc:"Of the Python source, from 1"`
	Message string  `json:"message"`
}

// Error, GetStatus and ContentType make the envelope one of Huma's errors.
func (e *envelope) Error() string { return string(e.Code) + ": " + e.Detail }

// GetStatus implements huma.StatusError.
func (e *envelope) GetStatus() int { return e.Status }

// ContentType implements huma.ContentTypeFilter.
func (e *envelope) ContentType(string) string { return problemType }

// newEnvelope shows err to the caller of call. The messages of a failed function
// are shown only to callers with a token of its subtenant.
func newEnvelope(call *call, err *model.Error) *envelope {
	m := meaningOf(err.Code)
	e := &envelope{
		Type: typeOf(err.Code), Title: m.title, Status: m.status, Code: err.Code,
		RequestID: call.requestID, retryAfter: m.retryAfter, kept: err.Kept,
	}
	switch {
	case err.RetryAfter == model.NoRetry:
		e.retryAfter = 0
	case err.RetryAfter > 0:
		e.retryAfter = err.RetryAfter
	}
	recorded := !err.ExecutionID.IsZero()
	if recorded {
		e.ExecutionID = err.ExecutionID.String()
	}
	if recorded && !call.trusted {
		e.Detail = toStrangers(err.Failure)
		return e
	}
	veil := call.server.opts.Secrets.Mask(call.tenant)
	e.Detail = veil.Text(err.Detail)
	if err.Code == model.CodeInternal {
		e.Detail = internalText
		return e
	}
	if call.runs && (!recorded || unfit(err.Failure)) && !err.Unsure && !call.attempt.Unsettled() {
		e.Detail = withNothingRan(e.Detail, err.Code)
	}
	for _, problem := range err.Problems {
		problem.Message = veil.Text(problem.Message)
		e.Errors = append(e.Errors, newEnvelopeItem(problem))
	}
	if step := err.FailedStep; step != nil {
		e.FailedStep = &failedStep{FunctionName: step.Function, StepID: step.StepID.String(), Path: step.Path}
	}
	if err.Failure != nil {
		e.ErrorType = err.Failure.Type
		if call.server.opts.Debug {
			e.Traceback = err.Failure.Traceback
		}
	}
	return e
}

// toStrangers is the detail of a recorded run for callers without a token:
// whether the function began, and no text of its own.
func toStrangers(failure *model.Failure) string {
	switch {
	case unfit(failure):
		return "The function does not accept the input. Nothing ran."
	case failure != nil && failure.Kind == model.FailureStopped:
		return "The server stopped while the function ran. Part of the work may have been done: check before you repeat the request."
	default:
		return ""
	}
}

// unfit reports whether a run was recorded but never begun because of its input.
func unfit(failure *model.Failure) bool {
	return failure != nil && failure.Kind == model.FailureInput
}

// withNothingRan adds "Nothing ran." to the detail of a refusal before the run,
// so that the caller knows that a repeat is safe.
func withNothingRan(detail string, code model.Code) string {
	switch {
	case code == model.CodeKeyInUse: // the first request with the key may have run
		return detail
	case strings.Contains(strings.ToLower(detail), "nothing ran"):
		return detail
	default:
		return strings.TrimSpace(detail + " Nothing ran.")
	}
}

func newEnvelopeItem(p model.Problem) envelopeItem {
	if p.Line > 0 && p.Pointer == "" {
		return envelopeItem{Line: p.Line, Column: p.Column, Message: p.Message}
	}
	if p.Line > 0 { // one of several sources
		return envelopeItem{Pointer: &p.Pointer, Line: p.Line, Column: p.Column, Message: p.Message}
	}
	return envelopeItem{Pointer: &p.Pointer, Message: p.Message}
}

// headers sets the headers of the envelope.
func (e *envelope) headers(set func(name, value string)) {
	switch e.Status {
	case http.StatusUnauthorized:
		set(fiber.HeaderWWWAuthenticate, "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusConflict:
		if e.retryAfter == 0 {
			break // a conflict that time does not resolve
		}
		set(fiber.HeaderRetryAfter, strconv.Itoa(max(1, int(e.retryAfter.Round(time.Second)/time.Second))))
	}
	if e.ExecutionID != "" {
		set(header.ExecutionID, e.ExecutionID)
	}
	if e.kept != model.Committed {
		set(header.Record, e.kept.String())
	}
}

// write sends the envelope.
func (e *envelope) write(c *fiber.Ctx) error {
	e.headers(c.Set)
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, problemType)
	return c.Status(e.Status).Send(body)
}
