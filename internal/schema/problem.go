package schema

import (
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"maestro/internal/model"
)

// Problems of one value are listed up to this many, each of at most so many
// bytes.
const (
	maxProblems = 20
	maxMessage  = 1000
)

var english = message.NewPrinter(language.English)

// fail adds a problem of the current value, in the wording of the library, and
// returns false.
func (e *evaluation) fail(what jsonschema.ErrorKind) bool {
	if e.full() || e.err != nil {
		return false
	}
	return e.failText(what.LocalizedString(english))
}

func (e *evaluation) failText(text string) bool {
	if e.full() || e.err != nil {
		return false
	}
	problem := model.Problem{Pointer: e.pointer(), Message: cut(text)}
	if !slices.Contains(e.found, problem) { // the branches of oneOf often have the same problem
		e.found = append(e.found, problem)
	}
	return false
}

func cut(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}

// pointer is the location of the current value.
func (e *evaluation) pointer() string {
	var b strings.Builder
	for _, t := range e.path {
		b.WriteByte('/')
		if t.named {
			b.WriteString(EscapePointer(t.name))
		} else {
			b.WriteString(strconv.Itoa(t.place))
		}
	}
	return b.String()
}

// problemsOf lists the innermost causes of an error of the library: "at
// /items/3/price: got string, want number" helps, "allOf failed" does not.
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
				Message: cut(v.ErrorKind.LocalizedString(english)),
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
		b.WriteString(EscapePointer(token))
	}
	return b.String()
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// EscapePointer returns name as a token of a JSON pointer.
func EscapePointer(name string) string { return pointerEscapes.Replace(name) }
