package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type dueTimes struct {
	Due []struct {
		Name        string
		First, Last time.Time
		Count       int
	}
	Truncated bool
}

func (f *fixture) due(query string) (d dueTimes) {
	f.t.Helper()
	got := f.must(ask{call: "GET /api/v1/scheduler/due" + query, status: http.StatusOK})
	require.NoError(f.t, json.Unmarshal([]byte(got.text), &d))
	return d
}

func (f *fixture) schedule(name, expression string, more string) {
	f.t.Helper()
	f.must(ask{call: "POST /api/v1/schedules", status: http.StatusCreated,
		body: fmt.Sprintf(`{"name":%q,"function_name":"echo","cron_expression":%q%s}`, name, expression, more)})
}

func TestDueTimesOfAllSchedules(t *testing.T) {
	t.Parallel()
	f := setupSchedules(t)
	f.schedule("nightly", "30 3 * * *", `,"timezone":"Europe/Paris"`)
	f.schedule("minutely", "* * * * *", "")
	f.schedule("off", "* * * * *", `,"is_active":false`)
	all := f.due("?from=2026-12-01&to=2026-12-02")
	times := map[string]int{}
	for i, hour := range all.Due {
		times[hour.Name] += hour.Count
		require.False(t, i > 0 && hour.First.Before(all.Due[i-1].First), "by time")
	}
	require.Equal(t, map[string]int{"minutely": 2 * 24 * 60, "nightly": 2}, times, "to is a date: to its end")
	require.Len(t, all.Due, 2*24+2)
	for _, hour := range all.Due {
		if hour.Name == "nightly" {
			require.Equal(t, "02:30", hour.First.UTC().Format("15:04"))
		}
	}
	week := f.due("")
	require.InDelta(t, 168, len(week.Due)-7, 2)
	require.False(t, week.Truncated)

	f.must(ask{name: "another subtenant", call: "GET /api/v1/scheduler/due", token: f.mint("other", false), status: 200, want: []string{`"due":[]`}})
	f.must(ask{call: "DELETE /api/v1/functions/echo", status: 204})
	require.Empty(t, f.due("").Due, "without its function no schedule is due")
}

func TestBoundsOfDueTimes(t *testing.T) {
	t.Parallel()
	f := setupSchedules(t)
	f.all([]ask{
		{name: "backwards", call: "GET /api/v1/scheduler/due?from=2026-12-02&to=2026-12-01", status: 422, want: []string{"/query/to"}},
		{name: "too long", call: "GET /api/v1/scheduler/due?from=2026-01-01&to=2026-12-01", status: 422, want: []string{"31 days"}},
		{name: "no time", call: "GET /api/v1/scheduler/due?from=tomorrow", status: 422, want: []string{"/query/from"}},
		{name: "no token", call: "GET /api/v1/scheduler/due", token: "-", status: 401},
	})
	for i := range 30 {
		f.schedule(fmt.Sprintf("s%d", i), "* * * * *", "")
	}
	many := f.due("?from=2026-12-01&to=2026-12-30")
	require.True(t, many.Truncated)
	require.Len(t, many.Due, 20_000)
}

func TestPreviewOfAnExpression(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.all([]ask{
		{name: "next times", call: "GET /api/v1/scheduler/preview?cron_expression=0+9+*+*+1-5&timezone=Europe/Paris&count=3", status: 200, want: []string{`:00:00.000000Z"`}},
		{name: "both faults", call: "GET /api/v1/scheduler/preview?cron_expression=61+*+*+*+*&timezone=Mars", status: 422, want: []string{"/query/cron_expression", "/query/timezone"}},
		{name: "never comes", call: "GET /api/v1/scheduler/preview?cron_expression=0+0+30+2+*", status: 422, want: []string{"never comes"}},
		{name: "none", call: "GET /api/v1/scheduler/preview", status: 422, want: []string{"cron_expression"}},
	})
	got := f.must(ask{call: "GET /api/v1/scheduler/preview?cron_expression=@hourly", status: 200})
	var preview struct{ Times []time.Time }
	require.NoError(t, json.Unmarshal([]byte(got.text), &preview))
	require.Len(t, preview.Times, 10)
	for i, at := range preview.Times {
		require.Zero(t, at.Minute())
		require.True(t, i == 0 || at.Sub(preview.Times[i-1]) == time.Hour)
	}
}
