package handlers_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An input that does not fit is refused before an asynchronous run is stored, as
// it is in a synchronous run.
func TestInputsAreCheckedWhenARunIsAccepted(t *testing.T) {
	t.Parallel()
	f := setup(t) // its queue is not started
	f.function("strict", "def strict(input):\n    return input", `"input_schema":{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}`,
		`"retry":{"max_attempts":3}`)
	f.function("spawns", `import maestro
def spawns(input):
    try:
        return maestro.spawn("strict", input)
    except maestro.InputInvalid as e:
        return ["refused", str(e), e.errors]
`)
	refused := []string{`"code":"input_invalid"`, `"pointer":"/n"`, "strict"}
	f.all([]ask{
		{name: "async", call: "POST /api/v1/executions", body: `{"function_name":"strict","mode":"async","input_data":{"n":"x"}}`, status: 422, want: refused, lacks: []string{"execution_id"}},
		{name: "preferred", call: "POST /api/v1/executions", header: []string{"Prefer: respond-async"}, body: `{"function_name":"strict","input_data":{"n":"x"}}`, status: 422, want: refused},
		{name: "what fits", call: "POST /api/v1/executions", body: `{"function_name":"strict","mode":"async","input_data":{"n":1}}`, status: 202},
		{name: "spawned", call: "POST /api/v1/executions", body: `{"function_name":"spawns","input_data":{"n":"x"}}`, status: 200,
			want: []string{`"refused"`, "strict can't be spawned: the input does not fit", `"pointer":"/n"`}},
		{name: "spawned, fits", call: "POST /api/v1/executions", body: `{"function_name":"spawns","input_data":{"n":2}}`, status: 200, lacks: []string{"refused"}},
	})
	require.Equal(t, 2, f.count("function_name = 'strict'"))

	made := f.must(ask{call: "POST /api/v1/schedules", body: `{"name":"s","function_name":"strict","cron_expression":"@daily","input_data":{"n":"x"}}`, status: 201})
	one := "/api/v1/schedules/" + member(t, made.text, "id")
	f.must(ask{call: "POST " + one + "/run", status: 422, want: refused})
	f.must(ask{call: "PUT " + one, body: `{"input_data":{"n":3}}`, status: 200})
	f.must(ask{call: "POST " + one + "/run", status: 202})
	f.must(ask{call: "POST " + one + "/run", token: f.mint("other", false), status: 404})
}

// The schema may have changed by the time at which the run begins; that is no
// reason to try it three times.
func TestInputsAreCheckedAgainWhenARunBegins(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("strict", "def strict(input):\n    return input", `"retry":{"max_attempts":3,"backoff_seconds":0}`)
	id := member(t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"strict","mode":"async","input_data":"x"}`, status: 202}).text, "execution_id")
	f.must(ask{call: "PUT /api/v1/functions/strict", body: `{"input_schema":{"type":"integer"}}`, status: 200})
	require.NoError(t, f.queue.Start(t.Context()))
	failed := f.becomes(id, "failed")
	require.Contains(t, failed.text, `"error_type":"InputInvalid"`)
	require.Contains(t, failed.text, `"attempt":1`)
	require.Contains(t, failed.text, `"function_version":2`)
}

func TestARunWhoseFunctionIsGoneKeepsItsVersion(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    return 1", `"retry":{"max_attempts":3,"backoff_seconds":0}`)
	f.must(ask{call: "PUT /api/v1/functions/f", body: `{"code":"def f(input):\n    return 2"}`, status: 200})
	id := member(t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"f","mode":"async"}`, status: 202}).text, "execution_id")
	f.must(ask{call: "DELETE /api/v1/functions/f", status: 204})
	require.NoError(t, f.queue.Start(t.Context()))
	failed := f.becomes(id, "failed")
	for _, want := range []string{`"error_type":"FunctionNotFound"`, `"function_version":2`, `"attempt":1`} {
		require.Contains(t, failed.text, want)
	}
}
