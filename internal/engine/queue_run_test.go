package engine

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// queued is a run of a function as a server has claimed it.
func (b *bundle) queued(function, input string, policy *model.RetryPolicy) model.QueuedRun {
	return model.QueuedRun{
		Execution: model.Execution{ID: model.NewID(), Tenant: "acme", FunctionName: function, Trigger: model.TriggerManual, Attempt: 1},
		Input:     []byte(input), Policy: policy, Claim: 7,
	}
}

func TestWhichFailuresAreFollowedByAnotherAttempt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lane.functions["refused connection"] = func(context.Context, model.Call, model.StepRef, json.RawMessage) (json.RawMessage, *model.Failure) {
		return nil, &model.Failure{
			Kind: model.FailureException, Type: "ConnectionRefusedError", Message: "no",
			Classes: []string{"ConnectionRefusedError", "builtins.ConnectionRefusedError", "ConnectionError", "builtins.ConnectionError", "OSError"},
		}
	}
	b.define(t, "calls_out", model.Function{Code: "refused connection"})
	b.define(t, "picky", model.Function{Code: "echo", InputSchema: json.RawMessage(`{"type":"integer"}`), OutputSchema: json.RawMessage(`{"maximum":5}`)})
	b.define(t, "unreadable", model.Function{Code: "broken"})
	for _, c := range []struct {
		function, input, class string
		on                     []string
		again                  bool
	}{
		{"fails", "1", "ValueError", nil, true},
		{"fails", "1", "ValueError", []string{"ValueError"}, true},
		{"fails", "1", "ValueError", []string{"KeyError"}, false},
		{"calls_out", "1", "ConnectionRefusedError", []string{"ConnectionError"}, true},
		{"calls_out", "1", "ConnectionRefusedError", []string{"builtins.ConnectionError"}, true},
		{"calls_out", "1", "ConnectionRefusedError", []string{"failed"}, true},
		{"calls_out", "1", "ConnectionRefusedError", []string{"requests.exceptions.ConnectionError"}, false},
		// What would be no different the next time is tried again only where it is named.
		{"picky", `"x"`, "InputInvalid", nil, false},
		{"picky", `"x"`, "InputInvalid", []string{"failed"}, false},
		{"picky", `"x"`, "InputInvalid", []string{"InputInvalid"}, true},
		{"picky", "6", "OutputInvalid", nil, false},
		{"picky", "6", "OutputInvalid", []string{"OutputInvalid"}, true},
		{"missing", "1", "FunctionNotFound", nil, false},
		{"missing", "1", "FunctionNotFound", []string{"FunctionNotFound"}, true},
		{"unreadable", "1", "FunctionUnusable", nil, false},
		{"echo", "1", "", nil, false},
	} {
		require.NoError(t, b.RunQueued(t.Context(), b.queued(c.function, c.input, &model.RetryPolicy{MaxAttempts: 2, On: c.on})))
		record := b.book.last()
		require.Equal(t, c.class, deref(record.Execution.ErrorType))
		require.EqualValues(t, 7, record.Queued.Claim)
		require.Equal(t, c.again, record.Queued.Retry, "%s of %v", c.class, c.on)
	}
}

// A run that is cancelled while a long input is looked at did not run out of
// time.
func TestACancelDuringTheValidation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.define(t, "strict", model.Function{Code: "echo", InputSchema: json.RawMessage(`{"items":{"not":{"type":"string"}}}`)})
	run := b.queued("strict", "["+strings.Repeat("1234567,", 20_000)+"1]", &model.RetryPolicy{MaxAttempts: 2})
	require.True(t, b.CancelWhenBegun("acme", run.Execution.ID))
	require.NoError(t, b.RunQueued(t.Context(), run))
	record := b.book.last()
	require.Equal(t, model.StatusCancelled, record.Execution.Status)
	require.Equal(t, "Cancelled", *record.Execution.ErrorType)
	require.False(t, record.Queued.Retry)
}

// The validation of a long input ends with the function's time.
func TestADeadlineDuringTheValidation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	short := 0.001
	b.define(t, "strict", model.Function{Code: "echo", TimeoutSeconds: &short, InputSchema: json.RawMessage(`{"items":{"not":{"type":"string"}}}`)})
	_, err := b.run(t, "strict", "["+strings.Repeat("1234567,", 100_000)+"1]")
	require.Equal(t, model.CodeTimeout, codeOf(t, err))
	require.Equal(t, model.StatusTimedOut, b.book.last().Execution.Status)
	require.Contains(t, *b.book.last().Execution.Error, "validation")
}
