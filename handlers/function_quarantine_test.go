package handlers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// blame quarantines version 1 of a function.
func (f *fixture) blame(name string) {
	f.t.Helper()
	for range 3 {
		_, err := f.db.BlameFunction(f.t.Context(), repo.Blame{Tenant: "default", Versions: []model.NamedVersion{{Name: name, Number: 1}}, Cause: "SIGSEGV at address 0x0"})
		require.NoError(f.t, err)
	}
	f.server.FunctionsChanged("default") // as every server is told
}

func TestQuarantinedFunction(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", "def echo(input):\n    return input")
	f.function("caller", "def caller(input):\n    return echo(input)")
	f.function("value", "def value(input):\n    return list(map(echo, [1]))")
	f.function("spawns", "import maestro\ndef spawns(input):\n    return maestro.spawn('echo', 1)")
	f.webhook(`{"path":"echo","function_name":"echo"}`)
	done := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"echo"}`, status: 200}).Header.Get("X-Execution-ID")
	waiting := member(t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"echo","mode":"async"}`, status: 202}).text, "execution_id")

	one := "/api/v1/functions/echo"
	f.must(ask{call: "GET " + one, status: 200, lacks: []string{`"quarantine"`}})
	f.blame("echo")
	quarantined := []string{`"code":"quarantined"`, "is quarantined", "3 times within ten minutes", "SIGSEGV", one + "/release", "nothing ran"}
	got := f.must(ask{call: "GET " + one, status: 200, want: []string{`"quarantine":{"since":"`, "3 times within ten minutes", `"is_active":true`}})
	f.all([]ask{
		{name: "sent back", call: "PUT " + one, body: withoutSchema(got.text), status: 200, want: []string{`"quarantine":{`, `"version":1`}},
		{name: "forged", call: "PUT " + one, body: `{"quarantine":null}`, status: 422, want: []string{`"/quarantine"`}},
		{name: "run", call: "POST /api/v1/executions", body: `{"function_name":"echo"}`, status: 503, want: quarantined},
		{name: "asynchronously", call: "POST /api/v1/executions", body: `{"function_name":"echo","mode":"async"}`, status: 503, want: quarantined},
		{name: "by a webhook", call: "POST /api/v1/h/echo", token: "-", status: 503, want: []string{`"code":"quarantined"`}, lacks: []string{`echo"`, "SIGSEGV"}},
		{name: "again", call: "POST /api/v1/executions/" + done + "/retry", status: 503, want: quarantined},
		{name: "by a sibling", call: "POST /api/v1/executions", body: `{"function_name":"caller","input_data":1}`, status: 500, want: []string{`"error_type":"RuntimeError"`, "the function echo is quarantined: Its code ended the process that ran it"}},
		{name: "as a value", call: "POST /api/v1/executions", body: `{"function_name":"value"}`, status: 500, want: []string{"the function echo is quarantined"}},
		{name: "spawned", call: "POST /api/v1/executions", body: `{"function_name":"spawns"}`, status: 500, want: []string{"the function echo is quarantined"}},
	})
	require.NoError(t, f.queue.Start(t.Context()))
	require.Eventually(t, func() bool {
		return member(t, f.must(ask{call: "GET /api/v1/executions/" + waiting, status: 200}).text, "status") == "failed"
	}, 20*time.Second, 10*time.Millisecond)
	f.must(ask{name: "accepted before", call: "GET /api/v1/executions/" + waiting, status: 200, want: []string{`"error_type":"Quarantined"`}})

	f.all([]ask{
		{name: "released", call: "POST " + one + "/release", status: 200, want: []string{`"version":1`}, lacks: []string{`"quarantine"`}},
		{name: "once more", call: "POST " + one + "/release", status: 200, lacks: []string{`"quarantine"`}},
		{name: "no such function", call: "POST /api/v1/functions/nothing/release", status: 404, want: []string{"function_not_found"}},
		{name: "run", call: "POST /api/v1/executions", body: `{"function_name":"echo","input_data":7}`, status: 200, want: []string{`"result":7`}},
		{name: "by a webhook", call: "POST /api/v1/h/echo", token: "-", status: 200},
		{name: "by a sibling", call: "POST /api/v1/executions", body: `{"function_name":"caller","input_data":1}`, status: 200},
	})
	f.blame("echo")
	f.all([]ask{
		{name: "again", call: "POST /api/v1/executions", body: `{"function_name":"echo"}`, status: 503, want: quarantined},
		{name: "changed", call: "PUT " + one, body: `{"code":"def echo(input):\n    return 2"}`, status: 200, want: []string{`"version":2`}, lacks: []string{`"quarantine"`}},
		{name: "run", call: "POST /api/v1/executions", body: `{"function_name":"echo"}`, status: 200, want: []string{`"result":2`}},
	})
}
