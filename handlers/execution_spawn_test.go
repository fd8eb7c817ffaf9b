package handlers_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// count is how many of the default subtenant's executions match.
func (f *fixture) count(where string) (n int) {
	f.t.Helper()
	require.NoError(f.t, f.db.Pool().QueryRow(f.t.Context(), "SELECT count(*) FROM executions WHERE "+where).Scan(&n))
	return n
}

func TestAChainOfSpawnedRunsIsAHundredLong(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.queue.Start(t.Context()))
	f.function("link", "import maestro\ndef link(input):\n    return str(maestro.spawn('link', {}))")
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"link"}`, status: 200})
	require.Eventually(t, func() bool {
		return f.count("status = 'failed'") == 1 && f.count("status IN ('pending', 'running')") == 0
	},
		time.Minute, 20*time.Millisecond)
	require.Equal(t, 100, f.count("trigger_type = 'spawn'"))
	require.Equal(t, 100, f.count("status = 'completed'"), "the first one, and 99 that could spawn another")
	require.Equal(t, 1, f.count("status = 'failed' AND error LIKE '%at most 100%'"))
}

func TestSpawnIsRefusedAtTheMostPendingRuns(t *testing.T) {
	t.Parallel()
	f := setup(t) // its queue is not started: pending runs stay pending
	f.function("one", "import maestro\ndef one(input):\n    return str(maestro.spawn('one', {}))")
	_, err := f.db.Pool().Exec(t.Context(), `INSERT INTO queued_runs (execution_id, tenant, function_name, trigger_type, created_at, priority, run_at, chain, request, input)
		SELECT ('019d0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'default', 'one', 'spawn', now(), 2, 'infinity', 0, false, '' FROM generate_series(1, 9999) i`)
	require.NoError(t, err)
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"one"}`, status: 200})
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"one"}`, status: 500, want: []string{"10000 runs of this subtenant are pending"}})
	f.must(ask{call: "POST /api/v1/executions", token: f.mint("other", true), body: `{"function_name":"one"}`, status: 404})
}

// What no record may show of a webhook's request stays so in the runs that are
// spawned with it, attempt after attempt, and in what these spawn.
func TestSpawnedRunsShowNoMoreThanTheirParent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.queue.Start(t.Context()))
	f.function("hook", "import maestro\ndef hook(input):\n    return str(maestro.spawn('child', input))")
	f.function("child", `import maestro
def child(input):
    cookie = input["headers"]["cOOKIE"]
    print("the cookie is", cookie)
    sibling({"told": cookie})
    if maestro.context().attempt == 1:
        raise ValueError("refused " + cookie)
    return {"next": str(maestro.spawn("grandchild", {"kept": cookie})), "cookie": cookie}
`, `"retry":{"max_attempts":2,"backoff_seconds":0}`)
	f.function("sibling", "def sibling(input):\n    return input")
	f.function("grandchild", "def grandchild(input):\n    return input['kept']")
	f.webhook(`{"path":"hook","function_name":"hook"}`)
	const cookie = "session=0123456789abcdef"
	got := f.must(ask{call: "POST /api/v1/h/hook", token: "-", header: []string{"Cookie: " + cookie}, body: `{"n":1}`, status: 200})
	var answer struct{ Result string }
	require.NoError(t, json.Unmarshal([]byte(got.text), &answer))

	child := f.becomes(answer.Result, "completed")
	require.Contains(t, child.text, `"attempt":2`)
	require.Contains(t, child.text, `"record_complete":false`)
	var done struct {
		Output struct{ Next, Cookie string } `json:"output_data"`
	}
	require.NoError(t, json.Unmarshal([]byte(child.text), &done))
	require.Equal(t, "***", done.Output.Cookie)
	grandchild := f.becomes(done.Output.Next, "completed")
	require.Contains(t, grandchild.text, `"input_data":{"kept":"***"}`)
	require.Contains(t, grandchild.text, `"record_complete":false`)
	steps := f.must(ask{call: "GET /api/v1/executions/" + answer.Result + "/steps", status: 200, want: []string{`"attempt":1`, `"attempt":2`, `"told":"***"`}})
	var logs string
	require.Eventually(t, func() bool {
		logs = f.do(ask{call: "GET /api/v1/executions/" + answer.Result + "/logs"}).text
		return strings.Count(logs, "the cookie is ***") == 2
	}, 10*time.Second, 20*time.Millisecond, "both attempts have printed it")
	for _, shown := range []string{child.text, grandchild.text, steps.text, logs} {
		require.NotContains(t, shown, cookie)
		require.NotContains(t, shown, cookie[len("session="):])
	}
	require.Zero(t, f.count("input_data::text LIKE '%0123456789%' OR output_data::text LIKE '%0123456789%' OR error LIKE '%0123456789%' OR traceback LIKE '%0123456789%'"))
	f.must(ask{call: "POST /api/v1/executions/" + answer.Result + "/retry", status: 409, want: []string{"record_incomplete"}})
}
