package handlers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestExecutions(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("double", "def double(input):\n    print('doubling', input)\n    return input * 2")
	f.function("outer", "def outer(input):\n    return [double(n) for n in input['ns']]", `"output_schema":{"type":"array"}`)
	begin := time.Now().UTC()
	got := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"outer","input_data":{"ns":[1,20000000000000000000000]}}`, status: 200,
		want: []string{`"success":true`, `"result":[2,40000000000000000000000]`}})
	id := got.Header.Get("X-Execution-ID")
	require.Equal(t, id, member(t, got.text, "execution_id"))
	one := "GET /api/v1/executions/" + id
	shown := f.must(ask{call: one, status: 200, want: []string{`"id":"` + id, `"execution_id":"` + id, `"function_name":"outer"`, `"function_version":1`,
		`"trigger_type":"manual"`, `"trigger_id":null`, `"status":"completed"`, `"input_data":{"ns":[1,20000000000000000000000]}`, `"output_data":[2,`,
		`"error":null`, `"traceback":null`, `"attempt":1`, `"parent_execution_id":null`, `"record_complete":true`}})
	var times struct {
		Created  time.Time `json:"created_at"`
		Duration *float64  `json:"duration_ms"`
	}
	require.NoError(t, json.Unmarshal([]byte(shown.text), &times))
	require.WithinDuration(t, begin, times.Created, time.Minute)
	require.NotNil(t, times.Duration)

	steps := f.must(ask{call: one + "/steps", status: 200, want: []string{`"position":1`, `"position":2`, `"depth":1`, `"parent_step_id":null`, `"function_name":"double"`, `"input_data":1`}})
	var list []map[string]any
	require.NoError(t, json.Unmarshal([]byte(steps.text), &list))
	require.Len(t, list, 2)

	logs := f.must(ask{call: one + "/logs?count=3", status: 200, want: []string{`"execution_id":"` + id, `"event":"execution_started"`, `-0","execution_id":"` + id, `"event":"log"`, "doubling 1"}})
	var log struct {
		Logs []struct{ ID, Event, Timestamp string }
		All  int `json:"total_logs"`
	}
	require.NoError(t, json.Unmarshal([]byte(logs.text), &log))
	require.Len(t, log.Logs, 3)
	require.Greater(t, log.All, 3)
	f.must(ask{call: one + "/logs?after=" + log.Logs[2].ID, status: 200, want: []string{"execution_completed"}, lacks: []string{"execution_started"}})

	stranger := f.mint("other", false)
	f.all([]ask{
		{name: "another subtenant's", call: one, token: stranger, status: 404, want: []string{"execution_not_found"}},
		{name: "another subtenant's", call: one + "/steps", token: stranger, status: 404},
		{name: "another subtenant's", call: one + "/logs", token: stranger, status: 404, lacks: []string{"doubling"}},
		{name: "another subtenant's", call: "POST /api/v1/executions/" + id + "/cancel", token: stranger, status: 404},
		{name: "another subtenant's", call: "GET /api/v1/executions", token: stranger, status: 200, want: []string{"[]"}},
		{name: "another subtenant's function", call: "POST /api/v1/executions", token: stranger, body: `{"function_name":"double"}`, status: 404, want: []string{"function_not_found"}},
		{name: "not an id", call: "GET /api/v1/executions/x/steps", status: 404, want: []string{"execution_not_found"}},
		{name: "over", call: "POST /api/v1/executions/" + id + "/cancel", status: 409, want: []string{"execution_over"}},
		{name: "bad after", call: one + "/logs?after=x", status: 422},
		{name: "bad count", call: one + "/logs?count=0", status: 422},
	})
}

func TestRunsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    return input", `"input_schema":{"anyOf":[{"type":"null"},{"type":"object"}]}`)
	f.all([]ask{
		{name: "null is an input", call: "POST /api/v1/executions", body: `{"function_name":"f","input_data":null}`, status: 200, want: []string{`"result":null`}},
		{name: "none is an object", call: "POST /api/v1/executions", body: `{"function_name":"f"}`, status: 200, want: []string{`"result":{}`}},
		{name: "sync by name", call: "POST /api/v1/executions", body: `{"function_name":"f","mode":"sync"}`, status: 200},
		{name: "does not fit", call: "POST /api/v1/executions", body: `{"function_name":"f","input_data":7}`, status: 422, want: []string{"input_invalid", "execution_id"}},
		{name: "missing function", call: "POST /api/v1/executions", body: `{"function_name":"missing"}`, status: 404, want: []string{"function_not_found"}},
		{name: "no name", call: "POST /api/v1/executions", body: `{"input_data":1}`, status: 422, want: []string{"function_name"}},
		{name: "unknown member", call: "POST /api/v1/executions", body: `{"function_name":"f","input":1}`, status: 422, want: []string{`"/input"`}},
		{name: "no such mode", call: "POST /api/v1/executions", body: `{"function_name":"f","mode":"later"}`, status: 422},
		{name: "priority", call: "POST /api/v1/executions", body: `{"function_name":"f","priority":1}`, status: 422, want: []string{"/priority"}},
		{name: "no such priority", call: "POST /api/v1/executions", body: `{"function_name":"f","priority":5}`, status: 422},
		{name: "key", call: "POST /api/v1/executions", body: `{"function_name":"f","idempotency_key":"k"}`, status: 200},
		{name: "key in a header", call: "POST /api/v1/executions", header: []string{"Idempotency-Key: in a header"}, body: `{"function_name":"f"}`, status: 200},
		{name: "digits", call: "POST /api/v1/executions", body: `{"function_name":"f","input_data":` + strings.Repeat("9", 4301) + `}`, status: 422},
		{name: "exponent", call: "POST /api/v1/executions", body: `{"function_name":"f","input_data":1e400}`, status: 422},
		{name: "depth", call: "POST /api/v1/executions", body: `{"function_name":"f","input_data":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`, status: 422},
	})
}

func TestListOfExecutions(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("ok", "def ok(input):\n    return 1")
	f.function("bad", "def bad(input):\n    return 1 / 0")
	hook := f.webhook(`{"path":"ok","function_name":"ok"}`)
	for range 3 {
		f.must(ask{call: "POST /api/v1/h/ok", token: "-", status: 200})
		f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"bad"}`, status: 500, want: []string{"function_failed"}})
	}
	all := f.must(ask{call: "GET /api/v1/executions?limit=4", status: 200})
	var list []struct {
		ID   string
		Name string `json:"function_name"`
	}
	require.NoError(t, json.Unmarshal([]byte(all.text), &list))
	require.Len(t, list, 4)
	require.Equal(t, "bad", list[0].Name, "newest first")
	rest := f.must(ask{call: "GET /api/v1/executions?limit=4&cursor=" + all.Header.Get("X-Next-Cursor"), status: 200, lacks: []string{list[3].ID}})
	require.Empty(t, rest.Header.Get("X-Next-Cursor"))
	f.all([]ask{
		{name: "by function", call: "GET /api/v1/executions?function_name=ok", status: 200, want: []string{`"ok"`}, lacks: []string{`"bad"`}},
		{name: "by status", call: "GET /api/v1/executions?status=failed", status: 200, want: []string{`"bad"`, "ZeroDivisionError"}, lacks: []string{`"ok"`}},
		{name: "by two", call: "GET /api/v1/executions?status=failed&status=completed", status: 200, want: []string{`"bad"`, `"ok"`}},
		{name: "by trigger", call: "GET /api/v1/executions?trigger_type=webhook&trigger_id=" + hook, status: 200, want: []string{`"trigger_id":"` + hook}, lacks: []string{`"bad"`}},
		{name: "by time", call: "GET /api/v1/executions?until=2020-01-01T00:00:00Z", status: 200, want: []string{"[]"}},
		{name: "by time", call: "GET /api/v1/executions?since=2020-01-01T00:00:00Z", status: 200, want: []string{`"ok"`}},
		{name: "no time", call: "GET /api/v1/executions?since=yesterday", status: 422, want: []string{"since"}},
		{name: "no status", call: "GET /api/v1/executions?status=done", status: 422},
		{name: "no trigger", call: "GET /api/v1/executions?trigger_type=x", status: 422},
		{name: "no id", call: "GET /api/v1/executions?trigger_id=x", status: 422},
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("wait", "import time\ndef wait(input):\n    time.sleep(60)", `"timeout_seconds":20`)
	ended := make(chan answer, 1)
	go func() { ended <- f.do(ask{call: "POST /api/v1/executions", body: `{"function_name":"wait"}`}) }()
	var list []struct{ ID string }
	require.Eventually(t, func() bool {
		got := f.do(ask{call: "GET /api/v1/executions?status=running"})
		return json.Unmarshal([]byte(got.text), &list) == nil && len(list) == 1
	}, 15*time.Second, 20*time.Millisecond)
	one := "/api/v1/executions/" + list[0].ID
	f.must(ask{call: "GET " + one + "/logs", status: 200, want: []string{"execution_started"}})
	f.must(ask{call: "POST " + one + "/cancel", status: http.StatusAccepted, want: []string{list[0].ID}})
	got := <-ended
	require.Equal(t, http.StatusInternalServerError, got.StatusCode)
	require.Contains(t, got.text, `"code":"cancelled"`)
	f.must(ask{call: "GET " + one, status: 200, want: []string{`"status":"cancelled"`}})
	f.must(ask{call: "POST " + one + "/cancel", status: 409})
}
