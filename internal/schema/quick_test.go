package schema

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the quick checker accepts, the evaluation must accept too.
func FuzzQuickAcceptsNoMoreThanTheEvaluation(f *testing.F) {
	schemas := []string{
		order,
		`{"type":"integer","minimum":-3,"maximum":9007199254740991}`,
		`{"type":["number","null"],"minimum":0}`,
		`{"anyOf":[{"type":"string","maxLength":3},{"type":"array","items":{"type":"boolean"},"maxItems":2}]}`,
		`{"allOf":[{"required":["a"]},{"properties":{"a":{"enum":["x","y"]}}}],"additionalProperties":{"type":"number"}}`,
		`{"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","properties":{"left":{"$ref":"#/$defs/tree"}},"additionalProperties":false}}}`,
		`{"type":"string","format":"ipv4"}`,
		`{"format":"date"}`,
		`{"$ref":"#"}`,
		`{"additionalProperties":{"type":"string"},"required":["a"]}`,
		`{"type":"object","properties":{"a":true},"required":["b"]}`,
	}
	for i, text := range []string{
		`{"id":1}`, `5`, `-0.5`, `"abc"`, `[true]`, `{"a":"x","b":1}`, `{"left":{"left":{}}}`, `"1.2.3.4"`, `"2026-02-30"`, `{}`,
		`{"a":1,"a":"x"}`, `1e2`, `9007199254740993`, `{"id":1,"lines":[{"sku":"\u0061"}]}`,
	} {
		f.Add(i, text)
	}
	compiled := make([]*Schema, len(schemas))
	for i, raw := range schemas {
		s, err := Compile(json.RawMessage(raw))
		require.NoError(f, err)
		compiled[i] = s
	}
	f.Fuzz(func(t *testing.T, _ int, text string) {
		if Scan([]byte(text)) != nil {
			t.Skip()
		}
		for i, s := range compiled {
			if s.quick != nil && s.quick.accepts([]byte(text), nil) {
				problems, err := s.Examine(context.Background(), noDeadline, []byte(text))
				require.NoError(t, err)
				require.Empty(t, problems, "schema %s accepts %s", schemas[i], text)
			}
		}
	})
}

var small = []byte(`{"id":17,"price":12.5,"state":"paid"}`)

func BenchmarkValidateSmallQuick(b *testing.B) {
	s, err := Compile(json.RawMessage(order))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if problems, err := s.Validate(context.Background(), noDeadline, small); err != nil || len(problems) > 0 {
			b.Fatal(problems, err)
		}
	}
}

func BenchmarkValidateSmallEvaluated(b *testing.B) {
	s, err := Compile(json.RawMessage(order))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if problems, err := s.Examine(context.Background(), noDeadline, small); err != nil || len(problems) > 0 {
			b.Fatal(problems, err)
		}
	}
}

func BenchmarkScanSmall(b *testing.B) {
	for b.Loop() {
		if err := Scan(small); err != nil {
			b.Fatal(err)
		}
	}
}
