package handlers

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/internal/schema"
)

// Huma makes its errors through package variables. They are replaced here, so
// that its own refusals (an unknown member, a text that is too long) have the
// form of all other errors.
func init() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return &envelope{Status: status, Detail: message} // used by the document only
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		call := callFrom(ctx.Context())
		e := newEnvelope(call, call.edge(fromHuma(status, message, errs)))
		e.headers(ctx.SetHeader)
		return e
	}
}

// fromHuma converts a refusal of Huma, and returns the error of a handler
// unchanged.
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
		return model.NewError(model.CodeUnsupportedMediaType, "The body is not JSON by its Content-Type. Send it as application/json.")
	case http.StatusRequestEntityTooLarge:
		code = model.CodeBodyTooLarge
	case http.StatusBadRequest:
		code = model.CodeMalformedBody
		if len(problems) > 0 {
			message = "The body is not valid JSON: " + problems[0].Message + "."
		} else {
			message = "The request has no body. Send one as application/json."
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
		e = model.NewError(model.CodeInvalid, "The request has %d faults, which errors lists.", len(problems))
	}
	e.Problems = problems
	return e
}

// invalidAt is a 422 about one member of the body.
func invalidAt(pointer, format string, args ...any) *model.Error {
	return invalid(model.Problem{Pointer: pointer, Message: model.NewError("", format, args...).Detail})
}

// missing matches Huma's message for a missing member. Its pointer leads to the
// object; ours leads to the member.
var missing = regexp.MustCompile(`^expected required property (\S+) to be present$`)

func problemOf(detail *huma.ErrorDetail) model.Problem {
	p := model.Problem{Pointer: pointerTo(detail.Location), Message: detail.Message}
	if name := missing.FindStringSubmatch(detail.Message); name != nil {
		p.Pointer += "/" + schema.EscapePointer(name[1])
		p.Message = "is required"
	}
	return p
}

// pointerTo converts Huma's "body.tags[0]" into "/tags/0". The place of a
// parameter is kept: "query.limit" becomes "/query/limit".
func pointerTo(location string) string {
	location = strings.TrimPrefix(location, "body")
	location = strings.NewReplacer("~", "~0", "/", "~1", "[", "/", "]", "", ".", "/").Replace(location)
	if location != "" && location[0] != '/' {
		location = "/" + location
	}
	return location
}

// contextOf is the context of the server with the call of ctx, for work that may
// take longer than a request of the REST API.
func contextOf(ctx context.Context) context.Context {
	call := callFrom(ctx)
	return context.WithValue(call.server.opts.Context, callKey{}, call)
}
