package schema

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"maestro/internal/model"
)

// Problems of one value are listed up to this many.
const maxProblems = 20

// LongText is the length above which texts are validated in a goroutine of their
// own, which the deadline of the call can leave behind: the library can't be
// interrupted.
const LongText = 64 << 10

// ErrDeadline is returned when the context ended before the validation.
var ErrDeadline = errors.New("validation ran past the deadline")

// Validate checks text, which must be JSON within the limits of Scan. It
// returns what is wrong with it, nothing when it fits. The error is
// ErrDeadline, or says that the text is not JSON.
func (s *Schema) Validate(ctx context.Context, text []byte) ([]model.Problem, error) {
	if s == nil {
		return nil, nil
	}
	if s.quick != nil && s.quick.accepts(text) {
		return nil, nil
	}
	if len(text) <= LongText {
		return s.slow(text)
	}
	type answer struct {
		problems []model.Problem
		err      error
	}
	done := make(chan answer, 1)
	go func() {
		problems, err := s.slow(text)
		done <- answer{problems, err}
	}()
	select {
	case a := <-done:
		return a.problems, a.err
	case <-ctx.Done():
		return nil, ErrDeadline
	}
}

// slow asks the library. A panic of its, on whatever input, must not end the
// process: it becomes an error.
func (s *Schema) slow(text []byte) (problems []model.Problem, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("validate: panic: %v", p)
		}
	}()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("validate: %w", err)
	}
	err = s.library.Validate(value)
	if err == nil {
		return nil, nil
	}
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return nil, fmt.Errorf("validate: %w", err)
	}
	return problemsOf(v), nil
}

var english = message.NewPrinter(language.English)

// problemsOf lists the innermost causes: "at /items/3/price: got string, want
// number" helps, "allOf failed" does not.
func problemsOf(v *jsonschema.ValidationError) []model.Problem {
	var problems []model.Problem
	var walk func(v *jsonschema.ValidationError)
	walk = func(v *jsonschema.ValidationError) {
		if len(problems) >= maxProblems {
			return
		}
		if len(v.Causes) == 0 {
			problems = append(problems, model.Problem{
				Pointer: pointerOf(v.InstanceLocation),
				Message: v.ErrorKind.LocalizedString(english),
			})
			return
		}
		for _, cause := range v.Causes {
			walk(cause)
		}
	}
	walk(v)
	return problems
}

func pointerOf(location []string) string {
	var b strings.Builder
	for _, token := range location {
		b.WriteByte('/')
		b.WriteString(escapePointer(token))
	}
	return b.String()
}
