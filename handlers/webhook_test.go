package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.PublicURL = "https://maestro.example.com/" })
	f.function("echo", "def echo(input):\n    return input")
	f.function("named", "def named(input):\n    return input", `"input_schema":{"type":"object","properties":{"name":{"type":"string"}}}`)
	made := f.must(ask{name: "create", call: "POST /api/v1/webhooks", status: 201,
		body: `{"path":"echo/{id}","function_name":"echo"}`,
		want: []string{`"http_method":"POST"`, `"requires_auth":false`, `"input_mode":"auto"`, `"effective_input_mode":"request"`,
			`"response_mode":"envelope"`, `"is_active":true`, `"signature":null`, `"url":"https://maestro.example.com/api/v1/h/echo/{id}"`,
			`"subtenant_url":"https://maestro.example.com/api/v1/h/@default/echo/{id}"`, "Every caller who knows the URL"}})
	id := member(t, made.text, "id")
	require.Equal(t, "/api/v1/webhooks/"+id, made.Header.Get("Location"))
	one := "/api/v1/webhooks/" + id
	f.all([]ask{
		{name: "sent back", call: "PUT " + one, body: made.text[:strings.Index(made.text, `"updated_at"`)-1] + "}", status: 200},
		{name: "effective mode follows the schema", call: "PUT " + one, body: `{"function_name":"named"}`, status: 200, want: []string{`"effective_input_mode":"body"`}},
		{name: "a mode of its own", call: "PUT " + one, body: `{"input_mode":"request","requires_auth":true}`, status: 200, want: []string{`"effective_input_mode":"request"`, "Only callers with a valid token"}},
		{name: "null brings the default back", call: "PUT " + one, body: `{"input_mode":null,"requires_auth":null,"http_method":null}`, status: 200, want: []string{`"input_mode":"auto"`, `"requires_auth":false`, `"http_method":"POST"`}},
		{name: "get", call: "GET " + one, status: 200, want: []string{`"function_name":"named"`}},
		{name: "another subtenant's", call: "GET " + one, token: f.mint("other", false), status: 404, want: []string{"webhook_not_found"}},
		{name: "not an id", call: "GET /api/v1/webhooks/x", status: 404, want: []string{"webhook_not_found"}},
		{name: "same template", call: "POST /api/v1/webhooks", body: `{"path":"echo/{other}","function_name":"echo"}`, status: 409, want: []string{"path_taken"}},
		{name: "same template, another method", call: "POST /api/v1/webhooks", body: `{"path":"echo/{other}","function_name":"echo","http_method":"GET"}`, status: 201},
		{name: "list", call: "GET /api/v1/webhooks?limit=1", status: 200, want: []string{`"echo/{id}"`}, lacks: []string{"{other}"}},
		{name: "list by function", call: "GET /api/v1/webhooks?function_name=echo", status: 200, want: []string{"{other}"}, lacks: []string{"{id}"}},
		{name: "another's public segment", call: "POST /api/v1/functions", token: f.mint("other", false), body: `{"name":"echo","code":"def echo(input):\n    return 1"}`, status: 201},
		{name: "another's public segment", call: "POST /api/v1/webhooks", token: f.mint("other", false), body: `{"path":"echo/mine","function_name":"echo"}`, status: 409, want: []string{"path_taken"}},
		{name: "but not for its own callers", call: "POST /api/v1/webhooks", token: f.mint("other", false), body: `{"path":"echo/mine","function_name":"echo","requires_auth":true}`, status: 201},
		{name: "delete", call: "DELETE " + one, status: 204},
		{name: "deleted", call: "DELETE " + one, status: 404},
	})
}

func TestWebhooksThatAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", "def echo(input):\n    return input")
	for body, want := range map[string]string{
		`{"path":"a"}`:                                                                    "function_name",
		`{"function_name":"echo"}`:                                                        "path",
		`{"path":"/a","function_name":"echo"}`:                                            `"/path"`,
		`{"path":"a/../b","function_name":"echo"}`:                                        `"/path"`,
		`{"path":"{x}","function_name":"echo"}`:                                           `"/path"`,
		`{"path":"a","function_name":"missing"}`:                                          `"/function_name"`,
		`{"path":"a","function_name":"echo","http_method":"get"}`:                         `"/http_method"`,
		`{"path":"a","function_name":"echo","http_method":"TRACE"}`:                       `"/http_method"`,
		`{"path":"a","function_name":"echo","input_mode":"x"}`:                            `"/input_mode"`,
		`{"path":"a","function_name":"echo","response_mode":"x"}`:                         `"/response_mode"`,
		`{"path":"a","function_name":"echo","default_values":[1]}`:                        `"/default_values"`,
		`{"path":"a","function_name":"echo","requires_auth":"yes"}`:                       `"/requires_auth"`,
		`{"path":"a","function_name":"echo","retries":1}`:                                 `"/retries"`,
		`{"path":"a","function_name":"echo","id":"0190a8f0-0000-7000-8000-000000000000"}`: `"/id"`,
		`{"path":"` + strings.Repeat("a", 256) + `","function_name":"echo"}`:              `"/path"`,
	} {
		f.must(ask{name: body, call: "POST /api/v1/webhooks", body: body, status: 422, want: []string{want}})
	}
	f.must(ask{call: "GET /api/v1/webhooks", status: 200, want: []string{"[]"}})
}

func TestWebhooksRequireAuthTurnsTheDefaultRound(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.WebhooksRequireAuth = true })
	f.function("echo", "def echo(input):\n    return 1")
	f.must(ask{call: "POST /api/v1/webhooks", body: `{"path":"a","function_name":"echo"}`, status: 201, want: []string{`"requires_auth":true`}})
	f.must(ask{call: "POST /api/v1/webhooks", body: `{"path":"b","function_name":"echo","requires_auth":false}`, status: 201, want: []string{`"requires_auth":false`}})
	f.must(ask{call: "POST /api/v1/h/a", token: "-", status: 404})
	f.must(ask{call: "POST /api/v1/h/b", token: "-", status: 200})
}

const echoCode = "def echo(input):\n    return input"

func TestCallsInRequestMode(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", echoCode)
	f.webhook(`{"path":"echo","function_name":"echo","http_method":"ANY","default_values":{"limit":5,"q":"none"}}`)
	f.webhook(`{"path":"things/{id}/{part}","function_name":"echo","http_method":"GET"}`)
	f.function("spelling", "def spelling(input):\n    h = input['headers']\n    return [h['X-User-ID'], h['x-user-id'], h.get('X-USER-id')]")
	f.webhook(`{"path":"spelling","function_name":"spelling"}`)
	f.all([]ask{
		{name: "json", call: "POST /api/v1/h/echo?q=1&q=2", token: "-", body: `{"n": 12345678901234567890}`, status: 200,
			want: []string{`{"success":true,"execution_id":"`, `"n":12345678901234567890`, `"q":["1","2"]`, `"limit":5`, `"method":"POST"`,
				`"path":"/api/v1/h/echo"`, `"url":"` + f.url + `/api/v1/h/echo?q=1&q=2"`, `"path_params":{}`}},
		{name: "no body", call: "GET /api/v1/h/echo", token: "-", status: 200, want: []string{`"body":{}`, `"q":"none"`}},
		{name: "trailing slash", call: "POST /api/v1/h/echo/", token: "-", status: 200},
		{name: "any method", call: "PROPFIND /api/v1/h/echo", token: "-", status: 200, want: []string{`"method":"PROPFIND"`}},
		{name: "head", call: "HEAD /api/v1/h/echo", token: "-", status: 200},
		{name: "the sender's spelling", call: "POST /api/v1/h/echo", token: "-", header: []string{"x-oDD-Name: v1"}, status: 200, want: []string{`"x-oDD-Name":"v1"`}},
		{name: "headers in any case", call: "POST /api/v1/h/spelling", token: "-", header: []string{"x-USER-id: u1"}, status: 200, want: []string{`["u1","u1","u1"]`}},
		{name: "parameters", call: "GET /api/v1/h/things/a%20b/%C3%A4?x", token: "-", status: 200, want: []string{`"path_params":{"id":"a b","part":"ä"}`, `"x":""`}},
		{name: "form", call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Type: application/x-www-form-urlencoded"}, body: "a=1&b=2&a=3", status: 200, want: []string{`"body":{"a":["1","3"],"b":"2"}`}},
		{name: "curl -d", call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Type: application/x-www-form-urlencoded"}, body: `{"a":1}`, status: 200, want: []string{`"body":{"a":1}`}},
		{name: "text", call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Type: text/plain"}, body: `{"a":`, status: 200, want: []string{`"body":{"raw":"{\"a\":"}`}},
		{name: "JSON as text", call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Type: text/plain"}, body: `{"a":1}`, status: 200, want: []string{`"body":{"a":1}`}},
		{name: "malformed", call: "POST /api/v1/h/echo", token: "-", body: `{"a":`, status: 400, want: []string{"malformed_body", "line 1, column 6"}, lacks: []string{"execution_id"}},
		{name: "too deep", call: "POST /api/v1/h/echo", token: "-", body: strings.Repeat("[", 513) + strings.Repeat("]", 513), status: 422, want: []string{"input_invalid"}},
		{name: "another case", call: "POST /api/v1/h/Echo", token: "-", status: 404, want: []string{"webhook_not_found"}},
		{name: "no path", call: "POST /api/v1/h/", token: "-", status: 404},
		{name: "nothing there", call: "POST /api/v1/h/nothing", token: "-", status: 404, want: []string{"webhook_not_found"}},
		{name: "another method", call: "POST /api/v1/h/things/1/2", token: "-", status: 405, want: []string{"method_not_allowed"}},
	})
	got := f.do(ask{call: "POST /api/v1/h/things/1/2", token: "-"})
	require.Equal(t, "GET, HEAD", got.Header.Get("Allow"))
}

func TestCallsInBodyMode(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("hello", "def hello(input):\n    return input", `"input_schema":{"type":"object","properties":{"name":{"type":"string"}}}`)
	f.webhook(`{"path":"hello","function_name":"hello","http_method":"ANY","default_values":{"name":"World","n":1}}`)
	f.all([]ask{
		{name: "the body itself", call: "POST /api/v1/h/hello", token: "-", body: `{"name":"Claude"}`, status: 200, want: []string{`"result":{"n":1,"name":"Claude"}`}},
		{name: "defaults", call: "POST /api/v1/h/hello", token: "-", status: 200, want: []string{`"result":{"name":"World","n":1}`}},
		{name: "the query for GET", call: "GET /api/v1/h/hello?name=a&n=2&n=3", token: "-", status: 200, want: []string{`"result":{"name":"a","n":["2","3"]}`}},
		{name: "the query for DELETE", call: "DELETE /api/v1/h/hello?name=b", token: "-", body: `{"name":"never"}`, status: 200, want: []string{`"result":{"name":"b","n":1}`}},
		{name: "a form", call: "POST /api/v1/h/hello", token: "-", header: []string{"Content-Type: application/x-www-form-urlencoded"}, body: "name=c", status: 200, want: []string{`"name":"c"`}},
		{name: "not an object", call: "POST /api/v1/h/hello", body: `[1]`, status: 422, want: []string{"input_invalid"}},
		{name: "does not fit", call: "POST /api/v1/h/hello", body: `{"name":7}`, status: 422, want: []string{`"/name"`}},
	})
}

func TestAuthorizationStaysWithUs(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", echoCode)
	f.webhook(`{"path":"echo","function_name":"echo"}`)
	expired := f.mint("default", false)
	f.all([]ask{
		{name: "our token", call: "POST /api/v1/h/echo", status: 200, lacks: []string{f.token, "Authorization"}},
		{name: "our token, of another subtenant", call: "POST /api/v1/h/echo", token: f.mint("other", false), status: 200, lacks: []string{"Authorization"}},
		{name: "our token, no longer whole", call: "POST /api/v1/h/echo", token: expired[:len(expired)-4], status: 200, want: []string{"Authorization"}},
	})
	got := f.must(ask{name: "third party credentials", call: "POST /api/v1/h/echo", token: "-",
		header: []string{"Authorization: Basic Zm9vOmJhcmJheg==", "Cookie: session=0123456789"}, status: 200,
		want: []string{`"Basic Zm9vOmJhcmJheg=="`, `"session=0123456789"`}})
	record := f.must(ask{call: "GET /api/v1/executions/" + got.Header.Get("X-Execution-ID"), status: 200,
		want: []string{`"record_complete":false`}, lacks: []string{"Zm9vOmJhcmJheg==", "0123456789"}})
	require.Contains(t, record.text, "***")
	short := f.do(ask{call: "POST /api/v1/h/echo", token: "-", header: []string{"Cookie: a=1"}})
	f.must(ask{name: "however short", call: "GET /api/v1/executions/" + short.Header.Get("X-Execution-ID"), status: 200,
		want: []string{`"***"`, `"record_complete":false`}, lacks: []string{"a=1"}})
	require.NotContains(t, f.log.String(), f.token)
	require.NotContains(t, f.log.String(), "Zm9vOmJhcmJheg==")
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	f := setup(t)
	other := f.mint("other", false)
	admin := f.mint("", true)
	// Both subtenants have the same protected path; only the first a public one.
	for _, owner := range []string{f.token, other} {
		f.must(ask{call: "POST /api/v1/functions", token: owner, body: `{"name":"who","code":"import maestro\ndef who(input):\n    return maestro.context()['subtenant']"}`, status: 201})
		f.must(ask{call: "POST /api/v1/webhooks", token: owner, body: `{"path":"who","function_name":"who","requires_auth":true}`, status: 201})
	}
	f.must(ask{call: "POST /api/v1/webhooks", token: other, body: `{"path":"mine","function_name":"who","requires_auth":true}`, status: 201})
	f.webhook(`{"path":"open","function_name":"who"}`)
	f.all([]ask{
		{name: "own subtenant", call: "POST /api/v1/h/who", status: 200, want: []string{`"result":"default"`}},
		{name: "the other's own", call: "POST /api/v1/h/who", token: other, status: 200, want: []string{`"result":"other"`}},
		{name: "no token", call: "POST /api/v1/h/who", token: "-", status: 404, want: []string{"There is no public webhook at this path. A private webhook requires a token."}},
		{name: "no token, by address", call: "POST /api/v1/h/@other/mine", token: "-", status: 404, want: []string{"There is no public webhook at this path. A private webhook requires a token."}},
		{name: "no token, another method", call: "GET /api/v1/h/who", token: "-", status: 404, want: []string{"There is no public webhook at this path. A private webhook requires a token."}},
		{name: "no token, nothing there", call: "POST /api/v1/h/none", token: "-", status: 404, want: []string{"There is no public webhook at this path. A private webhook requires a token."}},
		{name: "no valid token", call: "POST /api/v1/h/who", token: "a.b.c", status: 401},
		{name: "no valid token, nothing there", call: "POST /api/v1/h/none", token: "a.b.c", status: 401},
		{name: "only the other's", call: "POST /api/v1/h/mine", status: 404},
		{name: "public, with no token", call: "POST /api/v1/h/open", token: "-", status: 200, want: []string{`"result":"default"`}},
		{name: "public, with another's token", call: "POST /api/v1/h/open", token: other, status: 200, want: []string{`"result":"default"`}},
		{name: "public, with a token that is not valid", call: "POST /api/v1/h/open", token: "a.b.c", status: 200},
		{name: "by address, public", call: "POST /api/v1/h/@default/open", token: "-", status: 200, want: []string{`"result":"default"`}},
		{name: "by address, public, another's token", call: "POST /api/v1/h/@default/open", token: other, status: 200},
		{name: "by address, own", call: "POST /api/v1/h/@other/mine", token: other, status: 200, want: []string{`"result":"other"`}},
		{name: "by address, another's", call: "POST /api/v1/h/@other/mine", status: 404},
		{name: "by address, no token", call: "POST /api/v1/h/@other/mine", token: "-", status: 404},
		{name: "by address, nothing there", call: "POST /api/v1/h/@other/none", token: "-", status: 404},
		{name: "by address, a missing subtenant", call: "POST /api/v1/h/@missing/who", token: "-", status: 404},
		{name: "admin by address", call: "POST /api/v1/h/@other/mine", token: admin, status: 200, want: []string{`"result":"other"`}},
		{name: "admin by header", call: "POST /api/v1/h/mine", token: admin, header: []string{"X-Subtenant-ID: other"}, status: 200, want: []string{`"result":"other"`}},
		{name: "admin who names none", call: "POST /api/v1/h/mine", token: admin, status: 400, want: []string{"X-Subtenant-ID"}},
		{name: "admin who names none, public", call: "POST /api/v1/h/open", token: admin, status: 200},
		{name: "a user who names another's", call: "POST /api/v1/h/mine", header: []string{"X-Subtenant-ID: other"}, status: 403},
	})
}

func TestAFunctionThatFailsTellsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.Debug = true })
	f.function("fail", "def fail(input):\n    raise ValueError('the password is swordfish')")
	f.webhook(`{"path":"fail","function_name":"fail"}`)
	f.webhook(`{"path":"fail/raw","function_name":"fail","response_mode":"raw"}`)
	f.function("strict", "def strict(input):\n    return 1", `"input_schema":{"type":"object","properties":{"swordfish":{"type":"string"}},"required":["swordfish"]}`)
	f.webhook(`{"path":"strict","function_name":"strict"}`)
	f.function("liar", "def liar(input):\n    return 'swordfish'", `"output_schema":{"type":"integer"}`)
	f.webhook(`{"path":"liar","function_name":"liar"}`)
	f.function("slow", "import time\ndef slow(input):\n    time.sleep(60)", `"timeout_seconds":0.2`)
	f.webhook(`{"path":"slow","function_name":"slow"}`)
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		"fail": {500, "function_failed"}, "fail/raw": {500, "function_failed"}, "strict": {422, "input_invalid"},
		"liar": {500, "output_invalid"}, "slow": {504, "timeout"},
	} {
		wants, lacks := []string{`"` + want.code + `"`, `"execution_id":"`}, []string{"swordfish", "errors", "traceback", "ValueError"}
		if path == "strict" {
			wants = append(wants, "Nothing ran.")
		} else {
			lacks = append(lacks, "detail")
		}
		for _, stranger := range []string{"-", "a.b.c", f.mint("other", false)} {
			f.must(ask{call: "POST /api/v1/h/" + path, token: stranger, body: "{}", status: want.status, want: wants, lacks: lacks})
		}
	}
	f.all([]ask{
		{name: "to its own", call: "POST /api/v1/h/fail", status: 500, want: []string{"swordfish", `"error_type":"ValueError"`, `"traceback":"Traceback`}},
		{name: "to its own, input", call: "POST /api/v1/h/strict", body: "{}", status: 422, want: []string{"swordfish", `"errors":[`}},
		{name: "manually", call: "POST /api/v1/executions", body: `{"function_name":"fail"}`, status: 500, want: []string{"swordfish"}},
	})
}

func TestTracebacksNeedDebug(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("fail", "def fail(input):\n    raise ValueError('x')")
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"fail"}`, status: 500, want: []string{"ValueError"}, lacks: []string{"traceback", "Traceback"}})
}

func TestRawAnswers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("give", "import json, maestro\ndef give(input):\n    return eval(input['body']['expression'])")
	f.webhook(`{"path":"give","function_name":"give","response_mode":"raw"}`)
	for _, test := range []struct {
		expression string
		status     int
		body       string
		header     string
		lacks      string
	}{
		{`'plain'`, 200, "plain", "Content-Type: text/plain; charset=utf-8", ""},
		{`{'a': [1, None]}`, 200, `{"a":[1,null]}`, "Content-Type: application/json", ""},
		{`None`, 200, "null", "Content-Type: application/json", ""},
		{`{'status_code': 404, 'body': 'gone'}`, 404, "gone", "Content-Type: text/plain; charset=utf-8", ""},
		{`{'status_code': 201, 'headers': {'X-Made': 'yes', 'X-N': 7}, 'body': {'id': 1}}`, 201, `{"id":1}`, "X-Made: yes", ""},
		{`{'status_code': 200, 'headers': {'Content-Type': 'text/html'}, 'body': '<p>'}`, 200, "<p>", "Content-Type: text/html", ""},
		{`{'status_code': 302, 'headers': {'Location': 'https://example.com/'}}`, 302, "", "Location: https://example.com/", ""},
		{`{'status_code': 204, 'body': 'never'}`, 204, "", "", ""},
		{`{'status_code': 200, 'headers': {'Connection': 'x-hop', 'X-Hop': '1', 'Transfer-Encoding': 'chunked', 'X-Stay': '1'}}`, 200, "", "X-Stay: 1", "X-Hop"},
		{`{'status_code': 200, 'headers': {'Set-Cookie': ['a=1', 'b=2'], 'X-None': None}}`, 200, "", "Set-Cookie: a=1|b=2", "X-None"},
		{`{'status_code': 200, 'other': 1}`, 200, `{"status_code":200,"other":1}`, "Content-Type: application/json", ""},
		{`{'status_code': 'x'}`, 200, `{"status_code":"x"}`, "", ""},
		{`maestro.Response({'a': 1}, status_code=418, headers={'X-Tea': 'pot'})`, 418, `{"a":1}`, "X-Tea: pot", ""},
		{`maestro.Response('x', headers={'Set-Cookie': ['a=1', b'b=2'], 'X-None': None})`, 200, "x", "Set-Cookie: a=1|b=2", "X-None"},
		{`maestro.Response('x', headers=[('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')])`, 200, "x", "Set-Cookie: a=1|b=2", ""},
		{`maestro.Response(iter(['x']), headers={'Set-Cookie': ('a=1', 'b=2')})`, 200, "x", "Set-Cookie: a=1|b=2", ""},
		{`maestro.Response('text')`, 200, "text", "Content-Type: text/plain; charset=utf-8", ""},
		{`maestro.Response(None, 202)`, 202, "", "", ""},
	} {
		got := f.do(ask{call: "POST /api/v1/h/give", token: "-", body: fmt.Sprintf(`{"expression":%q}`, test.expression)})
		require.Equal(t, test.status, got.StatusCode, "%s: %s", test.expression, got.text)
		require.Equal(t, test.body, got.text, test.expression)
		require.NotEmpty(t, got.Header.Get("X-Execution-ID"), test.expression)
		if name, value, ok := strings.Cut(test.header, ": "); ok {
			require.Equal(t, strings.Split(value, "|"), got.Header.Values(name), test.expression)
		}
		if test.lacks != "" {
			require.Empty(t, got.Header.Get(test.lacks), test.expression)
		}
	}
	for _, expression := range []string{
		`{'status_code': 99}`, `{'status_code': 1000}`, `{'status_code': 200, 'headers': {'X': 'a\r\nSet-Cookie: b=1'}}`,
		`{'status_code': 200, 'headers': {'X\r\nY': 'a'}}`, `{'status_code': 200, 'headers': {'': 'a'}}`, `maestro.Response('', headers={'X': 'a\nb'})`,
		`maestro.Response('', headers={'X': {'a': 1}})`, `maestro.Response('', headers={'X': [['a']]})`,
	} {
		got := f.must(ask{call: "POST /api/v1/h/give", body: fmt.Sprintf(`{"expression":%q}`, expression), status: 500})
		require.Empty(t, got.Header.Get("Set-Cookie"), expression)
	}
}

func TestAChangeIsSeenByTheNextCall(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("v", "def v(input):\n    return 1")
	id := f.webhook(`{"path":"v","function_name":"v"}`)
	for i := 2; i < 12; i++ {
		f.must(ask{call: "PUT /api/v1/functions/v", body: fmt.Sprintf(`{"code":"def v(input):\n    return %d"}`, i), status: 200})
		f.must(ask{call: "POST /api/v1/h/v", token: "-", status: 200, want: []string{fmt.Sprintf(`"result":%d}`, i)}})
	}
	f.function("show", "def show(input):\n    return input")
	f.all([]ask{
		{call: "PUT /api/v1/webhooks/" + id, body: `{"function_name":"show"}`, status: 200},
		{name: "a request without a schema", call: "POST /api/v1/h/v", token: "-", body: `{"name":"x"}`, status: 200, want: []string{`"path_params"`}},
		{call: "PUT /api/v1/functions/show", body: `{"input_schema":{"type":"object","properties":{"name":{}}}}`, status: 200},
		{name: "the body with one", call: "POST /api/v1/h/v", token: "-", body: `{"name":"x"}`, status: 200, want: []string{`"result":{"name":"x"}`}},
		{call: "PUT /api/v1/webhooks/" + id, body: `{"is_active":false}`, status: 200},
		{name: "inactive", call: "POST /api/v1/h/v", token: "-", status: 404},
		{call: "PUT /api/v1/webhooks/" + id, body: `{"is_active":true,"path":"w"}`, status: 200},
		{name: "moved", call: "POST /api/v1/h/v", token: "-", status: 404},
		{name: "moved", call: "POST /api/v1/h/w", token: "-", status: 200},
		{call: "DELETE /api/v1/functions/show", status: 204},
		{name: "its function is gone", call: "POST /api/v1/h/w", token: "-", status: 404, want: []string{"function_not_found"}, lacks: []string{"show"}},
	})
}
