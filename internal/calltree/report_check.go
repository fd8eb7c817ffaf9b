package calltree

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"maestro/internal/model"
	"maestro/internal/schema"
)

// How the code of a call or of a step can fail in a child. That the child has ended, or
// the server is stopped, is known to the server alone.
var failures = []model.FailureKind{
	model.FailureException, model.FailureTimeout, model.FailureCancelled, model.FailureInput, model.FailureOutput, model.FailureEngine,
}

// refusals are the errors by which a child does not begin a call.
var refusals = []model.Code{model.CodeTooManyRequests, model.CodeUnavailable, model.CodeSubtenantStuck, model.CodeInternal}

// CheckEnd checks what a child reports as the end of a call or of a step: a JSON value,
// or a failure. An error means that no honest child reports that.
func CheckEnd(output []byte, failure *model.Failure) error {
	switch {
	case failure == nil:
		if err := schema.Scan(output); err != nil {
			return fmt.Errorf("the output is no value: %w", err)
		}
	case !slices.Contains(failures, failure.Kind):
		return fmt.Errorf("a failure of the kind %d", failure.Kind)
	}
	return nil
}

// CheckPiece checks what a child reports that a generator has yielded.
func CheckPiece(piece *model.Emitted) error {
	if piece.Kind > model.EmitValue {
		return fmt.Errorf("a piece of the kind %d", piece.Kind)
	}
	if err := schema.Scan(piece.Value); err != nil {
		return fmt.Errorf("a piece is no value: %w", err)
	}
	return nil
}

// CheckRefusal checks why a child says that a call was not begun.
func CheckRefusal(code model.Code, retryAfter time.Duration) error {
	if !slices.Contains(refusals, code) || retryAfter < 0 || retryAfter > time.Hour {
		return fmt.Errorf("a call is refused with %.80q, for %v", code, retryAfter)
	}
	return nil
}

// CheckOutcome checks the outcome that a child reports of a call.
func CheckOutcome(o *model.Outcome) error {
	if o.Omitted.Lines < 0 || o.Omitted.Bytes < 0 {
		return errors.New("fewer lines than none are left out")
	}
	if o.Failure != nil {
		o.Failure.Problems = nil // only the engine's own validation of the outer call has some
	}
	return CheckEnd(o.Output, o.Failure)
}
