package handlers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// over stores executions that are over: so many, the first with the id of that
// number.
func (f *fixture) over(function, status string, first, many int, columns string, values string) {
	f.t.Helper()
	_, err := f.db.Pool().Exec(f.t.Context(), `INSERT INTO executions
		(id, tenant, function_name, function_version, trigger_type, status, created_at, attempt, `+columns+`)
		SELECT ('019d0000-0000-7000-8000-' || lpad(to_hex($3 + i), 12, '0'))::uuid, 'default', $1, 1, 'manual', $4, now(), 1, `+values+`
		FROM generate_series(0, $2 - 1) i`, function, many, first, status)
	require.NoError(f.t, err)
}

const bulkRetry = "POST /api/v1/executions/retry"

// However many there are that can't be run again, those behind them are.
func TestBulkRetryGetsPastWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    return 1")
	f.over("f", "failed", 0, 60_000, "input_data, record_complete", "'1', false")
	f.over("gone", "failed", 60_000, 40_000, "input_data", "'1'")
	f.over("f", "failed", 200_000, 3, "input_data", "'1'")
	var all, part struct {
		Count, Incomplete, Missing int
		More                       bool
		Next                       string
	}
	last := ""
	for requests := 1; requests == 1 || part.More; requests++ { // two, or more where a slow statement ended one early
		require.LessOrEqual(t, requests, 50)
		if last = ""; part.Next != "" {
			last = "&after=" + part.Next
		}
		part.Next, part.More = "", false
		got := f.must(ask{call: bulkRetry + "?all=true" + last, status: 202})
		require.NoError(t, json.Unmarshal([]byte(got.text), &part))
		require.Equal(t, part.More, part.Next != "")
		all.Count, all.Incomplete, all.Missing = all.Count+part.Count, all.Incomplete+part.Incomplete, all.Missing+part.Missing
	}
	require.Equal(t, []int{3, 60_000, 40_000}, []int{all.Count, all.Incomplete, all.Missing})
	require.NotEmpty(t, last, "one request takes no more than 100,000")
	f.must(ask{call: bulkRetry + "?all=true" + last, status: 202, want: []string{`"count":0`}})
	f.must(ask{call: bulkRetry + "?since=2030-01-01T00:00:00Z", status: 202, want: []string{`"incomplete":0`, `"more":false`}})
	f.must(ask{call: bulkRetry + "?all=true&after=x", status: 422, want: []string{"/query/after"}})
}

func TestBulkRetryTakesEachKindOfFailure(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    return 1")
	f.function("strict", "def strict(input):\n    return 1", `"input_schema":{"type":"integer"}`)
	for i, status := range []string{"failed", "timed_out", "crashed", "cancelled", "completed", "running", "pending"} {
		f.over("f", status, 100*i, i+1, "input_data", "'1'")
	}
	f.over("strict", "crashed", 1000, 4, "input_data", "'\"x\"'")
	f.over("strict", "crashed", 2000, 5, "input_data", "'7'")
	// Ten megabytes of inputs: more than are held at a time.
	f.over("f", "failed", 3000, 40, "input_data", `to_json(repeat('x', 255 * 1024))`)
	f.all([]ask{
		{name: "timed out", call: bulkRetry + "?status=timed_out", status: 202, want: []string{`"count":2`}},
		{name: "crashed, and one function does not take it", call: bulkRetry + "?status=crashed&status=completed", status: 202, want: []string{`"count":8`, `"refused":4`, `"more":false`}},
		{name: "the rest", call: bulkRetry + "?all=true", status: 202, want: []string{`"count":41`, `"refused":4`}},
		{name: "none", call: bulkRetry + "?status=cancelled&status=running", status: 202, want: []string{`"count":0`, `"refused":0`}},
	})
	require.Equal(t, 2+8+41, f.count("trigger_type = 'retry' AND status = 'pending'"))
	require.Equal(t, 40, f.count("trigger_type = 'retry' AND length(input_data::text) > 200000"))
}

// A retry's headers are looked up in any case, as the call's were, also in a
// sibling, and where the webhook's default values are members beside them.
func TestHeadersInARetry(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("mine", "def mine(headers):\n    return headers['x-MINE']")
	f.function("looks", "def looks(input):\n    return [input['headers']['x-mine'], mine(input['headers']), input['limit']]")
	f.webhook(`{"path":"looks","function_name":"looks","default_values":{"limit":5}}`)
	require.NoError(t, f.queue.Start(t.Context()))
	first := f.must(ask{call: "POST /api/v1/h/looks", token: "-", header: []string{"X-Mine: 1"}, body: "{}", status: 200, want: []string{`["1","1",5]`}})
	retry := f.must(ask{call: "POST /api/v1/executions/" + first.Header.Get("X-Execution-ID") + "/retry", status: 202}).Header.Get("X-Execution-ID")
	f.becomes(retry, "completed")
	f.must(ask{call: "GET /api/v1/executions/" + retry, status: 200, want: []string{`"output_data":["1","1",5]`}})
}

// The input alone is what a retry from the start needs.
func TestRetryOfARunWithCutRecords(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"swordfish-5678"}`, status: 204})
	f.function("long", "import maestro\ndef long(input):\n    return [maestro.secret('KEY'), 'x' * input['n'], maestro.context().attempt]")
	require.NoError(t, f.queue.Start(t.Context()))
	long := strings.Repeat("y", 300<<10)
	const call = "POST /api/v1/executions"
	for body, whole := range map[string]bool{
		`{"n":0}`:                                   true, // masked in the output
		`{"n":300000}`:                              true, // cut there
		fmt.Sprintf(`{"n":0,"a":"%s"}`, long):       false,
		`{"n":0,"a":"swordfish-5678"}`:              false,
		`{"n":0,"a":"***"}`:                         true,
		`{"n":1,"truncated":true,"bytes":300000}`:   true,
		`{"n":0,"truncated":true,"preview":"y\"y"}`: true,
	} {
		for _, mode := range []string{"sync", "async"} {
			got := f.do(ask{call: call, body: `{"function_name":"long","mode":"` + mode + `","input_data":` + body + `}`})
			id := got.Header.Get("X-Execution-ID")
			if mode == "async" {
				f.becomes(id, "completed")
			}
			f.must(ask{call: "GET /api/v1/executions/" + id, status: 200, want: []string{`"record_complete":false`}})
			one := ask{call: call + "/" + id + "/retry", status: 409, want: []string{"record_incomplete"}}
			if whole {
				one = ask{call: call + "/" + id + "/retry", status: 202}
			}
			f.must(one)
		}
	}
}
