package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// page reads a list to its end, limit at a time, and returns all its objects.
func (f *fixture) page(path string, limit int) (all []map[string]any) {
	f.t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	call := fmt.Sprintf("GET %s%slimit=%d", path, separator, limit)
	for range 100 {
		got := f.must(ask{call: call, status: 200})
		var part []map[string]any
		require.NoError(f.t, json.Unmarshal([]byte(got.text), &part), got.text)
		require.LessOrEqual(f.t, len(part), limit)
		all = append(all, part...)
		link := got.Header.Get("Link")
		require.Equal(f.t, got.Header.Get("X-Next-Cursor") == "", link == "")
		if link == "" {
			return all
		}
		address, _, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
		call = "GET " + address
	}
	f.t.Fatal("the list has no end")
	return nil
}

// column is one member of each object.
func column(all []map[string]any, name string) []string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = fmt.Sprint(one[name])
	}
	return out
}

// TestExecutionsPageByPage: every filter goes on from page to page.
func TestExecutionsPageByPage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("ok", "def ok(input):\n    return 1")
	f.function("bad", "def bad(input):\n    return 1 / 0")
	f.function("picky", "def picky(input: int):\n    return 1")
	hook := f.webhook(`{"path":"ok","function_name":"ok"}`)
	var ids []string
	for range 3 {
		for _, a := range []ask{
			{call: "POST /api/v1/h/ok", token: "-", status: 200},
			{call: "POST /api/v1/executions", body: `{"function_name":"bad"}`, status: 500},
			{call: "POST /api/v1/executions", body: `{"function_name":"picky","input_data":"x"}`, status: 422},
		} {
			ids = append(ids, f.must(a).Header.Get("X-Execution-ID"))
		}
	}
	newest := make([]string, 0, len(ids))
	for i := range ids {
		newest = append(newest, ids[len(ids)-1-i])
	}
	list := "/api/v1/executions"
	all := f.page(list, 2)
	require.Equal(t, newest, column(all, "id"), "newest first, none twice and none left out")
	for _, test := range []struct {
		name, query string
		at          []int // in newest
	}{
		{"by function", "function_name=ok", []int{2, 5, 8}},
		{"by status", "status=completed", []int{2, 5, 8}},
		{"by statuses", "status=failed&status=running", []int{0, 1, 3, 4, 6, 7}},
		{"by function and status", "function_name=bad&status=failed&status=completed", []int{1, 4, 7}},
		{"by trigger", "trigger_type=manual", []int{0, 1, 3, 4, 6, 7}},
		{"by webhook", "trigger_type=webhook&trigger_id=" + hook, []int{2, 5, 8}},
		{"from a moment on", "since=" + url.QueryEscape(column(all, "created_at")[3]), []int{0, 1, 2, 3}},
		{"up to a moment", "until=" + url.QueryEscape(column(all, "created_at")[6]), []int{6, 7, 8}},
		{"of one moment", "since=" + url.QueryEscape(column(all, "created_at")[4]) + "&until=" + url.QueryEscape(column(all, "created_at")[4]), []int{4}},
		{"in another zone", "until=" + url.QueryEscape("2020-01-01T00:00:00+02:00"), nil},
		{"of the day", "since=" + column(all, "created_at")[8][:10] + "&until=" + column(all, "created_at")[0][:10], []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		{"of the last hour", "since=-1h", []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		{"of before the last hour", "until=-1h", nil},
		{"by error", "error_type=ZeroDivisionError", []int{1, 4, 7}},
		{"by error and function", "error_type=InputInvalid&function_name=bad", nil},
		{"by duration", "min_duration_ms=0.001", []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		{"by a long duration", "min_duration_ms=60000", nil},
		{"by parent", "parent_execution_id=" + newest[0], nil},
		{"of a missing function", "function_name=missing", nil},
		{"of another webhook", "trigger_id=0190a8f0-0000-7000-8000-000000000000", nil},
	} {
		var want []string
		for _, i := range test.at {
			want = append(want, newest[i])
		}
		require.ElementsMatch(t, want, column(f.page(list+"?"+test.query, 2), "id"), test.name)
		require.ElementsMatch(t, want, column(f.page(list+"?"+test.query, 100), "id"), test.name)
	}
	f.must(ask{name: "filters without a value", call: "GET /api/v1/executions?status=&since=", status: 422, want: []string{`"/query/status"`, `"/query/since"`}})
	f.must(ask{name: "one of two statuses is none", call: "GET /api/v1/executions?status=failed&status=done", status: 422})
	for _, bad := range []string{"since=yesterday", "until=24h", "since=-1y", "since=2026-13-01", "min_duration_ms=-1", "min_duration_ms=NaN", "min_duration_ms=Inf", "parent_execution_id=x"} {
		name, _, _ := strings.Cut(bad, "=")
		f.must(ask{name: bad, call: "GET /api/v1/executions?" + bad, status: 422, want: []string{`"/query/` + name + `"`}, lacks: []string{"2006", "Z07:00"}})
	}
	for _, filter := range []string{"function_name", "error_type", "trigger_type", "since", "cursor", "limit"} {
		f.must(ask{name: "a null character", call: "GET /api/v1/executions?" + filter + "=a%00b", status: 400, want: []string{"query parameter " + filter, "U+0000", `"/query/` + filter + `"`}})
	}
	f.must(ask{name: "a null character in another list", call: "GET /api/v1/functions?tags=a&tags=%00", status: 400, want: []string{"query parameter tags"}})
	f.must(ask{name: "a null character within a cursor", call: "GET /api/v1/functions?cursor=AAAA", status: 400, want: []string{"cursor"}})
	f.must(ask{name: "a cursor of another list", call: "GET /api/v1/executions?cursor=YQ", status: 400})
}

// TestStepsAreATree: each step names the one that called it, and stands behind
// it in the list.
func TestStepsAreATree(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("leaf", "def leaf(input):\n    if input == 3:\n        raise ValueError('three')\n    return input")
	f.function("branch", "def branch(input):\n    return [leaf(input), leaf(input + 1)]")
	f.function("root", "def root(input):\n    first = branch(0)\n    try:\n        branch(2)\n    except ValueError as e:\n        return [first, str(e)]")
	id := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"root"}`, status: 200, want: []string{`"result":[[0,1],"three"]`}}).Header.Get("X-Execution-ID")
	steps := f.page("/api/v1/executions/"+id+"/steps", 2)
	require.Equal(t, []string{"branch", "leaf", "leaf", "branch", "leaf", "leaf"}, column(steps, "function_name"))
	require.Equal(t, []string{"1", "2", "2", "1", "2", "2"}, column(steps, "depth"))
	require.Equal(t, []string{"1", "2", "3", "4", "5", "6"}, column(steps, "position"))
	require.Equal(t, []string{"completed", "completed", "completed", "failed", "completed", "failed"}, column(steps, "status"))
	ids := column(steps, "id")
	require.Equal(t, []string{"<nil>", ids[0], ids[0], "<nil>", ids[3], ids[3]}, column(steps, "parent_step_id"))
	require.Equal(t, []string{"<nil>", "<nil>", "<nil>", "ValueError", "<nil>", "ValueError"}, column(steps, "error_type"))
	for _, one := range column(steps, "execution_id") {
		require.Equal(t, id, one)
	}
	f.must(ask{name: "no steps", call: "GET /api/v1/executions/" + f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"leaf","input_data":1}`, status: 200}).Header.Get("X-Execution-ID") + "/steps", status: 200, want: []string{"[]"}})
}

// TestStepsOfALongRun: they are there while it goes on, and all of them at its
// end, page by page.
func TestStepsOfALongRun(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.queue.Start(t.Context()))
	f.function("leaf", "def leaf(input):\n    return input")
	f.function("slow", "import time\ndef slow(input):\n    while True:\n        time.sleep(0.01)")
	f.function("loop", "def loop(input):\n    total = sum(leaf(i) for i in range(input['times']))\n    return slow(1) if input.get('stay') else total")
	id := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"loop","input_data":{"times":2500}}`, status: 200, want: []string{`"result":3123750`}}).Header.Get("X-Execution-ID")
	steps := f.page("/api/v1/executions/"+id+"/steps", 1000)
	require.Len(t, steps, 2500)
	for i, s := range steps {
		require.EqualValues(t, i+1, s["position"])
		require.EqualValues(t, i, s["input_data"])
		require.EqualValues(t, i, s["output_data"])
		require.Equal(t, "completed", s["status"])
	}
	id = member(t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"loop","mode":"async","input_data":{"times":20,"stay":true}}`, status: 202}).text, "execution_id")
	require.Eventually(t, func() bool { return len(f.page("/api/v1/executions/"+id+"/steps", 1000)) >= 20 }, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { // the steps and the state are written side by side
		return member(t, f.must(ask{call: "GET /api/v1/executions/" + id, status: 200}).text, "status") == "running"
	}, 20*time.Second, 10*time.Millisecond)
	f.must(ask{call: "POST /api/v1/executions/" + id + "/cancel", status: 202})
	require.Eventually(t, func() bool {
		return member(t, f.must(ask{call: "GET /api/v1/executions/" + id, status: 200}).text, "status") == "cancelled"
	}, 20*time.Second, 10*time.Millisecond)
	steps = f.page("/api/v1/executions/"+id+"/steps", 7)
	require.Len(t, steps, 21)
	require.Equal(t, "slow", steps[20]["function_name"])
	require.Equal(t, "cancelled", steps[20]["status"])
}
