package handlers_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAnErrorNamesTheStepThatFailed: the innermost one whose exception ended the
// run, and none that was caught on the way.
func TestAnErrorNamesTheStepThatFailed(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.function("inner", "def inner(x):\n    if x == 'sleep':\n        while True: pass\n    raise ValueError(f'no {x}')")
	f.function("strict", "def strict(x: int) -> str:\n    return x")
	f.function("middle", "def middle(x):\n    return inner(x)")
	f.function("outer", `
import asyncio
from concurrent.futures import ThreadPoolExecutor
def outer(x):
    match x:
        case 'through':
            try:
                middle('caught')
            except ValueError:
                pass
            middle('through')
        case 'again':
            for attempt in range(3):
                try:
                    return middle('again')
                except ValueError as error:
                    last = error
            raise last
        case 'other':
            try:
                middle('other')
            except ValueError as error:
                raise ValueError('no other') from error
        case 'own':
            try:
                middle('own')
            except ValueError:
                pass
            raise ValueError('no own')
        case 'pool':
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(middle, ['pool']))
        case 'input':
            strict('text')
        case 'output':
            strict(1)
`)
	f.function("late", "def late(x):\n    middle(x)", `"timeout_seconds":1`)
	f.webhook(`{"path":"failing","function_name":"outer","input_mode":"body"}`)
	type named struct {
		Function string   `json:"function_name"`
		StepID   string   `json:"step_id"`
		Path     []string `json:"path"`
	}
	expected := map[string]*named{
		"through": {Function: "inner", Path: []string{"outer", "middle", "inner"}},
		"again":   {Function: "inner", Path: []string{"outer", "middle", "inner"}},
		"pool":    {Function: "inner", Path: []string{"outer", "middle", "inner"}},
		"sleep":   {Function: "inner", Path: []string{"late", "middle", "inner"}},
		"input":   {Function: "strict", Path: []string{"outer", "strict"}},
		"output":  {Function: "strict", Path: []string{"outer", "strict"}},
		"other":   nil,
		"own":     nil,
	}
	for input, want := range expected {
		function := "outer"
		if input == "sleep" {
			function = "late"
		}
		got := f.do(f.run(function, input, 0))
		require.GreaterOrEqual(t, got.StatusCode, 400, got.text)
		var said struct {
			FailedStep *named `json:"failed_step"`
		}
		require.NoError(t, json.Unmarshal([]byte(got.text), &said))
		if want == nil {
			require.Nil(t, said.FailedStep, "%s: %s", input, got.text)
			continue
		}
		require.NotNil(t, said.FailedStep, "%s: %s", input, got.text)
		require.Equal(t, want.Path, said.FailedStep.Path, input)
		require.Equal(t, want.Function, said.FailedStep.Function, input)
		// It is the last one of that name that failed.
		steps := f.must(ask{call: "GET /api/v1/executions/" + got.Header.Get("X-Execution-ID") + "/steps", status: 200})
		var rows []struct{ ID string }
		require.NoError(t, json.Unmarshal([]byte(steps.text), &rows))
		require.Equal(t, rows[len(rows)-1].ID, said.FailedStep.StepID, "%s: %s", input, steps.text)
	}
	f.must(ask{name: "a caller without a token", call: "POST /api/v1/h/failing", token: "-", body: `"through"`, status: 500, lacks: []string{"failed_step", "inner"}})
	f.must(ask{name: "one with a token", call: "POST /api/v1/h/failing", body: `"through"`, status: 500, want: []string{`"failed_step":{"function_name":"inner"`}})
}
