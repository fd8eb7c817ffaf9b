package schema

import (
	"context"
	"errors"
	"fmt"
	"time"

	"maestro/internal/model"
)

// Validate checks text, which must be JSON within the limits of Scan, until
// deadline (zero: none) or the end of ctx. It returns the problems of text, none
// when it fits. The error is ErrDeadline, invalid JSON, or a schema that nests too
// deep. All work has ended when it returns.
func (s *Schema) Validate(ctx context.Context, deadline time.Time, text []byte) ([]model.Problem, error) {
	if s.Accepts(text) {
		return nil, nil
	}
	return s.Examine(ctx, deadline, text)
}

// LongText is the maximum length in bytes of a text that Accepts checks.
const LongText = 64 << 10

// Accepts reports, within some milliseconds, that text surely fits; otherwise the
// result of Examine decides. It has no deadline, because most values take less time
// than reading the clock.
func (s *Schema) Accepts(text []byte) bool {
	return s == nil || s.quick != nil && len(text) <= LongText && s.quick.accepts(text, nil)
}

// Examine is Validate for a text that Accepts has not accepted.
func (s *Schema) Examine(ctx context.Context, deadline time.Time, text []byte) (problems []model.Problem, err error) {
	if s == nil {
		return nil, nil
	}
	defer func() { // a panic must not end the process, on any input
		if p := recover(); p != nil {
			problems, err = nil, fmt.Errorf("validate: panic: %v", p)
		}
	}()
	e := evaluation{pace: newPace(ctx, deadline)}
	e.inTurns = true
	defer e.leaveTurn()
	if s.quick != nil && len(text) > LongText && s.quick.accepts(text, &e.pace) {
		return nil, nil
	}
	return s.evaluate(&e, text)
}

func (s *Schema) evaluate(e *evaluation, text []byte) ([]model.Problem, error) {
	value, err := parse(text, &e.pace)
	if err != nil {
		return nil, fmt.Errorf("validate: %w", err)
	}
	e.active = make([]int64, s.nodes)
	fits := e.check(s.root, value)
	if !fits && e.err == nil {
		// A second evaluation collects the problems: most values fit and need none.
		e.room = maxProblems
		fits = e.check(s.root, value)
	}
	switch {
	case errors.Is(e.err, errNesting):
		return []model.Problem{{Message: errNesting.Error()}}, nil
	case e.err != nil:
		return nil, fmt.Errorf("validate: %w", e.err)
	case fits:
		return nil, nil
	default:
		return e.found, nil
	}
}
