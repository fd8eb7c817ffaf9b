package handlers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFunctionSwitchedOff: it is there and can be changed, and nothing runs it
// until it is switched on again.
func TestFunctionSwitchedOff(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", "def echo(input):\n    return input")
	f.function("caller", "def caller(input):\n    return echo(input)")
	f.function("careful", "def careful(input):\n    try:\n        return echo(input)\n    except RuntimeError as e:\n        return str(e)")
	f.function("value", "def value(input):\n    return list(map(echo, [1]))")
	f.function("spawns", "import maestro\ndef spawns(input):\n    return maestro.spawn('echo', 1)")
	f.webhook(`{"path":"echo","function_name":"echo"}`)
	schedule := member(t, f.must(ask{call: "POST /api/v1/schedules", body: `{"name":"s","function_name":"echo","cron_expression":"@hourly"}`, status: 201}).text, "id")
	done := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"echo"}`, status: 200}).Header.Get("X-Execution-ID")
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"caller","input_data":1}`, status: 200})
	waiting := member(t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"echo","mode":"async"}`, status: 202}).text, "execution_id")

	one := "/api/v1/functions/echo"
	got := f.must(ask{call: "PUT " + one, body: `{"is_active":false}`, status: 200, want: []string{`"is_active":false`, `"version":1`}})
	f.must(ask{call: "PUT " + one, body: withoutSchema(got.text), status: 200, want: []string{`"is_active":false`}})
	off := []string{`"code":"function_inactive"`, "switched off", "nothing ran"}
	f.all([]ask{
		{name: "shown", call: "GET " + one, status: 200, want: []string{`"is_active":false`}},
		{name: "listed", call: "GET /api/v1/functions?q=echo&active_only=false", status: 200, want: []string{`"name":"echo"`, `"is_active":false`}},
		{name: "not among the active ones", call: "GET /api/v1/functions?q=echo&active_only=true", status: 200, want: []string{`[]`}},
		{name: "run", call: "POST /api/v1/executions", body: `{"function_name":"echo"}`, status: 409, want: off},
		{name: "asynchronously", call: "POST /api/v1/executions", body: `{"function_name":"echo","mode":"async"}`, status: 409, want: off},
		{name: "by a webhook", call: "POST /api/v1/h/echo", token: "-", status: 409, want: off, lacks: []string{`echo"`}},
		{name: "again", call: "POST /api/v1/executions/" + done + "/retry", status: 409, want: off},
		{name: "by a schedule", call: "GET /api/v1/schedules/" + schedule, status: 200, want: []string{`"next_run":null`, `"is_active":true`, `"problem":"The function \"echo\" is switched off`}},
		{name: "by a sibling", call: "POST /api/v1/executions", body: `{"function_name":"caller","input_data":1}`, status: 500, want: []string{`"error_type":"RuntimeError"`, "the function echo is switched off"}},
		{name: "caught", call: "POST /api/v1/executions", body: `{"function_name":"careful"}`, status: 200, want: []string{"the function echo is switched off"}},
		{name: "as a value", call: "POST /api/v1/executions", body: `{"function_name":"value"}`, status: 500, want: []string{"the function echo is switched off"}},
		{name: "spawned", call: "POST /api/v1/executions", body: `{"function_name":"spawns"}`, status: 500, want: []string{"the function echo is switched off"}},
		{name: "a new version", call: "PUT " + one, body: `{"code":"def echo(input):\n    return 2"}`, status: 200, want: []string{`"is_active":false`, `"version":2`}},
		{name: "rolled back", call: "POST " + one + "/rollback/1", status: 200, want: []string{`"is_active":false`}},
		{name: "its name is taken", call: "POST /api/v1/functions", body: `{"name":"echo","code":"def echo(input):\n    return 1"}`, status: 409, want: []string{"name_taken"}},
		{name: "another webhook", call: "POST /api/v1/webhooks", body: `{"path":"again","function_name":"echo"}`, status: 201},
		{name: "no word", call: "PUT " + one, body: `{"is_active":"no"}`, status: 422, want: []string{`"/is_active"`}},
		{name: "a module", call: "POST /api/v1/functions", body: `{"name":"shared","kind":"module","code":"x = 1","is_active":false}`, status: 422, want: []string{`"/is_active"`}},
		{name: "a module that is on", call: "POST /api/v1/functions", body: `{"name":"shared","kind":"module","code":"x = 1","is_active":true}`, status: 201},
	})
	require.NoError(t, f.queue.Start(t.Context()))
	require.Eventually(t, func() bool {
		return member(t, f.must(ask{call: "GET /api/v1/executions/" + waiting, status: 200}).text, "status") == "failed"
	}, 20*time.Second, 10*time.Millisecond)
	f.must(ask{name: "accepted before", call: "GET /api/v1/executions/" + waiting, status: 200, want: []string{`"error_type":"FunctionInactive"`, "switched off"}})

	f.all([]ask{
		{name: "on", call: "PUT " + one, body: `{"is_active":true}`, status: 200, want: []string{`"is_active":true`}},
		{name: "run", call: "POST /api/v1/executions", body: `{"function_name":"echo","input_data":7}`, status: 200, want: []string{`"result":7`}},
		{name: "by a webhook", call: "POST /api/v1/h/echo", token: "-", status: 200},
		{name: "by a sibling", call: "POST /api/v1/executions", body: `{"function_name":"caller","input_data":1}`, status: 200},
		{name: "by a schedule", call: "GET /api/v1/schedules/" + schedule, status: 200, want: []string{`"problem":null`}, lacks: []string{`"next_run":null`}},
		{name: "made so", call: "POST /api/v1/functions", body: `{"name":"later","code":"def later(input):\n    return 1","is_active":false}`, status: 201, want: []string{`"is_active":false`}},
		{name: "made so", call: "POST /api/v1/executions", body: `{"function_name":"later"}`, status: 409, want: off},
		{name: "the default", call: "PUT /api/v1/functions/later", body: `{"is_active":null}`, status: 200, want: []string{`"is_active":true`}},
		{name: "deleted while off", call: "PUT /api/v1/functions/later", body: `{"is_active":false}`, status: 200},
		{name: "deleted while off", call: "DELETE /api/v1/functions/later", status: 204},
		{name: "deleted", call: "POST /api/v1/executions", body: `{"function_name":"later"}`, status: 404},
		{name: "made again", call: "POST /api/v1/functions", body: `{"name":"later","code":"def later(input):\n    return 1"}`, status: 201, want: []string{`"is_active":true`}},
	})
}
