package handlers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheckOfAFunction(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("sibling", "def sibling(input):\n    return 1")
	f.all([]ask{
		{name: "good", call: "POST /api/v1/check", body: `{"name":"f","code":"def f(input: dict) -> int:\n    return sibling(input)\n"}`, status: 200,
			want: []string{`"derived_schemas":["input_schema","output_schema"]`, `"output_schema":{`, `"uses":["sibling"]`, `"warnings":[]`}},
		{name: "a taken name", call: "POST /api/v1/check", body: `{"name":"sibling","code":"def sibling(input):\n    return missing_name(1)\n"}`, status: 200,
			want: []string{`missing_name`, `"line":2`}},
		{name: "a module", call: "POST /api/v1/check", body: `{"name":"m","kind":"module","code":"X = 1"}`, status: 200, want: []string{`"input_schema":null`}},
		{name: "a syntax error", call: "POST /api/v1/check", body: `{"name":"f","code":"def f(input)\n    return 1\n"}`, status: 422, want: []string{`"code":"syntax_error"`, `"line":1`}},
		{name: "no def", call: "POST /api/v1/check", body: `{"name":"f","code":"x = 1"}`, status: 422, want: []string{`"code":"function_not_defined"`}},
		{name: "a bad schema", call: "POST /api/v1/check", body: `{"name":"f","code":"def f(input):\n    return 1\n","input_schema":{"type":"nothing"}}`, status: 422, want: []string{"schema"}},
		{name: "a bad requirement", call: "POST /api/v1/check", body: `{"name":"f","code":"def f(input):\n    return 1\n","requirements":["-r x"]}`, status: 422, want: []string{"/requirements/0"}},
		{name: "a reserved name", call: "POST /api/v1/check", body: `{"name":"print","code":"def print(input):\n    return 1\n"}`, status: 422, want: []string{"/name"}},
		{name: "nothing was saved", call: "GET /api/v1/functions/f", status: 404},
	})
}

func TestDueTimesOfSchedules(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    return 1")
	daily := member(t, f.must(ask{call: "POST /api/v1/schedules", body: `{"name":"daily","function_name":"f","cron_expression":"30 2 * * *","timezone":"Europe/Paris"}`, status: 201}).text, "id")
	off := member(t, f.must(ask{call: "POST /api/v1/schedules", body: `{"name":"off","function_name":"f","cron_expression":"0 0 1 1 *","is_active":false}`, status: 201}).text, "id")
	f.must(ask{call: "POST /api/v1/schedules", body: `{"name":"often","function_name":"f","cron_expression":"* * * * *"}`, status: 201})
	type due struct {
		Schedules []struct {
			Name string
			Due  []time.Time
			More bool
		}
	}
	// The clocks of Paris go forward at 2:00 on 28 March 2027: 2:30 does not exist there.
	got := read[due](f, ask{call: "GET /api/v1/scheduler/due?from=2027-03-27T00:00:00Z&to=2027-03-30T00:00:00Z&limit=3"}).Schedules
	require.Len(t, got, 2)
	require.Equal(t, "daily", got[0].Name)
	require.Equal(t, []time.Time{
		time.Date(2027, 3, 27, 1, 30, 0, 0, time.UTC), time.Date(2027, 3, 28, 1, 0, 0, 0, time.UTC), time.Date(2027, 3, 29, 0, 30, 0, 0, time.UTC),
	}, got[0].Due)
	require.False(t, got[0].More)
	require.Len(t, got[1].Due, 3)
	require.True(t, got[1].More)
	require.Equal(t, time.Date(2027, 3, 27, 0, 0, 0, 0, time.UTC), got[1].Due[0], "the first moment counts")
	require.Equal(t, "off", read[due](f, ask{call: "GET /api/v1/scheduler/due?schedule_id=" + off}).Schedules[0].Name)
	require.Len(t, read[due](f, ask{call: "GET /api/v1/scheduler/due"}).Schedules, 2)
	other := f.mint("other", false)
	f.all([]ask{
		{call: "GET /api/v1/scheduler/due?schedule_id=" + daily, token: other, status: 404},
		{call: "GET /api/v1/scheduler/due", token: other, status: 200, want: []string{`"schedules":[]`}},
		{call: "GET /api/v1/scheduler/due?from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", status: 422},
		{call: "GET /api/v1/scheduler/due?from=2027-01-01T00:00:00Z&to=2029-01-01T00:00:00Z", status: 422},
		{call: "GET /api/v1/scheduler/due?from=monday", status: 422},
		{call: "GET /api/v1/scheduler/due?limit=0", status: 422},
	})
}

func TestFiguresOfTheQueue(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin, other := f.mint("default", true), f.mint("other", false)
	f.function("f", "def f(input):\n    return 1")
	f.function("g", "def g(input):\n    return 1")
	f.must(ask{call: "POST /api/v1/functions", token: other, body: `{"name":"f","code":"def f(input):\n    return 1"}`, status: 201})
	for _, a := range []ask{{body: `{"function_name":"f","mode":"async"}`}, {body: `{"function_name":"f","mode":"async"}`}, {body: `{"function_name":"g","mode":"async"}`}, {body: `{"function_name":"f","mode":"async"}`, token: other}} {
		a.call, a.status = "POST /api/v1/executions", 202
		f.must(a)
	}
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"g"}`, status: 200})
	type backlog struct {
		Name                      string `json:"function_name"`
		Tenant                    string `json:"subtenant_id"`
		State                     string
		Memory                    int64 `json:"memory_bytes"`
		Delayed, Waiting, Running int
		Oldest                    float64 `json:"oldest_waiting_seconds"`
	}
	got := read[struct {
		backlog
		Functions []backlog
	}](f, ask{call: "GET /api/v1/queue"})
	require.Equal(t, 3, got.Waiting)
	require.GreaterOrEqual(t, got.Oldest, 0.0)
	require.Len(t, got.Functions, 2)
	require.Equal(t, "f", got.Functions[0].Name)
	require.Equal(t, 2, got.Functions[0].Waiting)

	f.must(ask{call: "GET /api/v1/loads", status: 403})
	loads := read[[]struct {
		backlog
		Queue backlog
	}](f, ask{call: "GET /api/v1/loads", token: admin})
	require.Equal(t, "default", loads[0].Tenant)
	require.Equal(t, 3, loads[0].Queue.Waiting)
	require.Positive(t, loads[0].Memory)
	require.Equal(t, "other", loads[1].Tenant)
	require.Equal(t, 1, loads[1].Queue.Waiting)
	f.must(ask{call: "GET /api/v1/loads", token: f.mint("", true), status: 200})
}
