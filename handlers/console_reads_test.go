package handlers_test

import (
	"testing"
)

func TestCheckOfAFunction(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("sibling", "def sibling(input):\n    return 1")
	f.all([]ask{
		{name: "good", call: "POST /api/v1/check", body: `{"name":"f","code":"def f(input: dict) -> int:\n    return sibling(input)\n"}`, status: 200,
			want: []string{`"derived_schemas":["input_schema","output_schema"]`, `"output_schema":{`, `"uses":["sibling"]`, `"warnings":[]`}},
		{name: "a taken name", call: "POST /api/v1/check", body: `{"name":"sibling","code":"def sibling(input):\n    return missing_name(1)\n"}`, status: 200,
			want: []string{`missing_name`, `"line":2`}},
		{name: "a module", call: "POST /api/v1/check", body: `{"name":"m","kind":"module","code":"X = 1"}`, status: 200, want: []string{`"input_schema":null`}},
		{name: "a syntax error", call: "POST /api/v1/check", body: `{"name":"f","code":"def f(input)\n    return 1\n"}`, status: 422, want: []string{`"code":"syntax_error"`, `"line":1`}},
		{name: "no def", call: "POST /api/v1/check", body: `{"name":"f","code":"x = 1"}`, status: 422, want: []string{`"code":"function_not_defined"`}},
		{name: "a bad schema", call: "POST /api/v1/check", body: `{"name":"f","code":"def f(input):\n    return 1\n","input_schema":{"type":"nothing"}}`, status: 422, want: []string{"schema"}},
		{name: "a bad requirement", call: "POST /api/v1/check", body: `{"name":"f","code":"def f(input):\n    return 1\n","requirements":["-r x"]}`, status: 422, want: []string{"/requirements/0"}},
		{name: "a reserved name", call: "POST /api/v1/check", body: `{"name":"print","code":"def print(input):\n    return 1\n"}`, status: 422, want: []string{"/name"}},
		{name: "nothing was saved", call: "GET /api/v1/functions/f", status: 404},
	})
}
