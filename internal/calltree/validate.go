package calltree

import (
	"context"
	"errors"
	"time"

	"maestro/internal/model"
	"maestro/internal/schema"
)

// Examine checks a value against a schema, until deadline or the end of ctx. It
// returns nil when the value fits, and otherwise the failure to which that comes: ours,
// with the problems.
func Examine(ctx context.Context, deadline time.Time, against *schema.Schema, value []byte, ours model.Failure) *model.Failure {
	problems, err := against.Validate(ctx, deadline, value)
	switch {
	case errors.Is(err, schema.ErrDeadline) && errors.Is(ctx.Err(), context.Canceled):
		return &model.Failure{Kind: model.FailureCancelled, Type: model.ErrorCancelled, Message: "the execution was cancelled"}
	case errors.Is(err, schema.ErrDeadline):
		return Late()
	case err != nil:
		return &model.Failure{Kind: model.FailureEngine, Type: model.ErrorEngine, Message: err.Error()}
	case len(problems) > 0:
		ours.Message += ": " + inWords(problems)
		ours.Problems = problems
		return &ours
	default:
		return nil
	}
}

// examineStep is Examine for a value of a step.
func examineStep(s Steps, against *schema.Schema, value []byte, ours model.Failure) *model.Failure {
	ctx, deadline := s.Bounds()
	return Examine(ctx, deadline, against, value, ours)
}

// Late is the failure of a validation that the deadline has ended.
func Late() *model.Failure {
	return &model.Failure{Kind: model.FailureTimeout, Type: model.ErrorTimeout, Message: "The validation ran past the deadline."}
}

// inWords joins the first problems into one line.
func inWords(problems []model.Problem) string {
	text := ""
	for i, p := range problems {
		if i == 3 {
			return text + "; …"
		}
		if i > 0 {
			text += "; "
		}
		if p.Pointer != "" {
			text += "at " + p.Pointer + ": "
		}
		text += p.Message
	}
	return text
}
