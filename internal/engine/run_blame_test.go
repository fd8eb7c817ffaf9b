package engine

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// crashes is a function that ends with a crash while it calls echo, within a step.
func crashes(b *bundle, versions ...model.NamedVersion) func(context.Context, model.Call, model.StepRef, json.RawMessage) (json.RawMessage, *model.Failure) {
	return func(ctx context.Context, call model.Call, step model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		_, raise := b.lane.sibling(ctx, call, step, "echo", `"done"`)
		if raise == nil {
			_, raise = call.Host.BeginStep(step, "calls", []byte(`1`))
		}
		if raise != nil {
			return nil, &model.Failure{Kind: model.FailureException, Type: "Raised", Message: raise.Message}
		}
		return nil, &model.Failure{
			Kind: model.FailureProcess, Type: model.ErrorProcessCrashed, Message: "the code of this execution ended its process: SIGSEGV", Traceback: "Traceback",
			Crash: &model.Crash{Versions: versions, Cause: "SIGSEGV"},
		}
	}
}

// TestTheRecordOfARunWhoseProcessEnded: its completed steps are recorded, and the others
// have ended with the process.
func TestTheRecordOfARunWhoseProcessEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.RunningAfter = time.Minute // all steps are in the record at the end
	b.lane.functions["crashes"] = crashes(b)
	b.define(t, "crashes", model.Function{Code: "crashes"})
	_, err := b.run(t, "crashes", `1`)
	require.Equal(t, model.CodeFunctionFailed, codeOf(t, err))
	require.ErrorContains(t, err, "crashes failed with ProcessCrashed: the code of this execution ended its process: SIGSEGV.")
	var coded *model.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, []string{"crashes", "calls"}, coded.FailedStep.Path)
	record := b.book.last()
	require.Equal(t, model.StatusFailed, record.Execution.Status)
	require.Equal(t, model.ErrorProcessCrashed, *record.Execution.ErrorType)
	require.Equal(t, "Traceback", *record.Execution.Traceback)
	require.Len(t, record.Steps, 2)
	require.Equal(t, model.StatusCompleted, record.Steps[0].Status)
	require.JSONEq(t, `"done"`, string(record.Steps[0].Output))
	require.Equal(t, model.StatusFailed, record.Steps[1].Status)
	require.Equal(t, model.ErrorProcessCrashed, *record.Steps[1].ErrorType)
}

// TestTheQuarantineOfAFunctionThatEndsItsProcess: with the third crash its next call is
// refused. The one on the stack is meant; without a stack, the step under way.
func TestTheQuarantineOfAFunctionThatEndsItsProcess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stack    []model.NamedVersion
		function string
	}{
		"on the stack":    {[]model.NamedVersion{{Name: "a_module", Number: 1}, {Name: "blocks", Number: 1}, {Name: "calls", Number: 1}}, "blocks"},
		"without a stack": {nil, "calls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.opts.Blames = b.db
			b.lane.functions["crashes"] = crashes(b, c.stack...)
			b.define(t, "crashes", model.Function{Code: "crashes"})
			for range 3 {
				_, err := b.run(t, "crashes", `1`)
				require.Equal(t, model.CodeFunctionFailed, codeOf(t, err))
			}
			_, err := b.run(t, c.function, `1`)
			require.Equal(t, model.CodeQuarantined, codeOf(t, err))
			require.ErrorContains(t, err, "Its code ended the process that ran it 3 times within ten minutes, the last time by SIGSEGV")
			_, err = b.run(t, "echo", `1`)
			require.NoError(t, err)
		})
	}
}

// TestRetriesAfterAProcessEnded: they follow the policy, which may name the error's type.
func TestRetriesAfterAProcessEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lane.functions["crashes"] = crashes(b)
	b.define(t, "crashes", model.Function{Code: "crashes"})
	for on, retried := range map[string]bool{"": true, model.ErrorProcessCrashed: true, "failed": true, model.ErrorOutOfMemory: false, "crashed": false} {
		policy := &model.RetryPolicy{MaxAttempts: 2}
		if on != "" {
			policy.On = []string{on}
		}
		require.NoError(t, b.RunQueued(t.Context(), b.queued("crashes", `1`, policy)))
		record := b.book.last()
		require.Equal(t, retried, record.Queued.Retry, on)
		require.Equal(t, model.ErrorProcessCrashed, *record.Execution.ErrorType)
	}
}
