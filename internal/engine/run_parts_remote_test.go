package engine

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// TestReportsWhileTheDatabaseIsBehind: they are taken, so that other calls of the child
// need not wait, and the child waits by itself in HandOver.
func TestReportsWhileTheDatabaseIsBehind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.book.hold = make(chan struct{})
	b.opts.RunningAfter = time.Minute // or parts are sent between
	const steps = (partsAtOnce+overdue)*partSteps - 1
	b.lane.functions["steps"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		host := call.Host.(model.RemoteHost)
		_, raise := host.Resolve("echo")
		require.Nil(t, raise)
		report := func(step model.StepRef) {
			require.NoError(t, host.StepBegan(model.StepBegan{Step: step, Function: "echo", Version: 1, Started: time.Now(), Input: []byte(`1`)}))
			require.NoError(t, host.StepEnded(model.StepEnded{Step: step, Output: []byte(`1`)}))
		}
		for step := range model.StepRef(steps) {
			report(step + 1)
		}
		over := make(chan struct{})
		go func() {
			defer close(over)
			host.HandOver()
		}()
		close(b.book.hold)
		<-over
		report(steps + 1)
		return []byte(`1`), nil
	}
	b.define(t, "steps", model.Function{Code: "steps"})
	_, err := b.run(t, "steps", `1`)
	require.NoError(t, err)
	rows := map[model.ID]bool{}
	for _, part := range append(b.book.parts, b.book.last()) {
		for _, row := range part.Steps {
			rows[row.ID] = row.Status == model.StatusCompleted
		}
	}
	require.Len(t, rows, steps+1)
	require.NotContains(t, slices.Collect(maps.Values(rows)), false)
	require.Greater(t, len(b.book.parts), partsAtOnce)
}
