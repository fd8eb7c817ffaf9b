package handlers

import (
	"bytes"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"maestro/internal/model"
)

// refuseUnstorableQuery refuses a parameter with a text that nothing stored can
// equal, which the database would refuse less clearly.
func (s *Server) refuseUnstorableQuery(ctx huma.Context, next func(huma.Context)) {
	query := humafiber.Unwrap(ctx).Context().QueryArgs()
	for _, parameter := range ctx.Operation().Parameters {
		if parameter.In != "query" {
			continue
		}
		for _, value := range query.PeekMulti(parameter.Name) {
			fault := ""
			switch {
			case bytes.IndexByte(value, 0) >= 0:
				fault = "the character U+0000"
			case !utf8.Valid(value):
				fault = "bytes that are not UTF-8"
			default:
				continue
			}
			refusal := model.NewError(model.CodeBadRequest, "The query parameter %s contains %s, which no stored text does; send it without.", parameter.Name, fault)
			refusal.Problems = []model.Problem{{Pointer: "/query/" + parameter.Name, Message: "contains " + fault}}
			_ = newEnvelope(callFrom(ctx.Context()), refusal).write(humafiber.Unwrap(ctx))
			return
		}
	}
	next(ctx)
}

// refuseEmptyQuery refuses a parameter that is there without a value, such as
// until=, where only a value means something. Huma would pass it over, and a
// filter that somebody meant would not be there.
func (s *Server) refuseEmptyQuery(ctx huma.Context, next func(huma.Context)) {
	query := humafiber.Unwrap(ctx).Context().QueryArgs()
	var problems []model.Problem
	for _, parameter := range ctx.Operation().Parameters {
		if parameter.In != "query" || !query.Has(parameter.Name) || len(query.Peek(parameter.Name)) > 0 {
			continue
		}
		if schema := parameter.Schema; schema.Type != huma.TypeString || schema.Format != "" || schema.Pattern != "" || schema.Enum != nil {
			problems = append(problems, model.Problem{Pointer: "/query/" + parameter.Name, Message: "has no value; leave it out, or give it one"})
		}
	}
	if len(problems) == 0 {
		next(ctx)
		return
	}
	call := callFrom(ctx.Context())
	_ = newEnvelope(call, invalid(problems...)).write(humafiber.Unwrap(ctx))
}
