package handlers_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSchemasAreDerivedFromTypeHints: a missing schema is derived; a schema that
// was sent, or null, stays.
func TestSchemasAreDerivedFromTypeHints(t *testing.T) {
	t.Parallel()
	f := setup(t)
	whole := `"code":"def f(input: int) -> str:\n    return str(input)"`
	f.all([]ask{
		{name: "left out", call: "POST /api/v1/functions", body: `{"name":"f",` + whole + `}`, status: 201,
			want: []string{`"input_schema":{"type":"integer"}`, `"output_schema":{"type":"string"}`, `"derived_schemas":["input_schema","output_schema"]`}},
		{name: "and shown", call: "GET /api/v1/functions/f", status: 200, want: []string{`"input_schema":{"type":"integer"}`}},
		{name: "with the version", call: "GET /api/v1/functions/f/versions/1", status: 200, want: []string{`"input_schema":{"type":"integer"}`, `"derived_schemas":["input_schema","output_schema"]`}},
		{name: "and enforced", call: "POST /api/v1/executions", body: `{"function_name":"f","input_data":"x"}`, status: 422, want: []string{`"code":"input_invalid"`}},
		{name: "sent back as it is shown", call: "PUT /api/v1/functions/f", body: `{"input_schema":{ "type": "integer" }}`, status: 200,
			want: []string{`"version":1`, `"derived_schemas":["input_schema","output_schema"]`}},
		{name: "new code derives anew", call: "PUT /api/v1/functions/f", body: `{"code":"def f(input: list[int]):\n    return 1"}`, status: 200,
			want: []string{`"version":2`, `"input_schema":{"type":"array","items":{"type":"integer"}}`, `"output_schema":null`, `"derived_schemas":["input_schema","output_schema"]`}},
		{name: "the author's own", call: "PUT /api/v1/functions/f", body: `{"output_schema":{"type":"integer"}}`, status: 200,
			want: []string{`"version":3`, `"output_schema":{"type":"integer"}`, `"derived_schemas":["input_schema"]`}},
		{name: "stays when the code changes", call: "PUT /api/v1/functions/f", body: `{"code":"def f(input: str) -> bool:\n    return 1"}`, status: 200,
			want: []string{`"version":4`, `"input_schema":{"type":"string"}`, `"output_schema":{"type":"integer"}`, `"derived_schemas":["input_schema"]`}},
		{name: "null is the author's too", call: "PUT /api/v1/functions/f", body: `{"input_schema":null}`, status: 200,
			want: []string{`"version":5`, `"input_schema":null`, `"derived_schemas":[]`}},
		{name: "and stays", call: "PUT /api/v1/functions/f", body: `{` + whole + `}`, status: 200, want: []string{`"version":6`, `"input_schema":null`}},
		{name: "rolled back", call: "POST /api/v1/functions/f/rollback/2", status: 200,
			want: []string{`"version":7`, `"input_schema":{"type":"array","items":{"type":"integer"}}`, `"derived_schemas":["input_schema","output_schema"]`}},
		{name: "who may not say", call: "PUT /api/v1/functions/f", body: `{"derived_schemas":[]}`, status: 422, want: []string{`"/derived_schemas"`}},
		{name: "an own one in place of both", call: "PUT /api/v1/functions/f", body: `{"input_schema":true,"output_schema":true}`, status: 200, want: []string{`"version":8`, `"derived_schemas":[]`}},
		{name: "derived again", call: "PUT /api/v1/functions/f", body: `{"derived_schemas":["input_schema"]}`, status: 200,
			want: []string{`"version":9`, `"input_schema":{"type":"array","items":{"type":"integer"}}`, `"output_schema":true`, `"derived_schemas":["input_schema"]`}},
		{name: "and enforced again", call: "POST /api/v1/executions", body: `{"function_name":"f","input_data":"x"}`, status: 422, want: []string{`"code":"input_invalid"`}},
		{name: "derived again with all that is shown", call: "PUT /api/v1/functions/f", body: `{"input_schema":{"type":"array","items":{"type":"integer"}},"output_schema":true,"derived_schemas":["output_schema","input_schema"]}`, status: 200,
			want: []string{`"version":10`, `"output_schema":null`, `"derived_schemas":["input_schema","output_schema"]`}},
		{name: "both at once", call: "PUT /api/v1/functions/f", body: `{"input_schema":true}`, status: 200, want: []string{`"version":11`}},
		{name: "is refused", call: "PUT /api/v1/functions/f", body: `{"input_schema":false,"derived_schemas":["input_schema","output_schema"]}`, status: 422, want: []string{`"/input_schema"`}},
		{name: "another member", call: "PUT /api/v1/functions/f", body: `{"derived_schemas":["output_schema","code"]}`, status: 422, want: []string{`"/derived_schemas"`}},
		{name: "a module has none", call: "POST /api/v1/functions", body: `{"name":"m","kind":"module","code":"x = 1"}`, status: 201},
		{name: "now and later", call: "PUT /api/v1/functions/m", body: `{"derived_schemas":["input_schema"]}`, status: 422, want: []string{`"/derived_schemas"`}},
		{name: "null from the start", call: "POST /api/v1/functions", status: 201, want: []string{`"input_schema":null`, `"output_schema":{"type":"string"}`, `"derived_schemas":["output_schema"]`},
			body: `{"name":"g","input_schema":null,"code":"def g(input: int) -> str:\n    return str(input)"}`},
		{name: "a derived one decides a webhook's mode", call: "POST /api/v1/functions", status: 201, body: `{"name":"h","code":"def h(input: int):\n    return input"}`},
		{name: "in mode auto", call: "POST /api/v1/webhooks", body: `{"path":"h","function_name":"h"}`, status: 201, want: []string{`"effective_input_mode":"body"`}},
	})
}

const orderCode = `
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, NotRequired, Optional, TypedDict, Union

class Item(TypedDict):
    sku: Annotated[str, "The stock number"]
    count: int
    note: NotRequired[str | None]

@dataclass
class Order:
    items: list[Item]
    kind: Literal["new", "repeat"]
    due: Optional[date] = None
    tags: Union[dict[str, str], None] = None

def order(input: Order) -> dict[str, int]:
    """Adds up an order."""
    return {"count": sum(item["count"] for item in input["items"])}
`

// TestTypesOfAnOrder saves a function with the types that people write, and
// runs it on what fits and what does not.
func TestTypesOfAnOrder(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("order", orderCode)
	got := f.must(ask{call: "GET /api/v1/functions/order", status: 200})
	var shown struct {
		Input struct {
			Required   []string                   `json:"required"`
			Properties map[string]json.RawMessage `json:"properties"`
		} `json:"input_schema"`
		Output json.RawMessage `json:"output_schema"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.text), &shown))
	require.ElementsMatch(t, []string{"items", "kind"}, shown.Input.Required)
	require.Len(t, shown.Input.Properties, 4)
	require.Contains(t, got.text, "The stock number")
	require.JSONEq(t, `{"type":"object","additionalProperties":{"type":"integer"}}`, string(shown.Output))
	for _, test := range []struct {
		name, input string
		fits        bool
	}{
		{"least", `{"items":[{"sku":"a","count":2}],"kind":"new"}`, true},
		{"all", `{"items":[{"sku":"a","count":2,"note":null}],"kind":"repeat","due":"2026-01-31","tags":{"a":"b"}}`, true},
		{"a null", `{"items":[],"kind":"new","due":null,"tags":null}`, true},
		{"no items", `{"kind":"new"}`, false},
		{"a text for a number", `{"items":[{"sku":"a","count":"2"}],"kind":"new"}`, false},
		{"another word", `{"items":[],"kind":"old"}`, false},
		{"no date", `{"items":[],"kind":"new","due":"tomorrow"}`, false},
		{"a list", `[]`, false},
	} {
		a := ask{name: test.name, call: "POST /api/v1/executions", body: `{"function_name":"order","input_data":` + test.input + `}`, status: 200}
		if !test.fits {
			a.status, a.want = 422, []string{`"code":"input_invalid"`}
		}
		f.must(a)
	}
}
