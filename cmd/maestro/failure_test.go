package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A function that can't be saved: each fault has its own clear answer.
func TestAWrongFunctionIsRefused(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	cases := map[string]struct {
		body   any
		status int
		code   string
		says   string
		errors string // part of the errors member
	}{
		"syntax error":     {map[string]any{"name": "f", "code": "def f(input):\n    return (1\n"}, 422, "syntax_error", "", `"line":2,"column":12`},
		"no such def":      {map[string]any{"name": "f", "code": "def g(input):\n    return 1\n"}, 422, "function_not_defined", "def f", ""},
		"two parameters":   {map[string]any{"name": "f", "code": "def f(a, b):\n    return 1\n"}, 422, "function_not_defined", "parameter", ""},
		"bad schema":       {map[string]any{"name": "f", "code": "def f(input):\n    return 1\n", "input_schema": map[string]any{"type": "strin"}}, 422, "schema_invalid", "input_schema", "/input_schema/type"},
		"a keyword":        {map[string]any{"name": "lambda", "code": "def f(input):\n    return 1\n"}, 422, "invalid", "", "/name"},
		"a builtin":        {map[string]any{"name": "len", "code": "def len(input):\n    return 1\n"}, 422, "invalid", "", "/name"},
		"unknown member":   {map[string]any{"name": "f", "code": "def f(input):\n    return 1\n", "colour": 1}, 422, "invalid", "", "/colour"},
		"no code":          {map[string]any{"name": "f"}, 422, "invalid", "", "/code"},
		"code is a number": {map[string]any{"name": "f", "code": 1}, 422, "invalid", "", "/code"},
		"malformed body":   {`{"name": "f",`, 400, "malformed_body", "", ""},
		"not an object":    {`[]`, 422, "", "", ""},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.send("POST", "/api/v1/functions", k.body)
			require.Equal(t, k.status, r.status, "%s", r.body)
			require.Equal(t, "application/problem+json", strings.Split(r.header.Get("Content-Type"), ";")[0])
			answer := r.json(t)
			if k.code != "" {
				require.Equal(t, k.code, answer["code"], "%s", r.body)
			}
			require.NotEmpty(t, answer["detail"])
			require.Equal(t, answer["request_id"], r.header.Get("X-Request-ID"))
			require.Contains(t, answer["detail"], k.says)
			require.Contains(t, string(r.body), k.errors)
		})
	}
}

// A run that goes wrong: each way has its own clear answer and its record.
func TestAFailingRunIsAnsweredAndRecorded(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	number := json.RawMessage(`{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}`)
	c.define("checked", "def checked(input):\n    return input[\"n\"] * 2\n", "input_schema", number, "output_schema", json.RawMessage(`{"maximum":10}`))
	c.define("raises", "def inner(x):\n    raise LookupError(f\"no {x}\")\n\ndef raises(input):\n    inner(input)\n")
	c.define("missing", "def missing(input):\n    return nobody_at_all(input)\n")
	c.define("unserialisable", "def unserialisable(input):\n    return {\"a\": [1, object()]}\n")
	c.define("calls_wrong", "def calls_wrong(input):\n    return checked({\"n\": \"x\"})\n")
	c.define("broken_import", "import no_such_module\ndef broken_import(input):\n    return 1\n")
	c.define("exits", "import sys\ndef exits(input):\n    sys.exit(3)\n")
	cases := map[string]struct {
		function string
		input    any
		status   int
		code     string
		kind     string // error_type in the record
		says     string // in detail or errors
	}{
		"wrong input":           {"checked", map[string]any{"n": "x"}, 422, "input_invalid", "InputInvalid", "/n"},
		"wrong output":          {"checked", map[string]any{"n": 6}, 500, "output_invalid", "OutputInvalid", "10"},
		"an exception":          {"raises", "x", 500, "function_failed", "LookupError", "no x"},
		"a missing sibling":     {"missing", nil, 500, "function_failed", "NameError", "nobody_at_all"},
		"no JSON value":         {"unserialisable", nil, 500, "output_invalid", "TypeError", "output.a[1]"},
		"wrong sibling input":   {"calls_wrong", nil, 500, "function_failed", "InputInvalid", "/n"},
		"fails on import":       {"broken_import", nil, 500, "function_failed", "ModuleNotFoundError", "no_such_module"},
		"sys.exit ends the run": {"exits", nil, 500, "function_failed", "SystemExit", "3"},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.call(k.function, k.input)
			require.Equal(t, k.status, r.status, "%s", r.body)
			answer := r.json(t)
			require.Equal(t, k.code, answer["code"], "%s", r.body)
			require.Contains(t, string(r.body), k.says)
			id := r.header.Get("X-Execution-ID")
			require.Equal(t, answer["execution_id"], id)
			recorded := c.send("GET", "/api/v1/executions/"+id, nil).json(t)
			require.Equal(t, "failed", recorded["status"])
			require.Equal(t, k.kind, recorded["error_type"])
			require.NotEmpty(t, recorded["error"])
			if k.function == "raises" {
				require.Contains(t, recorded["traceback"], "    raise LookupError(f\"no {x}\")", "the author's own line")
				require.Contains(t, recorded["traceback"], "line 2, in inner")
			}
		})
	}
	require.Equal(t, `4`, c.result("checked", map[string]any{"n": 2}), "and the server goes on")
}

// Requests that never become a run.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.define("echo", "def echo(input):\n    return input\n")
	r := c.send("POST", "/api/v1/webhooks", map[string]any{"path": c.tenant + "/bad", "function_name": "echo"})
	require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
	deep := strings.Repeat("[", 600) + strings.Repeat("]", 600)
	hook := "/api/v1/h/" + c.tenant + "/bad"
	cases := map[string]struct {
		method, path string
		body         any
		status       int
		code         string
	}{
		"malformed webhook body":  {"POST", hook, `{"a":`, 400, "malformed_body"},
		"unknown webhook":         {"POST", "/api/v1/h/" + c.tenant + "/nothing", `{}`, 404, "webhook_not_found"},
		"webhook of other method": {"DELETE", hook, nil, 405, "method_not_allowed"},
		"unknown path":            {"GET", "/api/v1/nothing", nil, 404, "not_found"},
		"unknown function":        {"POST", "/api/v1/executions", `{"function_name":"nothing"}`, 404, "function_not_found"},
		"body too large":          {"POST", hook, `"` + strings.Repeat("x", 11<<20) + `"`, 413, "body_too_large"},
		"too deep":                {"POST", hook, deep, 422, "input_invalid"},
		"too many digits":         {"POST", hook, strings.Repeat("9", 4301), 422, "input_invalid"},
		"too many digits by name": {"POST", "/api/v1/executions", `{"function_name":"echo","input_data":` + strings.Repeat("9", 4301) + `}`, 422, "invalid"},
		"no package":              {"POST", "/api/v1/packages", `{"package_name":"--index-url=http://127.0.0.1/"}`, 422, "invalid"},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.send(k.method, k.path, k.body)
			require.Equal(t, k.status, r.status, "%.300s", r.body)
			require.Equal(t, k.code, r.json(t)["code"], "%.300s", r.body)
		})
	}
	stranger := *c
	stranger.token = ""
	r = stranger.send("GET", "/api/v1/functions", nil)
	require.Equal(t, http.StatusUnauthorized, r.status)
	require.Equal(t, "Bearer", r.header.Get("WWW-Authenticate"))
}

// A caller without a token of the subtenant learns nothing of a function's insides.
func TestStrangersSeeNoErrorTexts(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.define("leaks", "def leaks(input):\n    raise ValueError('the password is swordfish')\n")
	r := c.send("POST", "/api/v1/webhooks", map[string]any{"path": c.tenant + "/leaks", "function_name": "leaks"})
	require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
	require.Contains(t, string(c.send("POST", "/api/v1/h/"+c.tenant+"/leaks", `{}`).body), "swordfish")
	for _, token := range []string{"", newClient(t).token} {
		stranger := *c
		stranger.token = token
		r := stranger.send("POST", "/api/v1/h/"+c.tenant+"/leaks", `{}`)
		require.Equal(t, http.StatusInternalServerError, r.status)
		require.NotContains(t, string(r.body), "swordfish")
		require.NotContains(t, string(r.body), "ValueError")
		answer := r.json(t)
		require.Equal(t, "function_failed", answer["code"])
		require.NotEmpty(t, answer["execution_id"])
	}
}

// The caller gets its response at the deadline, even if the code cannot be
// stopped, and the subtenant's next call works.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	programs := map[string]string{
		"spins":      "    while True:\n        pass\n",
		"excepts":    "    while True:\n        try:\n            while True: pass\n        except Exception:\n            continue\n",
		"swallows":   "    while True:\n        try:\n            while True: pass\n        except BaseException:\n            continue\n",
		"at_last":    "    try:\n        while True: pass\n    finally:\n        while True: pass\n",
		"sleeps":     "    import time\n    time.sleep(30)\n",
		"computes":   "    return sum(range(10**10))\n",
		"waits":      "    import threading\n    threading.Event().wait(30)\n",
		"awaits":     "    import asyncio\n    asyncio.run(asyncio.sleep(30))\n",
		"in_sibling": "    return sleeper(input)\n",
	}
	for name, body := range programs {
		t.Run(name, func(t *testing.T) {
			inBothLanes(t, func(t *testing.T, c *client) {
				c.define("sleeper", "import time\ndef sleeper(input):\n    time.sleep(30)\n")
				c.define("quick", "def quick(input):\n    return input\n")
				c.define(name, "def "+name+"(input):\n"+body, "timeout_seconds", 0.3)
				c.result("quick", 7) // Python is there
				r := c.call(name, nil)
				require.Equal(t, http.StatusGatewayTimeout, r.status, "%s", r.body)
				require.Equal(t, "timeout", r.json(t)["code"])
				require.Equal(t, `7`, c.result("quick", 7))
				execution := c.send("GET", "/api/v1/executions/"+r.header.Get("X-Execution-ID"), nil).json(t)
				require.Equal(t, "timed_out", execution["status"])
				if name == "in_sibling" {
					steps := c.send("GET", "/api/v1/executions/"+r.header.Get("X-Execution-ID")+"/steps", nil)
					require.Contains(t, string(steps.body), `"status":"timed_out"`)
				}
			})
		})
	}
}
