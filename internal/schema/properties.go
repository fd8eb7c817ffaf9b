package schema

import (
	"encoding/json"
	"sort"
)

// ObjectShape describes the top level of a schema, for a webhook that selects the
// form of the input.
type ObjectShape struct {
	AllowsObject bool     // its "type" is absent or names object
	Properties   []string // of the top-level "properties", sorted
}

// Shape parses the top level of raw, a valid schema; empty text means no schema.
func Shape(raw json.RawMessage) ObjectShape {
	var top struct {
		Type       json.RawMessage            `json:"type"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	shape := ObjectShape{AllowsObject: true}
	if len(raw) == 0 || json.Unmarshal(raw, &top) != nil {
		return shape
	}
	if len(top.Type) > 0 {
		var one string
		var several []string
		shape.AllowsObject = false
		if json.Unmarshal(top.Type, &one) == nil {
			several = []string{one}
		} else {
			_ = json.Unmarshal(top.Type, &several) // it compiles, so it is a list of text
		}
		for _, name := range several {
			shape.AllowsObject = shape.AllowsObject || name == "object"
		}
	}
	for name := range top.Properties {
		shape.Properties = append(shape.Properties, name)
	}
	sort.Strings(shape.Properties)
	return shape
}
