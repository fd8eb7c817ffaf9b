package engine

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/calltree"
	"maestro/internal/model"
)

// defineLoop stores a function "loop" that calls a function "inner" as often as
// its input says; inner calls echo. each is called before each of them.
func defineLoop(t *testing.T, b *bundle, each func(n int)) {
	t.Helper()
	b.lane.functions["inner"] = b.lane.functions["calls"]
	b.lane.functions["loop"] = func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		times, _ := strconv.Atoi(string(input))
		for n := range times {
			each(n)
			if _, raise := b.lane.sibling(ctx, call, step, "inner", strconv.Itoa(n)); raise != nil {
				return nil, &model.Failure{Kind: model.FailureException, Type: "RuntimeError", Message: raise.Message}
			}
		}
		return input, nil
	}
	b.lane.functions["outer"] = func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		output, raise := b.lane.sibling(ctx, call, step, "loop", string(input))
		if raise != nil {
			return nil, &model.Failure{Kind: model.FailureException, Type: "RuntimeError", Message: raise.Message}
		}
		return output, nil
	}
	for _, name := range []string{"inner", "loop", "outer"} {
		b.define(t, name, model.Function{Code: name})
	}
}

// recorded returns the rows of a run's steps as the database would have them,
// and how many parts they came in besides the record at the end.
func recorded(t *testing.T, b *bundle) (rows map[model.ID]model.Step, parts int) {
	t.Helper()
	b.book.mu.Lock()
	defer b.book.mu.Unlock()
	rows = map[model.ID]model.Step{}
	add := func(record *model.Record) {
		for _, s := range record.Steps {
			known, found := rows[s.ID]
			if s.Status.Final() {
				require.False(t, found && known.Status.Final(), "a step ends once")
				require.Equal(t, found, found && record.Known, "a row that may be there is merged")
			}
			if !found || s.Status.Final() { // parts may overtake each other
				rows[s.ID] = s
			}
		}
	}
	for _, part := range b.book.parts {
		require.True(t, part.StepsOnly)
		require.Equal(t, "acme", part.Execution.Tenant)
		require.LessOrEqual(t, len(part.Steps), partSteps+calltree.MaxDepth)
		for _, s := range part.Steps {
			require.Equal(t, s.ExecutionID, part.Execution.ID)
		}
		add(part)
	}
	require.Len(t, b.book.records, 1)
	require.False(t, b.book.records[0].StepsOnly)
	add(b.book.records[0])
	return rows, len(b.book.parts)
}

// TestStepsAreHandedOverAsTheyEnd: a thousand at a time, each once, with the
// open ones above them as running.
func TestStepsAreHandedOverAsTheyEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const times = 1800 // two steps each, under one that is open
	defineLoop(t, b, func(int) {})
	result, err := b.run(t, "outer", strconv.Itoa(times))
	require.NoError(t, err)
	require.JSONEq(t, strconv.Itoa(times), string(result.Output))
	rows, parts := recorded(t, b)
	require.GreaterOrEqual(t, parts, 3)
	require.Len(t, rows, 2*times+1)
	require.NotEmpty(t, b.book.running, "steps have an execution")
	seen := map[int]bool{}
	for _, s := range rows {
		require.Equal(t, model.StatusCompleted, s.Status)
		require.False(t, seen[s.Position])
		seen[s.Position] = true
		require.Equal(t, model.StepID(s.ExecutionID, 1, s.Position), s.ID)
		require.NotNil(t, s.Input)
		require.NotNil(t, s.Output)
		switch s.FunctionName {
		case "loop":
			require.Zero(t, s.ParentID)
			require.Equal(t, 1, s.Position)
		case "inner":
			require.Equal(t, "loop", rows[s.ParentID].FunctionName)
		default:
			require.Equal(t, "inner", rows[s.ParentID].FunctionName)
			require.JSONEq(t, string(rows[s.ParentID].Input), string(s.Input))
		}
	}
}

// TestStepsOfASlowRunAreHandedOverFromTimeToTime: closed steps are recorded
// while the run itself does nothing.
func TestStepsOfASlowRunAreHandedOverFromTimeToTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	written := func() (n int) {
		b.book.mu.Lock()
		defer b.book.mu.Unlock()
		for _, part := range b.book.parts {
			n += len(part.Steps)
		}
		return n
	}
	defineLoop(t, b, func(n int) {
		if n == 0 || n == 2 {
			return
		}
		// The loop, inner and echo, of which the last two ended.
		require.Eventually(t, func() bool { return written() == []int{0, 3, 0, 7}[n] }, 20*time.Second, time.Millisecond)
	})
	_, err := b.run(t, "outer", "4")
	require.NoError(t, err)
	rows, parts := recorded(t, b)
	require.Equal(t, 2, parts)
	require.Len(t, rows, 9)
}

// TestARunWaitsForTheRecordOfItsSteps: what it holds in memory is bounded also
// when the database does not come after, and it can be stopped meanwhile.
func TestARunWaitsForTheRecordOfItsSteps(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.book.hold = make(chan struct{})
	var begun atomic.Int64
	defineLoop(t, b, func(int) { begun.Add(2) }) // inner and echo
	var id model.ID
	answer := make(chan error, 1)
	go func() {
		_, err := b.run(t, "loop", "1000000")
		answer <- err
	}()
	var r *run
	require.Eventually(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		for id, r = range b.runs {
		}
		return r != nil
	}, 20*time.Second, time.Millisecond)
	require.Eventually(t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.parts.count >= partSteps && len(r.parts.slots) == partsAtOnce
	}, 20*time.Second, time.Millisecond)
	require.LessOrEqual(t, begun.Load(), int64((partsAtOnce+1)*partSteps+2))
	cancelled, _ := b.Cancel("acme", id)
	require.True(t, cancelled)
	close(b.book.hold)
	require.Equal(t, model.CodeCancelled, model.CodeOf(<-answer))
}

// TestARunThatFloodsFollowsItsRecord: where processors are few, it makes no step while
// a part beyond the first ones is being recorded.
func TestARunThatFloodsFollowsItsRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fewProcessors = true
	b.opts.RunningAfter = time.Hour // no part is handed over before it is full
	var begun, during atomic.Int64
	b.book.during = func(part *model.Record) {
		before := begun.Load()
		for range 1000 {
			runtime.Gosched() // the run could go on
		}
		if part.Steps[0].Position > partsAtOnce*partSteps+1 {
			during.Add(begun.Load() - before)
		}
	}
	defineLoop(t, b, func(int) { begun.Add(1) })
	_, err := b.run(t, "loop", strconv.Itoa(5*partSteps)) // two steps each
	require.NoError(t, err)
	_, parts := recorded(t, b)
	require.GreaterOrEqual(t, parts, 9)
	require.Zero(t, during.Load())
}

// TestMoreStepsThanAllowed: one more is an error in the function that makes it.
func TestMoreStepsThanAllowed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.MaxSteps = 2500
	defineLoop(t, b, func(int) {})
	_, err := b.run(t, "loop", "1250")
	require.NoError(t, err)
	b.book.mu.Lock()
	b.book.records, b.book.parts = nil, nil
	b.book.mu.Unlock()
	_, err = b.run(t, "loop", "1000000")
	require.Equal(t, model.CodeFunctionFailed, codeOf(t, err))
	require.ErrorContains(t, err, "at most 2500 sibling calls (MAX_STEPS)")
	rows, _ := recorded(t, b)
	require.Len(t, rows, 2500)
}

// TestHandedOverStepsAreMaskedAndCountedOut: values leave memory with their
// part, so that many of them are recorded whole, and secrets are masked in each.
func TestHandedOverStepsAreMaskedAndCountedOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := `"swordfish-1234` + strings.Repeat("x", model.MaxRecorded-100) + `"`
	times := 3 * maxHeld / len(long)
	b.lane.functions["large"] = func(ctx context.Context, call model.Call, step model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		for range times {
			_, _ = b.lane.sibling(ctx, call, step, "echo", long)
		}
		return []byte("1"), nil
	}
	b.define(t, "large", model.Function{Code: "large"})
	_, err := b.run(t, "large", "1")
	require.NoError(t, err)
	rows, _ := recorded(t, b)
	require.Len(t, rows, times)
	for _, s := range rows {
		require.Len(t, s.Input, len(long)-len("swordfish-1234")+len("***"), "it is whole but for the secret")
		require.NotContains(t, string(s.Input), "swordfish")
		require.False(t, s.RecordComplete)
	}
}

// TestFailedStepIsFoundAmongThoseHandedOver: the step that a run failed with is
// named also when it was recorded long before the end.
func TestFailedStepIsFoundAmongThoseHandedOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lane.functions["late"] = func(ctx context.Context, call model.Call, step model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		_, failed := b.lane.sibling(ctx, call, step, "fails", "1")
		for range 3 * partSteps {
			_, _ = b.lane.sibling(ctx, call, step, "echo", "1")
		}
		return nil, &model.Failure{Kind: model.FailureException, Type: "ValueError", Message: failed.Message, Traceback: "Traceback: swordfish-1234"}
	}
	b.define(t, "late", model.Function{Code: "late"})
	_, err := b.run(t, "late", "1")
	var coded *model.Error
	require.ErrorAs(t, err, &coded)
	require.NotNil(t, coded.FailedStep)
	require.Equal(t, "fails", coded.FailedStep.Function)
}

// Steps that threads begin side by side start in the order of their positions.
func TestStepsOfThreadsStartInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const threads, times = 8, 500
	b.lane.functions["side by side"] = func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		var all sync.WaitGroup
		for range threads {
			all.Go(func() {
				for range times {
					_, _ = b.lane.sibling(ctx, call, step, "echo", "1")
				}
			})
		}
		all.Wait()
		return input, nil
	}
	b.define(t, "pool", model.Function{Code: "side by side"})
	_, err := b.run(t, "pool", `1`)
	require.NoError(t, err)
	rows, _ := recorded(t, b)
	require.Equal(t, threads*times, len(rows))
	started := make([]time.Time, len(rows))
	for _, s := range rows {
		started[s.Position-1] = s.StartedAt
	}
	require.True(t, slices.IsSortedFunc(started, time.Time.Compare))
}
