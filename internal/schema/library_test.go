package schema

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"maestro/internal/format"
)

// keywords are schemas that use, between them, every keyword.
var keywords = []string{
	`{"const":{"a":[1.0,null]}}`,
	`{"enum":[1,"a",null,true,[1,2],{"b":2.50},1e2]}`,
	`{"type":["integer","string"],"minimum":-3,"exclusiveMaximum":1e2,"minLength":2,"maxLength":4}`,
	`{"multipleOf":0.01,"maximum":1e3,"exclusiveMinimum":-1}`,
	`{"uniqueItems":true,"minItems":1,"maxItems":4}`,
	`{"contains":{"type":"integer"},"minContains":2,"maxContains":3}`,
	`{"prefixItems":[{"type":"string"},true],"items":{"type":"integer"},"unevaluatedItems":false}`,
	`{"contains":{"type":"string"},"unevaluatedItems":{"type":"integer"}}`,
	`{"properties":{"a":{"type":"integer"}},"patternProperties":{"^b":{"type":"string"}},"additionalProperties":{"type":"boolean"},"minProperties":1,"maxProperties":3}`,
	`{"properties":{"a":true},"anyOf":[{"properties":{"b":{"type":"integer"}},"required":["b"]},{"properties":{"c":true}}],"unevaluatedProperties":false}`,
	`{"propertyNames":{"pattern":"^[a-c]$"},"required":["a"],"additionalProperties":false,"properties":{"a":{},"b":false}}`,
	`{"dependentRequired":{"a":["b"]},"dependentSchemas":{"b":{"required":["c"],"properties":{"c":{"type":"null"}}}}}`,
	`{"oneOf":[{"type":"integer"},{"minimum":2},{"type":"string"}],"not":{"const":3}}`,
	`{"if":{"type":"object","required":["a"]},"then":{"required":["b"]},"else":{"type":["array","object"]}}`,
	`{"allOf":[{"$ref":"#/$defs/t"}],"$defs":{"t":{"type":["object","array"],"items":{"$ref":"#/$defs/t"},"additionalProperties":{"$ref":"#/$defs/t"}}}}`,
	`{"$id":"a:tree","$dynamicAnchor":"n","properties":{"kids":{"items":{"$dynamicRef":"#n"}}},"unevaluatedProperties":{"type":"integer"}}`,
	`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"integer"}],"additionalItems":{"type":"string"},"dependencies":{"a":["b"],"c":{"minProperties":2}},"format":"ipv4"}`,
	`{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,"properties":{"a":{"$recursiveRef":"#"}},"additionalProperties":{"type":"integer"},"items":[true],"unevaluatedItems":false}`,
	`{"format":"date-time"}`,
	`{"format":"uri-reference","pattern":"^.?a"}`,
	`{"$ref":"https://json-schema.org/draft/2020-12/schema"}`,
}

// asTheLibrary compiles raw for the library's own validator.
func asTheLibrary(t testing.TB, raw string) *jsonschema.Schema {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	for _, f := range format.All() {
		c.RegisterFormat(&jsonschema.Format{Name: f.Name, Validate: f.CheckValue})
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(raw)))
	require.NoError(t, err)
	require.NoError(t, c.AddResource(textURL, doc))
	s, err := c.Compile(textURL)
	require.NoError(t, err)
	return s
}

// The evaluation answers as the library does, and the quick checker accepts
// nothing that it refuses.
func FuzzEvaluationAnswersLikeTheLibrary(f *testing.F) {
	for _, text := range []string{
		`{"a":[1,null]}`, `1`, `100`, `1.0`, `"abc"`, `[1,2]`, `[1,1.0]`, `["a",2,3]`, `[1,2,3,"x"]`, `{"b":2.5}`, `{"a":1,"b":"x","z":true}`,
		`{"a":1,"b":2}`, `{"c":null,"b":1}`, `{"kids":[{"kids":[]},{"x":"y"}]}`, `0.07`, `"1.2.3.4"`, `"2026-01-31T23:59:60Z"`, `{"a":{"a":{"b":"c"}}}`,
		`{"type":"object","properties":{"a":{"type":5}}}`, `{"a":1,"a":"\ud800"}`, `[[[]],{}]`, `-0`, `1e-7`, `12345678901234567890123`,
	} {
		f.Add(text)
	}
	compiled, library := make([]*Schema, len(keywords)), make([]*jsonschema.Schema, len(keywords))
	for i, raw := range keywords {
		s, err := Compile(json.RawMessage(raw))
		require.NoError(f, err)
		compiled[i], library[i] = s, asTheLibrary(f, raw)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if Scan([]byte(text)) != nil {
			t.Skip()
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
		require.NoError(t, err)
		for i, s := range compiled {
			problems, err := s.Examine(context.Background(), noDeadline, []byte(text))
			require.NoError(t, err)
			fits := library[i].Validate(value) == nil
			require.Equal(t, fits, len(problems) == 0, "schema %s and %s: %v", keywords[i], text, problems)
			require.False(t, !fits && s.Accepts([]byte(text)), "the quick checker accepts %s for schema %s", text, keywords[i])
		}
	})
}
