package engine

import (
	"errors"

	"maestro/internal/model"
)

// failed makes the caller's error of a run that ended badly.
func (r *run) failed(failure *model.Failure) *model.Error {
	name, veil := r.function.Name, r.veil()
	var e *model.Error
	switch failure.Kind {
	case model.FailureInput:
		e = model.NewError(model.CodeInputInvalid, "The input does not fit the input_schema of %s.", name)
	case model.FailureOutput:
		e = model.NewError(model.CodeOutputInvalid, "%s returned what its output_schema, or JSON, does not allow: %s", name, failure.Message)
	case model.FailureTimeout:
		e = model.NewError(model.CodeTimeout, "%s ran past its time limit of %s. Make it faster, or raise its timeout_seconds.", name, r.timeout)
	case model.FailureCancelled:
		e = model.NewError(model.CodeCancelled, "%s was cancelled while it ran.", name)
	case model.FailureStopped:
		e = model.NewError(model.CodeUnavailable, "The server was stopped while %s ran: a part of its work may have been done. The execution is recorded as crashed.", name)
		e.RetryAfter = stopRetry
	case model.FailureProcess:
		e = model.NewError(model.CodeFunctionFailed, "%s failed with %s: %s.", name, failure.Type, failure.Message)
	case model.FailureEngine:
		e = model.NewError(model.CodeInternal, "An internal error kept %s from running. The server's log has the reason.", name)
		e.Cause = errors.New(veil.text(failure.Message))
	default:
		e = model.NewError(model.CodeFunctionFailed, "%s raised %s: %s", name, failure.Type, failure.Message)
	}
	e.Detail = veil.text(e.Detail)
	e.ExecutionID = r.id
	e.Problems = veil.problems(failure.Problems)
	e.FailedStep = r.failedIn()
	e.Failure = &model.Failure{
		Kind: failure.Kind, Type: veil.text(failure.Type), Message: veil.text(failure.Message),
		Traceback: veil.text(failure.Traceback), Problems: e.Problems,
	}
	return e
}

func (r *run) failedIn() *model.FailedStep {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.through
}

// notStarted adds the execution to the lane's own error.
func (r *run) notStarted(err error) *model.Error {
	var known *model.Error
	if !errors.As(err, &known) {
		known = model.NewError(model.CodeInternal, "An internal error kept %s from running. The server's log has the reason.", r.function.Name)
		known.Cause = err
	}
	if known.Code == model.CodeUnavailable {
		r.shelf.changed() // perhaps its packages were deleted: the next call looks
	}
	coded := *known // the lane gives some to several callers
	coded.ExecutionID = r.id
	return &coded
}
