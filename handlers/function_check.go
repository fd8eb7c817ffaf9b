package handlers

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

type functionCheckInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"255" pattern:"^[A-Za-z_][A-Za-z0-9_]*$"`
		Code string `json:"code" doc:"Python source that defines the function, at most 1 MiB"`
		FunctionFields
	}
}

type functionChecked struct {
	Body struct {
		InputSchema    json.RawMessage `json:"input_schema" doc:"As sent, or derived from type hints; null accepts anything"`
		OutputSchema   json.RawMessage `json:"output_schema" doc:"As sent, or derived from type hints; null accepts anything"`
		DerivedSchemas []string        `json:"derived_schemas" nullable:"false" enum:"input_schema,output_schema"`
		Requirements   []string        `json:"requirements" nullable:"false" doc:"As they would be stored"`
		Uses           []string        `json:"uses" nullable:"false" doc:"Names that the code uses and does not define: siblings, if there are such functions"`
		Warnings       []warningView   `json:"warnings" nullable:"false" doc:"Possible faults of the code. They do not prevent it from being saved"`
	}
}

var checkFunctionOp = huma.Operation{
	OperationID: "check-function", Summary: "Check a function without saving it",
	Description: "As for creating one: the same faults are a 422 with their places. Nothing is saved, installed or run, and the name may be taken. Whether packages can be installed shows at their install.",
}

func (s *Server) checkFunction(ctx context.Context, in *functionCheckInput) (*functionChecked, error) {
	item := applyFunction{Name: in.Body.Name, Code: in.Body.Code, FunctionFields: in.Body.FunctionFields}
	f, err := s.readFunction(ctx, callFrom(ctx).tenant, &item)
	if err != nil {
		return nil, err
	}
	found, err := s.opts.Engine.InspectAmong(ctx, &f, []model.Function{f})
	if err != nil {
		return nil, err
	}
	out := &functionChecked{}
	out.Body.InputSchema, out.Body.OutputSchema, out.Body.DerivedSchemas = f.InputSchema, f.OutputSchema, derivedSchemas(f.InputDerived, f.OutputDerived)
	out.Body.Requirements, out.Body.Uses, out.Body.Warnings = orEmpty(f.Requirements), orEmpty(found.Uses), viewWarnings(found.Warnings)
	return out, nil
}
