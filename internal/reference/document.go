package reference

import "encoding/json"

// document is an OpenAPI document, as far as the reference shows it.
type document struct {
	Info       struct{ Description string }
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]*operation
	Components struct {
		Schemas    map[string]*schema
		Parameters map[string]*parameter
		Responses  map[string]*response
	}
}

type operation struct {
	Summary, Description string
	Tags                 []string
	Parameters           []*parameter
	RequestBody          *struct {
		Content map[string]media
	}
	Responses map[string]*response
	Security  []map[string][]string
}

// isPublic reports whether it needs no token.
func (o *operation) isPublic() bool { return len(o.Security) == 1 && len(o.Security[0]) == 0 }

type parameter struct {
	Ref               string `json:"$ref"`
	Name, In          string
	Description       string
	Required          bool
	Schema            *schema
	Deprecated, Style any
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]media
}

type media struct{ Schema *schema }

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Description, Format  string
	Enum                 []any
	Default              json.RawMessage
	Items                *schema
	Properties           map[string]*schema
	Required             []string
	OneOf, AnyOf         []*schema
	ReadOnly             bool
	Minimum, Maximum     *float64
	MaxLength            *int
	AdditionalProperties json.RawMessage
}
