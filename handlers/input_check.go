package handlers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/internal/schema"
)

// refuseUnknownInput refuses input that an operation of the REST API would
// ignore, and a body that is not JSON.
func (s *Server) refuseUnknownInput(ctx huma.Context, next func(huma.Context)) {
	c, call := humafiber.Unwrap(ctx), callFrom(ctx.Context())
	var refused error
	if err := checkInput(c, ctx.Operation()); err != nil {
		refused = err
	} else if ctx.Operation().RequestBody != nil {
		refused = checkBody(c, call)
	}
	if refused != nil {
		_ = newEnvelope(call, call.edge(refused)).write(c)
		return
	}
	next(ctx)
}

// checkInput refuses input that the operation does not declare: an unknown query
// parameter, a repeated one that takes one value, one without the value that it
// requires (until=), and a body where the operation has none. A misspelt filter
// that is ignored would select more than the sender intended.
func checkInput(c *fiber.Ctx, operation *huma.Operation) *model.Error {
	var problems []model.Problem
	query := c.Context().QueryArgs()
	for key, value := range query.All() {
		if fault := unstorable(value); fault != "" {
			name := printableName(key)
			return unmatched("/query/"+schema.EscapePointer(name), "The query parameter "+name, fault)
		}
	}
	var seen []string
	for key, value := range query.All() {
		name := printableName(key)
		if slices.Contains(seen, name) {
			continue
		}
		seen = append(seen, name)
		declared := slices.IndexFunc(operation.Parameters, func(p *huma.Param) bool { return p.In == "query" && p.Name == name })
		var problem string
		if declared < 0 {
			problem = unknownParameter(operation)
		} else {
			problem = misgiven(operation.Parameters[declared], value, len(query.PeekMulti(name)))
		}
		if problem != "" {
			problems = append(problems, model.Problem{Pointer: "/query/" + schema.EscapePointer(name), Message: problem})
		}
	}
	problems = append(problems, unwantedBody(c, operation)...)
	if len(problems) == 0 {
		return nil
	}
	return invalid(problems...)
}

// unwantedBody is the problem of a body where the operation has none.
func unwantedBody(c *fiber.Ctx, operation *huma.Operation) []model.Problem {
	body := bytes.TrimSpace(c.Request().Body())
	if operation.RequestBody != nil || len(body) == 0 || emptyJSONObject(body) {
		return nil
	}
	return []model.Problem{{Message: "is not accepted by this operation; leave it out"}}
}

// unstorable says why a text of the query equals no stored text. The error of
// the database would be less clear.
func unstorable(value []byte) string {
	switch {
	case bytes.IndexByte(value, 0) >= 0:
		return "the character U+0000"
	case !utf8.Valid(value):
		return "bytes that are not UTF-8"
	}
	return ""
}

// unmatched refuses a text for a fault found by unstorable.
func unmatched(pointer, label, fault string) *model.Error {
	refused := model.NewError(model.CodeBadRequest, "%s contains %s, which stored text never contains. Send it without.", label, fault)
	refused.Problems = []model.Problem{{Pointer: pointer, Message: "contains " + fault}}
	return refused
}

func printableName(key []byte) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(string(key), "\uFFFD"))
}

func unknownParameter(operation *huma.Operation) string {
	var names []string
	for _, p := range operation.Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return "is not a parameter of this operation, which has none; leave it out"
	}
	return "is not a parameter of this operation; use " + strings.Join(names, ", ")
}

// misgiven returns the fault in the form of a declared parameter, or empty text.
func misgiven(parameter *huma.Param, value []byte, times int) string {
	schema := parameter.Schema
	switch {
	case schema.Type != huma.TypeArray && times > 1:
		return fmt.Sprintf("is sent %d times; send it once", times)
	case len(value) == 0 && (schema.Type != huma.TypeString || schema.Format != "" || schema.Pattern != "" || schema.Enum != nil || schema.MinLength != nil && *schema.MinLength > 0):
		return "has no value; send one, or leave the parameter out"
	}
	return ""
}

func emptyJSONObject(body []byte) bool {
	return body[0] == '{' && body[len(body)-1] == '}' && len(bytes.TrimSpace(body[1:len(body)-1])) == 0
}
