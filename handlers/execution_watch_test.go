package handlers_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// listEvent is one event of the stream.
type listEvent struct {
	id, name string
	data     map[string]any
}

// follow opens the stream of the list, and returns what reads its next event.
func (f *fixture) follow(token, query string, header ...string) func() listEvent {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.url+"/api/v1/executions/stream"+query, http.NoBody)
	require.NoError(f.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	response, err := f.client.Do(request)
	require.NoError(f.t, err)
	f.t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(f.t, http.StatusOK, response.StatusCode)
	require.Equal(f.t, "text/event-stream", response.Header.Get("Content-Type"))
	require.Equal(f.t, "no-store", response.Header.Get("Cache-Control"))
	lines := bufio.NewScanner(response.Body)
	next := func() (e listEvent) {
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case lines.Text() == "" && e.name != "":
				return e
			case name == "id":
				e.id = value
			case name == "event":
				e.name = value
			case name == "data":
				require.NoError(f.t, json.Unmarshal([]byte(value), &e.data))
			}
		}
		require.NoError(f.t, lines.Err())
		require.Fail(f.t, "the stream has ended")
		return e
	}
	require.Equal(f.t, "open", next().name)
	return next
}

func TestStreamOfTheList(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    if input.get('fail'):\n        raise ValueError('no')\n    return 1")
	f.function("g", "def g(input):\n    return '<script>'")
	other := f.mint("other", false)
	all, failed, ofG := f.follow(f.token, ""), f.follow(f.token, "?status=failed&status=crashed"), f.follow(f.token, "?function_name=g")
	strangers := f.follow(other, "")
	again := f.follow(f.token, "", "Last-Event-ID: 7")
	require.Equal(t, "gap", again().name)

	start := func(token, body string, status int) string {
		return f.must(ask{call: "POST /api/v1/executions", token: token, body: body, status: status}).Header.Get("X-Execution-ID")
	}
	for range 2 {
		ok := start("", `{"function_name":"f"}`, 200)
		e := all()
		require.Equal(t, "execution", e.name)
		require.Equal(t, ok, e.data["id"])
		require.Equal(t, "completed", e.data["status"])
		require.NotContains(t, e.data, "input_data")
		bad := start("", `{"function_name":"f","input_data":{"fail":true}}`, 500)
		e = all()
		require.Equal(t, bad, e.data["id"])
		require.Equal(t, "ValueError", e.data["error_type"])
		require.Equal(t, bad, failed().data["id"])
		g := start("", `{"function_name":"g"}`, 200)
		require.Equal(t, g, all().data["id"])
		require.Equal(t, g, ofG().data["id"])
	}
	f.must(ask{call: "POST /api/v1/functions", token: other, body: `{"name":"f","code":"def f(input):\n    return 2"}`, status: 201})
	theirs := start(other, `{"function_name":"f"}`, 200)
	require.Equal(t, theirs, strangers().data["id"], "nothing of the other subtenant came before")
}

// An asynchronous run is told when it is accepted, and when it ends on another server.
func TestStreamOfAsynchronousRuns(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    return 1")
	next, waiting := f.follow(f.token, ""), f.follow(f.token, "?status=pending")
	accepted := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"f","mode":"async"}`, status: 202})
	id := member(t, accepted.text, "execution_id")
	for _, read := range []func() listEvent{next, waiting} {
		e := read()
		require.Equal(t, id, e.data["id"])
		require.Equal(t, "pending", e.data["status"])
		require.Nil(t, e.data["completed_at"])
	}
	require.NoError(t, f.queue.Start(t.Context()))
	e := next()
	for e.data["status"] == "running" {
		e = next()
	}
	require.Equal(t, id, e.data["id"])
	require.Equal(t, "completed", e.data["status"])
	e = waiting()
	require.Equal(t, id, e.data["id"])
	require.NotEqual(t, "pending", e.data["status"], "it waits no longer")
}

func TestStreamsOfTheListThatDoNotBegin(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, a := range []ask{
		{call: "GET /api/v1/executions/stream", token: "-", status: 401},
		{call: "GET /api/v1/executions/stream?status=done", status: 422},
		{call: "GET /api/v1/executions/stream?limit=1", status: 422},
		{call: "GET /api/v1/executions/stream?function_name=%00", status: 400},
		{call: "HEAD /api/v1/executions/stream", status: 200},
	} {
		f.must(a)
	}
	for range 100 {
		f.follow(f.token, "")
	}
	f.must(ask{call: "GET /api/v1/executions/stream", status: 429})
	f.follow(f.mint("other", false), "")
}
