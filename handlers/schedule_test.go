package handlers_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
	"maestro/scheduler"
)

// pendingRuns stores executions that stay pending: nothing runs them here.
type pendingRuns struct{}

func (pendingRuns) Plan(context.Context, string, string) (scheduler.Add, error) {
	return addPending, nil
}

func addPending(ctx context.Context, tx repo.Tx, s *model.Schedule) (model.ID, error) {
	id := model.NewID()
	_, err := tx.SQL().Exec(ctx, `INSERT INTO executions (id, tenant, function_name, function_version, trigger_type, trigger_id, status, input_data, created_at)
		VALUES ($1, $2, $3, 1, 'schedule', $4, 'pending', $5, now())`, id.String(), s.Tenant, s.FunctionName, s.ID.String(), s.Input)
	return id, err
}

func (pendingRuns) Unfinished(context.Context, repo.Tx, *model.Schedule) (int, error) { return 0, nil }

func setupSchedules(t *testing.T) *fixture {
	t.Helper()
	f := setup(t)
	f.function("echo", "def echo(input):\n    return input")
	return f
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	f := setupSchedules(t)
	made := f.must(ask{name: "the quick start's", call: "POST /api/v1/schedules", status: 201,
		body: `{"name":"daily-hello","function_name":"echo","cron_expression":"0 9 * * *","input_data":{"name":"Daily User"}}`,
		want: []string{`"timezone":"UTC"`, `"input_data":{"name":"Daily User"}`, `"is_active":true`, `"retry":null`, `"overlap":"allow"`, `"catch_up":"none"`,
			`"max_instances":3`, `T09:00:00.000000Z"`, `"last_run":null`, `"last_status":null`, `"description":null`, `"problem":null`}})
	id := member(t, made.text, "id")
	require.Equal(t, "/api/v1/schedules/"+id, made.Header.Get("Location"))
	next, err := time.Parse(time.RFC3339, member(t, made.text, "next_run"))
	require.NoError(t, err)
	require.Positive(t, time.Until(next))
	require.LessOrEqual(t, time.Until(next), 24*time.Hour)
	one, other := "/api/v1/schedules/"+id, f.mint("other", false)
	f.all([]ask{
		{name: "get", call: "GET " + one, status: 200, want: []string{strings.TrimSpace(made.text)[:200]}},
		{name: "sent back", call: "PUT " + one, body: withoutSchema(made.text), status: 200, want: []string{`"next_run":"` + next.Format("2006-01-02T15:04:05.000000Z") + `"`}},
		{name: "all of it", call: "PUT " + one, status: 200,
			body: `{"name":"renamed","cron_expression":"@hourly","timezone":"Asia/Kolkata","input_data":[1,12345678901234567890],"description":"d","retry":{"max_attempts":2},"overlap":"skip","catch_up":"latest","max_instances":1}`,
			want: []string{`"name":"renamed"`, `:30:00.000000Z"`, `[1,12345678901234567890]`, `"max_attempts":2`, `"backoff_seconds":1`, `"overlap":"skip"`, `"catch_up":"latest"`, `"max_instances":1`}},
		{name: "null brings the defaults back", call: "PUT " + one, status: 200,
			body: `{"timezone":null,"input_data":null,"description":null,"retry":null,"overlap":null,"catch_up":null,"max_instances":null,"is_active":null}`,
			want: []string{`"timezone":"UTC"`, `:00:00.000000Z"`, `"input_data":{}`, `"description":null`, `"retry":null`, `"overlap":"allow"`, `"catch_up":"none"`, `"max_instances":3`}},
		{name: "switched off", call: "PUT " + one, body: `{"is_active":false}`, status: 200, want: []string{`"next_run":null`, `"problem":null`}},
		{name: "name taken", call: "POST /api/v1/schedules", body: `{"name":"renamed","function_name":"echo","cron_expression":"@daily"}`, status: 409, want: []string{"name_taken"}},
		{name: "another subtenant has names of its own", call: "POST /api/v1/functions", token: other, body: `{"name":"echo","code":"def echo(input):\n    return 1"}`, status: 201},
		{name: "another subtenant has names of its own", call: "POST /api/v1/schedules", token: other, body: `{"name":"renamed","function_name":"echo","cron_expression":"@daily"}`, status: 201},
		{name: "another's, get", call: "GET " + one, token: other, status: 404, want: []string{"schedule_not_found"}},
		{name: "another's, put", call: "PUT " + one, token: other, body: `{"name":"x"}`, status: 404},
		{name: "another's, delete", call: "DELETE " + one, token: other, status: 404},
		{name: "another's, run", call: "POST " + one + "/run", token: other, status: 404},
		{name: "no token", call: "GET " + one, token: "-", status: 401},
		{name: "not an id", call: "GET /api/v1/schedules/x", status: 404, want: []string{"schedule_not_found"}},
		{name: "not an id, run", call: "POST /api/v1/schedules/x/run", status: 404},
		{name: "method", call: "PATCH " + one, status: 405},
		{name: "head", call: "HEAD " + one, status: 200},
		{name: "delete", call: "DELETE " + one, status: 204},
		{name: "deleted", call: "DELETE " + one, status: 404},
		{name: "deleted, put", call: "PUT " + one, body: `{}`, status: 404},
	})
}

// withoutSchema is an answer as it may be sent back.
func withoutSchema(text string) string {
	return regexp.MustCompile(`"\$schema":"[^"]*",`).ReplaceAllString(text, "")
}

func TestSchedulesThatAreRefused(t *testing.T) {
	t.Parallel()
	f := setupSchedules(t)
	with := func(members string) string {
		return `{"name":"s","function_name":"echo","cron_expression":"@daily",` + members + `}`
	}
	at := func(expression string) string {
		return `{"name":"s","function_name":"echo","cron_expression":"` + expression + `"}`
	}
	for body, want := range map[string]string{
		`{"function_name":"echo","cron_expression":"@daily"}`:                  `"/name"`,
		`{"name":"s","cron_expression":"@daily"}`:                              `"/function_name"`,
		`{"name":"s","function_name":"echo"}`:                                  `"/cron_expression"`,
		`{"name":"","function_name":"echo","cron_expression":"@daily"}`:        `"/name"`,
		`{"name":"a\u0000","function_name":"echo","cron_expression":"@daily"}`: `"/name"`,
		`{"name":"s","function_name":"missing","cron_expression":"@daily"}`:    `"/function_name"`,
		at("* * * * * *"):                                   "five fields",
		at("* * * *"):                                       "five fields",
		at("@5minutes"):                                     "@hourly",
		at("0 0 30 2 *"):                                    "never comes",
		at("61 * * * *"):                                    `"/cron_expression"`,
		at("nonsense"):                                      `"/cron_expression"`,
		with(`"timezone":"Mars/Phobos"`):                    `"/timezone"`,
		with(`"timezone":""`):                               `"/timezone"`,
		with(`"timezone":"Local"`):                          `"/timezone"`,
		with(`"overlap":"maybe"`):                           `"/overlap"`,
		with(`"catch_up":"some"`):                           `"/catch_up"`,
		with(`"max_instances":0`):                           `"/max_instances"`,
		with(`"max_instances":1.5`):                         `"/max_instances"`,
		with(`"max_instances":"3"`):                         `"/max_instances"`,
		with(`"is_active":"yes"`):                           `"/is_active"`,
		with(`"retry":{"max_attempts":0}`):                  `"/retry/max_attempts"`,
		with(`"retry":{"attempts":3}`):                      `"/retry"`,
		with(`"retry":3`):                                   `"/retry"`,
		with(`"seconds":3`):                                 `"/seconds"`,
		with(`"description":"a\u0000"`):                     `"/description"`,
		with(`"next_run":"2030-01-01T00:00:00.000000Z"`):    `"/next_run"`,
		with(`"last_status":"completed"`):                   `"/last_status"`,
		with(`"id":"0190a8f0-0000-7000-8000-000000000000"`): `"/id"`,
	} {
		f.must(ask{name: body, call: "POST /api/v1/schedules", body: body, status: 422, want: []string{want}})
	}
	f.must(ask{call: "GET /api/v1/schedules", status: 200, want: []string{"[]"}})
	made := f.must(ask{call: "POST /api/v1/schedules", body: at("@daily"), status: 201})
	one := "/api/v1/schedules/" + member(t, made.text, "id")
	for body, want := range map[string]string{
		`{"name":null}`:                    `"/name"`,
		`{"function_name":null}`:           `"/function_name"`,
		`{"function_name":"missing"}`:      `"/function_name"`,
		`{"cron_expression":null}`:         `"/cron_expression"`,
		`{"cron_expression":"0 0 31 6 *"}`: `"/cron_expression"`,
		`{"timezone":"Europe/Nowhere"}`:    `"/timezone"`,
		`{"next_run":null}`:                `"/next_run"`,
		`{"failures":7}`:                   `"/failures"`,
		`{"interval":7}`:                   `"/interval"`,
	} {
		f.must(ask{name: body, call: "PUT " + one, body: body, status: 422, want: []string{want}})
	}
	f.must(ask{name: "nothing came of it", call: "GET " + one, status: 200, want: []string{withoutSchema(made.text)[20:]}})
}

func TestScheduleLists(t *testing.T) {
	t.Parallel()
	f := setupSchedules(t)
	f.function("second", "def second(input):\n    return 2")
	for i, name := range []string{"delta", "alpha", "charlie", "bravo"} {
		function := []string{"echo", "second"}[i%2]
		f.must(ask{call: "POST /api/v1/schedules", status: 201,
			body: fmt.Sprintf(`{"name":%q,"function_name":%q,"cron_expression":"30 6 * * 1","timezone":"Europe/Paris","is_active":%t}`, name, function, name != "alpha")})
	}
	first := f.must(ask{call: "GET /api/v1/schedules?limit=3", status: 200, want: []string{"alpha", "bravo", "charlie"}, lacks: []string{"delta"}})
	require.Contains(t, first.Header.Get("Link"), `rel="next"`)
	stopped := f.must(ask{call: "GET /scheduler/status", status: 200, lacks: []string{"alpha"},
		want: []string{`"status":"stopped"`, `"total_jobs":3`, `"name":"bravo"`, `"trigger":"cron: 30 6 * * 1 (Europe/Paris)"`, `"next_run":"20`}})
	require.NoError(t, f.cron.Start(t.Context()))
	f.all([]ask{
		{name: "next page", call: "GET /api/v1/schedules?limit=3&cursor=" + first.Header.Get("X-Next-Cursor"), status: 200, want: []string{"delta"}, lacks: []string{"charlie"}},
		{name: "offset", call: "GET /api/v1/schedules?limit=1&offset=1", status: 200, want: []string{"bravo"}, lacks: []string{"alpha", "charlie"}},
		{name: "a cursor that is none", call: "GET /api/v1/schedules?cursor=!", status: 400},
		{name: "a limit beyond", call: "GET /api/v1/schedules?limit=1001", status: 422, want: []string{`"/query/limit"`}},
		{name: "of a function", call: "GET /api/v1/schedules?function_name=second", status: 200, want: []string{"alpha", "bravo"}, lacks: []string{"delta"}},
		{name: "active", call: "GET /api/v1/schedules?active_only=true", status: 200, want: []string{"bravo"}, lacks: []string{"alpha"}},
		{name: "another subtenant's", call: "GET /api/v1/schedules", token: f.mint("other", false), status: 200, want: []string{"[]"}},
		{name: "status", call: "GET /api/v1/scheduler/status", status: 200, want: []string{strings.Replace(withoutSchema(stopped.text), "stopped", "running", 1)[1:]}},
		{name: "another subtenant's status", call: "GET /scheduler/status", token: f.mint("other", false), status: 200, want: []string{`"status":"running"`, `"jobs":[]`, `"total_jobs":0`}},
		{name: "status without a token", call: "GET /scheduler/status", token: "-", status: 401},
	})
}

func TestScheduleRunsByHandAndShowsItsProblem(t *testing.T) {
	t.Parallel()
	f := setupSchedules(t)
	made := f.must(ask{call: "POST /api/v1/schedules", body: `{"name":"s","function_name":"echo","cron_expression":"@daily","input_data":{"n":7}}`, status: 201})
	id := member(t, made.text, "id")
	one := "/api/v1/schedules/" + id
	run := f.must(ask{call: "POST " + one + "/run", status: 202, want: []string{`"status":"pending"`}})
	execution := member(t, run.text, "execution_id")
	require.Equal(t, "/api/v1/executions/"+execution, run.Header.Get("Location"))
	require.Equal(t, execution, run.Header.Get("X-Execution-ID"))
	f.must(ask{call: "GET /api/v1/executions/" + execution, status: 200, want: []string{`"trigger_type":"schedule"`, `"trigger_id":"` + id + `"`, `"n":7`}})
	f.must(ask{call: "GET " + one, status: 200, want: []string{`"last_status":"pending"`, `"last_execution_id":"` + execution + `"`, `"last_run":"20`}})
	of, err := model.ParseID(execution)
	require.NoError(t, err)
	schedule, err := model.ParseID(id)
	require.NoError(t, err)
	why := "ValueError: no"
	for range 3 {
		require.NoError(t, f.db.NoteScheduleResult(t.Context(), "default", schedule, of, model.StatusFailed, &why))
	}
	f.all([]ask{
		{name: "it keeps failing", call: "GET " + one, status: 200, want: []string{`"last_status":"failed"`, `"last_error":"ValueError: no"`, `"failures":3`, "failed 3 times in a row"}},
		{name: "delete the function", call: "DELETE /api/v1/functions/echo", status: 204},
		{name: "it says so", call: "GET " + one, status: 200, want: []string{`function \"echo\" was deleted`, `"next_run":null`}},
		{name: "in lists too", call: "GET /api/v1/schedules", status: 200, want: []string{`function \"echo\" was deleted`}},
		{name: "and does not run", call: "POST " + one + "/run", status: 404, want: []string{"function_not_found"}},
	})
	f.function("echo", "def echo(input):\n    return 1")
	f.must(ask{name: "it is back", call: "GET " + one, status: 200, want: []string{`"next_run":"20`}})
}
