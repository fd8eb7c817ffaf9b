package handlers

import (
	"encoding/json"
	"slices"

	"maestro/internal/model"
)

// rederived lists the schemas that a change takes from the type hints again: the
// names that derived_schemas adds to the stored ones. It is nil when the member
// is left out, or is not the stored names and others; ownedProblems refuses the
// second. The problems are those of a schema that is sent too.
func (in *FunctionFields) rederived(f *model.Function) (again []string, problems []model.Problem) {
	var names []string
	if f.Kind == model.KindModule || json.Unmarshal(in.DerivedSchemas.text, &names) != nil {
		return nil, nil
	}
	stored := derivedSchemas(f.InputDerived, f.OutputDerived)
	for _, name := range stored {
		if !slices.Contains(names, name) {
			return nil, nil
		}
	}
	for _, name := range names {
		sent, schema := in.InputSchema, f.InputSchema
		switch name {
		case "input_schema":
		case "output_schema":
			sent, schema = in.OutputSchema, f.OutputSchema
		default:
			return nil, nil
		}
		if slices.Contains(stored, name) || slices.Contains(again, name) {
			continue
		}
		if again = append(again, name); sent.Set && !sameSchema(sent.Value, schema) {
			problems = append(problems, model.Problem{
				Pointer: "/" + name, Message: "is sent with another value, while derived_schemas has it derived; leave one of them out",
			})
		}
	}
	return again, problems
}
