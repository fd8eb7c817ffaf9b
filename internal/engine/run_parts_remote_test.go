package engine

import (
	"context"
	"encoding/json"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"
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

// TestAChildThatFloodsFollowsItsRecord: its steps are handed over as it reports them, so
// that in HandOver there may be none left; it waits all the same until they are recorded.
func TestAChildThatFloodsFollowsItsRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fewProcessors = true
	b.opts.RunningAfter = time.Hour // or parts are sent between
	var making atomic.Bool
	var during atomic.Int64
	b.book.during = func(part *model.Record) {
		for range 1000 {
			runtime.Gosched() // the child could go on
		}
		if part.Steps[0].Position > partsAtOnce*partSteps && making.Load() {
			during.Add(1)
		}
	}
	b.lane.functions["steps"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		host := call.Host.(model.RemoteHost)
		_, raise := host.Resolve("echo")
		require.Nil(t, raise)
		for step := model.StepRef(1); step <= 9*partSteps; step++ {
			making.Store(step%partSteps != 0) // the last one of a part has it handed over
			require.NoError(t, host.StepBegan(model.StepBegan{Step: step, Function: "echo", Version: 1, Started: time.Now(), Input: []byte(`1`)}))
			require.NoError(t, host.StepEnded(model.StepEnded{Step: step, Output: []byte(`1`)}))
			if step%partSteps == 0 {
				host.HandOver()
			}
		}
		return []byte(`1`), nil
	}
	b.define(t, "steps", model.Function{Code: "steps"})
	_, err := b.run(t, "steps", `1`)
	require.NoError(t, err)
	require.Zero(t, during.Load())
	require.Len(t, b.book.parts, partsAtOnce+(9-partsAtOnce)*partSteps/smallPart)
	position := partsAtOnce * partSteps
	for _, part := range b.book.parts {
		if part.Steps[0].Position <= partsAtOnce*partSteps {
			continue // the run did not wait for it
		}
		require.Len(t, part.Steps, smallPart)
		for _, step := range part.Steps {
			position++
			require.Equal(t, position, step.Position, "a caller is recorded before what it calls")
		}
	}
}
