package handlers_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

type queueCounts struct {
	Waiting, Delayed, Running int
	Oldest                    *float64 `json:"oldest_seconds"`
	PausedAt                  *string  `json:"paused_at"`
}

func TestQueueByFunctionAndSubtenant(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("busy", "def busy(input):\n    return 1")
	f.function("idle", "def idle(input):\n    return 1")
	queue := func() (q struct {
		queueCounts
		Functions []struct {
			Name string `json:"function_name"`
			queueCounts
		}
	}) {
		require.NoError(t, json.Unmarshal([]byte(f.must(ask{call: "GET /api/v1/queue", status: http.StatusOK}).text), &q))
		return q
	}
	require.Equal(t, queueCounts{}, queue().queueCounts)
	require.Empty(t, queue().Functions)
	for range 3 {
		f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"busy","mode":"async"}`, status: http.StatusAccepted})
	}
	f.must(ask{call: "POST /api/v1/functions/idle/pause", status: http.StatusOK})
	q := queue()
	require.Equal(t, 3, q.Waiting)
	require.NotNil(t, q.Oldest)
	require.GreaterOrEqual(t, *q.Oldest, 0.0)
	require.Len(t, q.Functions, 2, "a paused function is shown without runs too")
	require.Equal(t, "busy", q.Functions[0].Name)
	require.Equal(t, 3, q.Functions[0].Waiting)
	require.Nil(t, q.Functions[0].PausedAt)
	require.NotNil(t, q.Functions[1].PausedAt)
	require.Nil(t, q.Functions[1].Oldest)

	admin := f.mint("", true)
	var all []struct {
		Subtenant string `json:"subtenant_id"`
		queueCounts
	}
	require.NoError(t, json.Unmarshal([]byte(f.must(ask{call: "GET /api/v1/queue/subtenants", token: admin, status: http.StatusOK}).text), &all))
	require.Len(t, all, 1)
	require.Equal(t, "default", all[0].Subtenant)
	require.Equal(t, 3, all[0].Waiting)
	f.all([]ask{
		{name: "another subtenant", call: "GET /api/v1/queue", token: f.mint("other", false), status: 200, want: []string{`"waiting":0`, `"functions":[]`}},
		{name: "by subtenant, for administrators", call: "GET /api/v1/queue/subtenants", status: 403},
		{name: "no token", call: "GET /api/v1/queue", token: "-", status: 401},
	})
}
