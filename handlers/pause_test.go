package handlers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// statusOf is the status of an execution.
func (f *fixture) statusOf(id string) string {
	f.t.Helper()
	var status string
	require.NoError(f.t, f.db.Pool().QueryRow(f.t.Context(), "SELECT status FROM executions WHERE id = $1", id).Scan(&status))
	return status
}

// During a pause asynchronous runs wait, synchronous ones are refused, siblings run, and all of
// it goes on afterwards.
func TestPauses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.queue.Start(t.Context()))
	f.function("held", "def held(input):\n    return input")
	f.function("other", "def other(input):\n    return held(input)")
	admin := f.mint("default", true)
	enqueue := func(function string) string {
		return member(t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"` + function + `","input_data":1,"mode":"async"}`, status: 202}).text, "execution_id")
	}
	completed := func(id string) {
		t.Helper()
		require.Eventually(t, func() bool { return f.statusOf(id) == "completed" }, time.Minute, 10*time.Millisecond)
	}
	for _, paused := range []struct{ name, address, token string }{
		{"function", "/api/v1/functions/held", ""},
		{"subtenant", "/api/v1/subtenants/default", admin},
	} {
		f.must(ask{name: paused.name, call: "POST " + paused.address + "/pause", token: paused.token, status: 200, want: []string{`"running":0`, `"waiting":0`}, lacks: []string{`"paused_at":null`}})
		f.must(ask{name: paused.name, call: "GET " + paused.address, token: paused.token, status: 200, lacks: []string{`"paused_at":null`}})
		f.must(ask{name: paused.name, call: "POST /api/v1/executions", body: `{"function_name":"held","input_data":1}`, status: 503, want: []string{`"code":"paused"`, "resume"}})
		held := enqueue("held")
		if paused.name == "function" {
			f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"other","input_data":1}`, status: 200})
			completed(enqueue("other")) // enqueued later, so the first could have run
		}
		f.must(ask{name: paused.name, call: "POST " + paused.address + "/pause", token: paused.token, status: 200, want: []string{`"waiting":1`}})
		require.Equal(t, "pending", f.statusOf(held))
		f.must(ask{name: paused.name, call: "POST " + paused.address + "/resume", token: paused.token, status: 200, want: []string{`"paused_at":null`}})
		completed(held)
		f.must(ask{name: paused.name, call: "POST /api/v1/executions", body: `{"function_name":"held","input_data":1}`, status: 200})
	}
	f.all([]ask{
		{name: "no function", call: "POST /api/v1/functions/missing/pause", status: 404, want: []string{"function_not_found"}},
		{name: "another subtenant's", call: "POST /api/v1/functions/held/pause", token: f.mint("other", false), status: 404},
		{name: "no subtenant", call: "POST /api/v1/subtenants/missing/pause", token: admin, status: 404, want: []string{"subtenant_not_found"}},
		{name: "no administrator", call: "POST /api/v1/subtenants/default/pause", status: 403},
	})
}
