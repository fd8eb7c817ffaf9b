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
)

// refuseUnknownInput refuses what an operation of the REST part would pass over,
// and then a body that it can't read.
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

// checkInput refuses input that the operation does not declare: a query parameter
// of another name, one that is repeated where one value counts, one without a
// value where only a value means something (until=), and a body where none is
// taken. A misspelt filter that is passed over does more than its sender meant.
func checkInput(c *fiber.Ctx, operation *huma.Operation) *model.Error {
	var problems []model.Problem
	query := c.Context().QueryArgs()
	for key, value := range query.All() {
		if fault := unstorable(value); fault != "" {
			name := printableName(key)
			return unmatched("/query/"+escapePointer(name), "The query parameter "+name, fault)
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
			problems = append(problems, model.Problem{Pointer: "/query/" + escapePointer(name), Message: problem})
		}
	}
	if body := bytes.TrimSpace(c.Request().Body()); operation.RequestBody == nil && len(body) > 0 && !emptyJSONObject(body) {
		problems = append(problems, model.Problem{Message: "is not taken by this operation; leave it out"})
	}
	if len(problems) == 0 {
		return nil
	}
	return invalid(problems...)
}

// unstorable says why nothing stored can equal a text of the query, which the
// database would refuse less clearly.
func unstorable(value []byte) string {
	switch {
	case bytes.IndexByte(value, 0) >= 0:
		return "the character U+0000"
	case !utf8.Valid(value):
		return "bytes that are not UTF-8"
	}
	return ""
}

// unmatched refuses a text of which unstorable told a fault.
func unmatched(pointer, label, fault string) *model.Error {
	refused := model.NewError(model.CodeBadRequest, "%s contains %s, which no stored text does; send it without.", label, fault)
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
		return "is no parameter of this operation, which takes none; leave it out"
	}
	return "is no parameter of this operation; use " + strings.Join(names, ", ")
}

// misgiven says what is wrong with how a declared parameter is given, if anything.
func misgiven(parameter *huma.Param, value []byte, times int) string {
	schema := parameter.Schema
	switch {
	case schema.Type != huma.TypeArray && times > 1:
		return fmt.Sprintf("is given %d times; give it once", times)
	case len(value) == 0 && (schema.Type != huma.TypeString || schema.Format != "" || schema.Pattern != "" || schema.Enum != nil || schema.MinLength != nil && *schema.MinLength > 0):
		return "has no value; leave it out, or give it one"
	}
	return ""
}

func emptyJSONObject(body []byte) bool {
	return body[0] == '{' && body[len(body)-1] == '}' && len(bytes.TrimSpace(body[1:len(body)-1])) == 0
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// escapePointer writes a name as a part of a JSON pointer.
func escapePointer(name string) string { return pointerEscapes.Replace(name) }
