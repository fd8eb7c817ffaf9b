package handlers_test

import (
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
	require.NoError(t, f.queue.Start())
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

func TestSpawnWaitsForNobody(t *testing.T) {
	t.Parallel()
	f := setup(t) // its queue is not started: what is pending stays so
	f.function("one", "import maestro\ndef one(input):\n    return str(maestro.spawn('one', {}))")
	_, err := f.db.Pool().Exec(t.Context(), `INSERT INTO queued_runs (execution_id, tenant, function_name, trigger_type, created_at, priority, run_at, chain, request, input)
		SELECT ('019d0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'default', 'one', 'spawn', now(), 2, 'infinity', 0, false, '' FROM generate_series(1, 9999) i`)
	require.NoError(t, err)
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"one"}`, status: 200})
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"one"}`, status: 500, want: []string{"10000 runs of this subtenant are pending"}})
	f.must(ask{call: "POST /api/v1/executions", token: f.mint("other", true), body: `{"function_name":"one"}`, status: 404})
}
