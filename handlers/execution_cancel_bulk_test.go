package handlers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const bulkCancel = "POST /api/v1/executions/cancel"

// Runs that wait and runs in progress end, with a count beforehand; others stay.
func TestBulkCancel(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("many", "def many(input):\n    return input")
	f.function("few", "def few(input):\n    return input")
	f.function("slow", "import time\ndef slow(input):\n    time.sleep(60)")
	for function, runs := range map[string]int{"many": 120, "few": 3} {
		for n := range runs {
			f.must(ask{call: "POST /api/v1/executions", body: fmt.Sprintf(`{"function_name":%q,"input_data":%d,"mode":"async"}`, function, n), status: 202})
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.do(ask{call: "POST /api/v1/executions", body: `{"function_name":"slow","input_data":1}`})
	}()
	running := func(status string) int {
		var n int
		require.NoError(t, f.db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM executions WHERE function_name = 'slow' AND status = $1", status).Scan(&n))
		return n
	}
	require.Eventually(t, func() bool { return running("running") == 1 }, time.Minute, 10*time.Millisecond)

	f.all([]ask{
		{name: "no filter", call: bulkCancel, status: 422, want: []string{"has no filter"}},
		{name: "a filter and all", call: bulkCancel + "?all=true&function_name=few", status: 422, want: []string{"/query/all"}},
		{name: "two places", call: bulkCancel + "?function_name=few", body: `{"function_name":"many"}`, status: 422, want: []string{"in one place"}},
		{name: "a status that is over", call: bulkCancel + "?status=failed", status: 202, want: []string{`"count":0`}},
		{name: "a wrong cursor", call: bulkCancel + "?all=true&after=x", status: 400},
		{name: "another subtenant's", call: bulkCancel + "?all=true", token: f.mint("other", false), status: 202, want: []string{`"count":0`}},
		{name: "counted", call: bulkCancel + "?all=true&dry_run=true", status: 202, want: []string{`"count":124`, `"dry_run":true`, `"more":false`}},
		{name: "counted by status", call: bulkCancel, body: `{"status":["running"],"dry_run":true}`, status: 202, want: []string{`"count":1`}},
		{name: "by function", call: bulkCancel, body: `{"function_name":"many"}`, status: 202, want: []string{`"count":120`, `"dry_run":false`}},
		{name: "again", call: bulkCancel, body: `{"function_name":"many"}`, status: 202, want: []string{`"count":0`}},
		{name: "in progress", call: bulkCancel + "?status=running", status: 202, want: []string{`"count":1`}},
	})
	<-ended
	require.Eventually(t, func() bool { return running("cancelled") == 1 }, time.Minute, 10*time.Millisecond)
	var cancelled, pending int
	require.NoError(t, f.db.Pool().QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE status = 'cancelled' AND function_name = 'many'),
		count(*) FILTER (WHERE status = 'pending' AND function_name = 'few') FROM executions`).Scan(&cancelled, &pending))
	require.Equal(t, 120, cancelled)
	require.Equal(t, 3, pending)
}

func TestBulkRetryThatOnlyCounts(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    return 1")
	f.over("f", "failed", 0, 7, "input_data", "'1'")
	f.over("gone", "failed", 100, 2, "input_data", "'1'")
	f.must(ask{call: bulkRetry + "?all=true&dry_run=true", status: 202, want: []string{`"count":7`, `"missing":2`, `"dry_run":true`}})
	var rows int
	require.NoError(t, f.db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM executions").Scan(&rows))
	require.Equal(t, 9, rows)
	f.must(ask{call: bulkRetry + "?all=true", status: 202, want: []string{`"count":7`, `"missing":2`, `"dry_run":false`}})
}
