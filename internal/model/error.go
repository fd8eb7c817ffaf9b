package model

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code is the stable machine word of an error. The table that gives each one
// its HTTP status and title is in handlers.
type Code string

// The codes. A new one needs a row in the table of handlers; a test holds the
// two against each other through Codes.
const (
	CodeBadRequest           Code = "bad_request"
	CodeMalformedBody        Code = "malformed_body"
	CodeUnauthorized         Code = "unauthorized"
	CodeForbidden            Code = "forbidden"
	CodeNotFound             Code = "not_found"
	CodeFunctionNotFound     Code = "function_not_found"
	CodeVersionNotFound      Code = "version_not_found"
	CodeWebhookNotFound      Code = "webhook_not_found"
	CodeExecutionNotFound    Code = "execution_not_found"
	CodeSubtenantNotFound    Code = "subtenant_not_found"
	CodeSecretNotFound       Code = "secret_not_found"
	CodeScheduleNotFound     Code = "schedule_not_found"
	CodeMethodNotAllowed     Code = "method_not_allowed"
	CodeNameTaken            Code = "name_taken"
	CodePathTaken            Code = "path_taken"
	CodeFunctionIsModule     Code = "function_is_module"
	CodeFunctionInactive     Code = "function_inactive"
	CodeQuarantined          Code = "quarantined"
	CodePaused               Code = "paused"
	CodeKeyReused            Code = "idempotency_key_reused"
	CodeKeyInUse             Code = "idempotency_key_in_use"
	CodeExecutionOver        Code = "execution_over"
	CodeExecutionNotOver     Code = "execution_not_over"
	CodeRecordIncomplete     Code = "record_incomplete"
	CodeNoCensus             Code = "no_census"
	CodeVersionMismatch      Code = "version_mismatch"
	CodeRequestTimeout       Code = "request_timeout"
	CodeBodyTooLarge         Code = "body_too_large"
	CodeUnsupportedMediaType Code = "unsupported_media_type"
	CodeInvalid              Code = "invalid"
	CodeSyntaxError          Code = "syntax_error"
	CodeNoSuchDef            Code = "function_not_defined"
	CodeSchemaInvalid        Code = "schema_invalid"
	CodeInputInvalid         Code = "input_invalid"
	CodeOutputInvalid        Code = "output_invalid"
	CodeFunctionFailed       Code = "function_failed"
	CodeTimeout              Code = "timeout"
	CodeCancelled            Code = "cancelled"
	CodeTooManyRequests      Code = "too_many_requests"
	CodeHeadersTooLarge      Code = "headers_too_large"
	CodeInternal             Code = "internal"
	CodeNotImplemented       Code = "not_implemented"
	CodeUnavailable          Code = "unavailable"
	CodeSubtenantStuck       Code = "subtenant_stuck"
	CodePackageNotFound      Code = "package_not_found"
	CodeInstallNotFound      Code = "install_not_found"
	CodePackageRequired      Code = "package_required"
	CodePackagesDisabled     Code = "packages_disabled"
	CodePackageNotAllowed    Code = "package_not_allowed"
	CodePackageConflict      Code = "package_conflict"
	CodePackageUnsupported   Code = "package_unsupported"
	CodePackageInstallFailed Code = "package_install_failed"
)

// Codes lists every code.
var Codes = []Code{
	CodeBadRequest, CodeMalformedBody, CodeUnauthorized, CodeForbidden, CodeNotFound, CodeFunctionNotFound,
	CodeVersionNotFound, CodeWebhookNotFound, CodeExecutionNotFound, CodeSubtenantNotFound, CodeSecretNotFound, CodeScheduleNotFound, CodeMethodNotAllowed,
	CodeNameTaken, CodePathTaken, CodeFunctionIsModule, CodeFunctionInactive, CodeQuarantined, CodePaused, CodeKeyReused, CodeKeyInUse, CodeExecutionOver, CodeExecutionNotOver, CodeRecordIncomplete, CodeNoCensus, CodeVersionMismatch, CodeRequestTimeout, CodeBodyTooLarge, CodeUnsupportedMediaType, CodeInvalid,
	CodeSyntaxError, CodeNoSuchDef, CodeSchemaInvalid, CodeInputInvalid, CodeOutputInvalid, CodeFunctionFailed,
	CodeTimeout, CodeCancelled, CodeTooManyRequests, CodeHeadersTooLarge, CodeInternal, CodeNotImplemented,
	CodeUnavailable, CodeSubtenantStuck, CodePackageNotFound, CodeInstallNotFound, CodePackageRequired, CodePackagesDisabled, CodePackageNotAllowed,
	CodePackageConflict, CodePackageUnsupported, CodePackageInstallFailed,
}

// Problem is one entry of an error's list: a place in the input or in the Python
// source, and the fault there.
type Problem struct {
	Pointer string `json:"pointer"`          // RFC 6901, "" for the whole value; unused for source
	Line    int    `json:"line,omitempty"`   // 1-based, of the Python source
	Column  int    `json:"column,omitempty"` // 1-based, in characters
	Message string `json:"message"`
}

// Error is the one error that may reach a client. Detail is a plain sentence
// for a person: the fault, and what to do. Cause is for the log alone and is
// never shown.
type Error struct {
	Code        Code
	Detail      string
	Problems    []Problem
	ExecutionID ID            // zero when no execution was recorded
	Kept        Kept          // where its record is
	Failure     *Failure      // of the function, for the codes of a failed run
	FailedStep  *FailedStep   // the step that it failed in; nil: it was the function itself, or nothing failed
	RetryAfter  time.Duration // for 429 and 503; 0 means the table's default, NoRetry none
	Unsure      bool          // whether the call has run is not known
	Cause       error
}

// FailedStep is the innermost step whose exception ended an execution, or that
// was under way when its time was up.
type FailedStep struct {
	Function string
	StepID   ID
	Path     []string // names of functions, from the execution's own to that of the step
}

// NoRetry is the RetryAfter of an error whose request must not be sent again
// before it is known what became of it.
const NoRetry time.Duration = -1

// NewError makes an Error whose detail is formatted as by fmt.Sprintf.
func NewError(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Detail)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code that err carries, or CodeInternal.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

const nothingRan = "nothing ran"

// NothingRan adds to the error of a part that is away that the function was not
// begun: its caller may repeat the call without doing anything twice. Other errors
// stay as they are.
func NothingRan(err error) error {
	var coded *Error
	if !errors.As(err, &coded) || coded.Code != CodeUnavailable || strings.Contains(coded.Detail, nothingRan) {
		return err
	}
	if coded.Failure != nil || coded.Unsure { // the function was begun, or may have been
		return err
	}
	told := *coded
	told.Detail = strings.TrimSuffix(told.Detail, ".") + "; " + nothingRan + "."
	return &told
}
