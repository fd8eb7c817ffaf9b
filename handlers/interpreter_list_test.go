package handlers_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInterpretersByMemory(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("hold", "held = bytearray(8 << 20)\ndef hold(input):\n    return len(held)")
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"hold"}`, status: http.StatusOK})
	type sum struct {
		Subtenant string `json:"subtenant_id"`
		State     string
		Memory    int64 `json:"memory_bytes"`
	}
	var all []sum
	admin := f.mint("", true)
	require.NoError(t, json.Unmarshal([]byte(f.must(ask{call: "GET /api/v1/interpreters", token: admin, status: http.StatusOK}).text), &all))
	at := slices.IndexFunc(all, func(s sum) bool { return s.Subtenant == "default" })
	require.GreaterOrEqual(t, at, 0)
	require.Equal(t, "serving", all[at].State)
	require.Greater(t, all[at].Memory, int64(8<<20))
	require.True(t, slices.IsSortedFunc(all, func(a, b sum) int { return int(b.Memory - a.Memory) }), "the largest first")
	f.all([]ask{
		{name: "one", call: "GET /api/v1/subtenants/default/interpreter", token: admin, status: 200, want: []string{`"memory_bytes":`}},
		{name: "limited", call: "GET /api/v1/interpreters?limit=1", token: admin, status: 200},
		{name: "for administrators", call: "GET /api/v1/interpreters", status: 403},
		{name: "no token", call: "GET /api/v1/interpreters", token: "-", status: 401},
	})
}
