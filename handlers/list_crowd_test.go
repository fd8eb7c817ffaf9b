package handlers_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// However many slow lists are asked for, other calls and /health have
// connections.
func TestSlowListsHoldUpNothingElse(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", "def echo(input):\n    return input")
	f.webhook(`{"path":"echo","function_name":"echo"}`)
	conn, err := pgx.Connect(t.Context(), f.database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	for _, list := range []struct{ table, path string }{{"scheduled_jobs", "/api/v1/schedules"}, {"step_executions", ""}} {
		path := list.path
		if path == "" {
			got := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"echo"}`, status: 200})
			path = "/api/v1/executions/" + got.Header.Get("X-Execution-ID") + "/steps"
		}
		lock, err := conn.Begin(t.Context())
		require.NoError(t, err)
		_, err = lock.Exec(t.Context(), "LOCK TABLE "+list.table+" IN ACCESS EXCLUSIVE MODE")
		require.NoError(t, err)
		var lists sync.WaitGroup
		for range 30 {
			lists.Go(func() {
				if got := f.do(ask{call: "GET " + path}); got.StatusCode != http.StatusOK {
					t.Errorf("%s: %d %s", path, got.StatusCode, got.text)
				}
			})
		}
		require.Eventually(t, func() bool {
			var waiting int
			err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::text::regclass`, list.table).Scan(&waiting)
			return err == nil && waiting >= 3
		}, 20*time.Second, 5*time.Millisecond)
		for _, a := range []ask{
			{call: "GET /health", token: "-", status: 200, want: []string{`"status":"healthy"`}},
			{call: "GET /api/v1/functions/echo", status: 200},
			{call: "POST /api/v1/h/echo", token: "-", body: `{}`, status: 200},
			{call: "POST /api/v1/executions", body: `{"function_name":"echo","mode":"async"}`, status: 202},
		} {
			f.must(a)
		}
		if list.path == "" {
			f.must(ask{call: "GET /api/v1/functions", status: 200})
		} else {
			f.must(ask{call: "GET /api/v1/executions", status: 200})
		}
		require.NoError(t, lock.Rollback(t.Context()))
		lists.Wait()
	}
}
