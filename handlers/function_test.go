package handlers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const helloCode = `def hello(input):\n    return 'Hello ' + input.get('name', 'World')`

func TestFunctions(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hello := `{"name":"hello","code":"` + helloCode + `"`
	f.all([]ask{
		{name: "create", call: "POST /api/v1/functions", status: 201,
			body: hello + `,"description":"says hello","tags":["a","b"],"timeout_seconds":1.5,"input_schema":{"type":"object"},"output_schema":null}`,
			want: []string{`"name":"hello"`, `"version":1`, `"is_active":true`, `"input_schema":{"type":"object"}`, `"output_schema":null`, `"tags":["a","b"]`, `"timeout_seconds":1.5`, `"requirements":[]`}},
		{name: "taken", call: "POST /api/v1/functions", body: hello + `}`, status: 409, want: []string{`"code":"name_taken"`}},
		{name: "get", call: "GET /api/v1/functions/hello", status: 200, want: []string{`"version":1`, `"created_at":"2`, `Z"`}},
		{name: "get with a slash", call: "GET /api/v1/functions/hello/", status: 200},
		{name: "in another case", call: "GET /api/v1/functions/Hello", status: 404, want: []string{"function_not_found"}},
		{name: "head", call: "HEAD /api/v1/functions/hello", status: 200},
		{name: "description alone makes no version", call: "PUT /api/v1/functions/hello", body: `{"description":null}`, status: 200,
			want: []string{`"version":1`, `"description":null`, `"tags":["a","b"]`}},
		{name: "code makes a version", call: "PUT /api/v1/functions/hello", body: `{"code":"def hello(input):\n    return 2"}`, status: 200, want: []string{`"version":2`}},
		{name: "schema makes a version", call: "PUT /api/v1/functions/hello", body: `{"input_schema":null}`, status: 200, want: []string{`"version":3`, `"input_schema":null`}},
		{name: "too late", call: "PUT /api/v1/functions/hello", header: []string{`If-Match: "1"`}, body: `{"tags":[]}`, status: 412, want: []string{"version_mismatch"}},
		{name: "in time", call: "PUT /api/v1/functions/hello", header: []string{`If-Match: "3"`}, body: `{"tags":null,"timeout_seconds":null}`, status: 200, want: []string{`"tags":[]`, `"timeout_seconds":null`}},
		{name: "no version", call: "PUT /api/v1/functions/hello", header: []string{`If-Match: W/"3"`}, body: `{"tags":[]}`, status: 400},
		{name: "versions", call: "GET /api/v1/functions/hello/versions?limit=2", status: 200, want: []string{`"version":3`, `"version":2`, `"created_by":"user@example.com"`}, lacks: []string{`"version":1`}},
		{name: "version", call: "GET /api/v1/functions/hello/versions/1", status: 200, want: []string{"Hello ", `"requirements":[]`}},
		{name: "no such version", call: "GET /api/v1/functions/hello/versions/9", status: 404, want: []string{"version_not_found"}},
		{name: "a version that is no number", call: "GET /api/v1/functions/hello/versions/x", status: 422},
		{name: "versions of a missing function", call: "GET /api/v1/functions/missing/versions", status: 404, want: []string{"function_not_found"}},
		{name: "roll back", call: "POST /api/v1/functions/hello/rollback/1", status: 200, want: []string{`"version":4`, "Hello "}},
		{name: "roll back to nothing", call: "POST /api/v1/functions/hello/rollback/77", status: 404},
		{name: "another subtenant's", call: "GET /api/v1/functions/hello", token: f.mint("other", false), status: 404},
		{name: "delete", call: "DELETE /api/v1/functions/hello", status: 204},
		{name: "deleted", call: "GET /api/v1/functions/hello", status: 404},
		{name: "deleted twice", call: "DELETE /api/v1/functions/hello", status: 404},
		{name: "deleted, its history stays", call: "GET /api/v1/functions/hello/versions/1", status: 200},
		{name: "the name comes back", call: "POST /api/v1/functions", body: hello + `}`, status: 201, want: []string{`"version":5`}},
	})
}

func TestAFunctionThatWasReadCanBeSentBack(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("hello", "def hello(input):\n    return 1", `"input_schema":{"type":"object"}`, `"description":"x"`)
	got := f.must(ask{call: "GET /api/v1/functions/hello", status: 200})
	require.Equal(t, `"1"`, got.Header.Get("ETag"))
	again := f.must(ask{call: "PUT /api/v1/functions/hello", body: got.text, status: 200})
	require.JSONEq(t, got.text, strings.Replace(again.text, `"warnings":[],`, "", 1), "only a change is answered with warnings")
	f.must(ask{call: "PUT /api/v1/functions/hello", body: again.text, status: 200})
	f.must(ask{call: "PUT /api/v1/functions/hello", body: `{"warnings":["x"]}`, status: 422, want: []string{`"/warnings"`}})

	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.text), &object))
	for member, value := range map[string]any{
		"id": "0190a8f0-0000-7000-8000-000000000000", "version": 2, "created_at": "2020-01-01T00:00:00.000000Z", "updated_at": nil,
		"called_by": []string{"x"},
	} {
		stored := object[member]
		object[member] = value
		text, err := json.Marshal(object)
		require.NoError(t, err)
		f.must(ask{call: "PUT /api/v1/functions/hello", body: string(text), status: 422, want: []string{`"/` + member + `"`}})
		object[member] = stored
	}
}

func TestFunctionsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	code := `"code":"def f(input):\n    return 1"`
	for _, a := range []ask{
		{name: "no code", body: `{"name":"f"}`, want: []string{`"pointer":"/code"`, `/code: is required.`}},
		{name: "unknown member", body: `{"name":"f",` + code + `,"colour":1}`, want: []string{`"/colour"`}},
		{name: "member in another case", body: `{"Name":"f",` + code + `}`, want: []string{`"/Name"`}},
		{name: "name with a dash", body: `{"name":"f-1",` + code + `}`, want: []string{`"/name"`}},
		{name: "name too long", body: `{"name":"` + strings.Repeat("f", 256) + `",` + code + `}`, want: []string{`"/name"`}},
		{name: "name of a wrong type", body: `{"name":7,` + code + `}`, want: []string{`"/name"`}},
		{name: "name null", body: `{"name":null,` + code + `}`, want: []string{`"/name"`}},
		{name: "keyword", body: `{"name":"class",` + code + `}`, want: []string{`"/name"`}},
		{name: "builtin", body: `{"name":"print",` + code + `}`, want: []string{`"/name"`}},
		{name: "dunder", body: `{"name":"__f__",` + code + `}`, want: []string{`"/name"`}},
		{name: "predefined", body: `{"name":"uuid","code":"def uuid(input):\n    return 1"}`, want: []string{`"/name"`, "predefined"}},
		{name: "maestro", body: `{"name":"maestro",` + code + `}`, want: []string{`"/name"`}},
		{name: "syntax", body: `{"name":"f","code":"def f(input):\n    return )"}`, want: []string{`"code":"syntax_error"`, `"line":2`, `"column":`}, lacks: []string{`"pointer"`}},
		{name: "no such def", body: `{"name":"f","code":"def g(input):\n    return 1"}`, want: []string{`"code":"function_not_defined"`}},
		{name: "bad schema", body: `{"name":"f",` + code + `,"input_schema":{"type":"objekt"}}`, want: []string{`"code":"schema_invalid"`, "/input_schema"}},
		{name: "schema that is none", body: `{"name":"f",` + code + `,"output_schema":7}`, want: []string{`"code":"schema_invalid"`}},
		{name: "remote reference", body: `{"name":"f",` + code + `,"output_schema":{"$ref":"https://example.com/x"}}`, want: []string{`"code":"schema_invalid"`}},
		{name: "timeout too long", body: `{"name":"f",` + code + `,"timeout_seconds":20.5}`, want: []string{`"/timeout_seconds"`, "FUNCTION_TIMEOUT"}},
		{name: "timeout of nothing", body: `{"name":"f",` + code + `,"timeout_seconds":0}`, want: []string{`"/timeout_seconds"`}},
		{name: "empty tag", body: `{"name":"f",` + code + `,"tags":["a",""]}`, want: []string{`"/tags/1"`}},
		{name: "tags of a wrong type", body: `{"name":"f",` + code + `,"tags":[1]}`, want: []string{`"/tags/0"`}},
		{name: "a description that can't be stored", body: `{"name":"f",` + code + `,"description":"a\u0000b"}`, want: []string{`"/description"`}},
		{name: "server's member", body: `{"name":"f",` + code + `,"id":"x"}`, want: []string{`"/id"`}},
		{name: "not an object", body: `[1]`, want: []string{"object"}},
		{name: "code too long", body: `{"name":"f","code":"` + strings.Repeat("#", 1<<20+1) + `"}`, want: []string{`"/code"`}},
	} {
		a.call, a.status = "POST /api/v1/functions", 422
		f.must(a)
	}
	f.all([]ask{
		{name: "no body", call: "POST /api/v1/functions", status: 400},
		{name: "malformed", call: "POST /api/v1/functions", body: "{\n\"name\": f}", status: 400, want: []string{"malformed_body", "line 2, column 9"}},
		{name: "wrong type", call: "POST /api/v1/functions", header: []string{"Content-Type: text/plain"}, body: `{}`, status: 415},
		{name: "a form", call: "POST /api/v1/functions", header: []string{"Content-Type: application/x-www-form-urlencoded"}, body: `{}`, status: 415},
		{name: "requirements", call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"requirements":["requests @ http://x/"]}`, status: 422, want: []string{"/requirements/0"}},
		{name: "retry", call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"retry":{"max_attempts":0}}`, status: 422, want: []string{"/retry/max_attempts"}},
		{name: "max_concurrency", call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"max_concurrency":0}`, status: 422, want: []string{"/max_concurrency"}},
		{name: "none of it was saved", call: "GET /api/v1/functions", status: 200, want: []string{"[]"}},
		{name: "empty values", call: "POST /api/v1/functions", body: `{"name":"f",` + code + `,"requirements":[],"retry":null,"max_concurrency":null}`, status: 201},
		{name: "another name", call: "PUT /api/v1/functions/f", body: `{"name":"g"}`, status: 422, want: []string{`"/name"`}},
		{name: "no name", call: "PUT /api/v1/functions/f", body: `{"name":null}`, status: 422, want: []string{`"/name"`}},
		{name: "no code", call: "PUT /api/v1/functions/f", body: `{"code":null}`, status: 422, want: []string{`"/code"`}},
		{name: "a change that does not compile", call: "PUT /api/v1/functions/f", body: `{"code":"def f("}`, status: 422, want: []string{"syntax_error"}},
		{name: "is as before", call: "GET /api/v1/functions/f", status: 200, want: []string{`"version":1`}},
	})
}

func TestListsHavePages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i := range 5 {
		f.function(fmt.Sprintf("f%d", i), fmt.Sprintf("def f%d(input):\n    return 1", i), fmt.Sprintf(`"tags":["all","n%d"]`, i%2))
	}
	first := f.must(ask{call: "GET /api/v1/functions?limit=2&tags=all", status: 200, want: []string{`"f0"`, `"f1"`}, lacks: []string{`"f2"`}})
	cursor := first.Header.Get("X-Next-Cursor")
	require.NotEmpty(t, cursor)
	link := first.Header.Get("Link")
	require.Contains(t, link, "</api/v1/functions?")
	require.Contains(t, link, "tags=all")
	require.Contains(t, link, `rel="next"`)
	address := link[1:strings.Index(link, ">")]
	second := f.must(ask{call: "GET " + address, status: 200, want: []string{`"f2"`, `"f3"`}, lacks: []string{`"f1"`}})
	last := f.must(ask{call: "GET /api/v1/functions?limit=2&cursor=" + second.Header.Get("X-Next-Cursor"), status: 200, want: []string{`"f4"`}})
	require.Empty(t, last.Header.Get("X-Next-Cursor"))
	require.Empty(t, last.Header.Get("Link"))
	f.must(ask{call: "DELETE /api/v1/functions/f4", status: 204})
	f.all([]ask{
		{name: "offset", call: "GET /api/v1/functions?offset=3", status: 200, want: []string{`"f3"`}, lacks: []string{`"f2"`, `"f4"`}},
		{name: "with deleted ones", call: "GET /api/v1/functions?active_only=false&offset=4", status: 200, want: []string{`"f4"`, `"is_active":false`}},
		{name: "all of the tags", call: "GET /api/v1/functions?tags=all&tags=n1", status: 200, want: []string{`"f1"`, `"f3"`}, lacks: []string{`"f0"`}},
		{name: "search", call: "GET /api/v1/functions?q=F3", status: 200, want: []string{`"f3"`}, lacks: []string{`"f0"`}},
		{name: "both", call: "GET /api/v1/functions?offset=1&cursor=" + cursor, status: 422},
		{name: "too many", call: "GET /api/v1/functions?limit=1001", status: 422, want: []string{"limit"}},
		{name: "too few", call: "GET /api/v1/functions?limit=0", status: 422},
		{name: "no number", call: "GET /api/v1/functions?limit=x", status: 422},
		{name: "too far", call: "GET /api/v1/functions?offset=10001", status: 422},
		{name: "no cursor of ours", call: "GET /api/v1/functions?cursor=%21", status: 400},
		{name: "another subtenant's", call: "GET /api/v1/functions", token: f.mint("other", false), status: 200, want: []string{"[]"}},
	})
}

// TestFunctionsOfAnotherSubtenant: as if they were not there, and untouched.
func TestFunctionsOfAnotherSubtenant(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("mine", "def mine(input):\n    return 'swordfish'", `"description":"swordfish"`)
	stranger := f.mint("other", false)
	for _, call := range []string{
		"GET /api/v1/functions/mine", "PUT /api/v1/functions/mine", "DELETE /api/v1/functions/mine", "GET /api/v1/functions/mine/versions",
		"GET /api/v1/functions/mine/versions/1", "POST /api/v1/functions/mine/rollback/1",
	} {
		a := ask{call: call, token: stranger, status: 404, want: []string{`"code":"function_not_found"`}, lacks: []string{"swordfish"}}
		if method(call) == "PUT" {
			a.body = `{"code":"def mine(input):\n    return 1"}`
		}
		foreign := f.must(a).text
		a.call = strings.ReplaceAll(call, "mine", "missing")
		missing := f.must(a).text
		require.Equal(t, withoutRequestID(missing), withoutRequestID(strings.ReplaceAll(foreign, "mine", "missing")), "another subtenant's function and a missing one give the same response")
	}
	f.must(ask{call: "GET /api/v1/functions?active_only=false&q=mine", token: stranger, status: 200, want: []string{"[]"}})
	f.must(ask{call: "GET /api/v1/functions/mine", status: 200, want: []string{`"version":1`, "swordfish"}})
	f.must(ask{name: "the name is free elsewhere", call: "POST /api/v1/functions", token: stranger, body: `{"name":"mine","code":"def mine(input):\n    return 1"}`, status: 201, want: []string{`"version":1`}})
}

func withoutRequestID(text string) string {
	before, after, _ := strings.Cut(text, `"request_id":"`)
	_, after, _ = strings.Cut(after, `"`)
	return before + after
}
