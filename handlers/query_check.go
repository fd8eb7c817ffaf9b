package handlers

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"maestro/internal/model"
)

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
		if schema := parameter.Schema; schema.Type != huma.TypeString || schema.Format != "" || schema.Enum != nil {
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
