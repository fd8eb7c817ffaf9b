package handlers

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

// Huma's errors are made by package variables of it. Ours replace them, so
// that its own refusals (a member that is unknown, a text that is too long)
// arrive in the same envelope as everything else.
func init() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return &envelope{Status: status, Detail: message} // for the document alone
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		call := callFrom(ctx.Context())
		e := newEnvelope(call, call.edge(fromHuma(status, message, errs)))
		e.headers(ctx.SetHeader)
		return e
	}
}

// fromHuma translates what Huma refuses, and passes on what a handler of ours
// returned.
func fromHuma(status int, message string, errs []error) error {
	var problems []model.Problem
	for _, err := range errs {
		var coded *model.Error
		var detail *huma.ErrorDetail
		switch {
		case errors.As(err, &coded):
			return coded
		case errors.As(err, &detail):
			problems = append(problems, problemOf(detail))
		default:
			return err
		}
	}
	var code model.Code
	switch status {
	case http.StatusUnprocessableEntity:
		return invalid(problems...)
	case http.StatusUnsupportedMediaType:
		return model.NewError(model.CodeUnsupportedMediaType, "Send the body as application/json.")
	case http.StatusRequestEntityTooLarge:
		code = model.CodeBodyTooLarge
	case http.StatusBadRequest:
		code = model.CodeMalformedBody
		if len(problems) > 0 {
			message = "The body is not readable as JSON: " + problems[0].Message + "."
		} else {
			message = "The call needs a body."
		}
	default:
		return errors.Join(append(errs, errors.New(message))...)
	}
	return model.NewError(code, "%s", message)
}

// invalid is a 422 that names each fault.
func invalid(problems ...model.Problem) *model.Error {
	e := model.NewError(model.CodeInvalid, "The request is not valid.")
	if len(problems) == 1 {
		where := "The body"
		if problems[0].Pointer != "" {
			where = problems[0].Pointer
		}
		e = model.NewError(model.CodeInvalid, "%s: %s.", where, strings.TrimSuffix(problems[0].Message, "."))
	} else if len(problems) > 1 {
		e = model.NewError(model.CodeInvalid, "The request has %d faults; errors lists them.", len(problems))
	}
	e.Problems = problems
	return e
}

// invalidAt is a 422 about one member of the body.
func invalidAt(pointer, format string, args ...any) *model.Error {
	return invalid(model.Problem{Pointer: pointer, Message: model.NewError("", format, args...).Detail})
}

// missing is how Huma says that a member is not there; it points to the object
// that lacks it, we to where it belongs.
var missing = regexp.MustCompile(`^expected required property (\S+) to be present$`)

func problemOf(detail *huma.ErrorDetail) model.Problem {
	p := model.Problem{Pointer: pointerTo(detail.Location), Message: detail.Message}
	if name := missing.FindStringSubmatch(detail.Message); name != nil {
		p.Pointer += "/" + escapePointer(name[1])
		p.Message = "is needed"
	}
	return p
}

// pointerTo turns Huma's "body.tags[0]" into "/tags/0". A parameter keeps its
// place in front: "query.limit" is "/query/limit".
func pointerTo(location string) string {
	location = strings.TrimPrefix(location, "body")
	location = strings.NewReplacer("~", "~0", "/", "~1", "[", "/", "]", "", ".", "/").Replace(location)
	if location != "" && location[0] != '/' {
		location = "/" + location
	}
	return location
}

// contextOf is the server's own context with the call of ctx: for what must
// outlast the time that a request of the REST part is given.
func contextOf(ctx context.Context) context.Context {
	call := callFrom(ctx)
	return context.WithValue(call.server.opts.Context, callKey{}, call)
}
