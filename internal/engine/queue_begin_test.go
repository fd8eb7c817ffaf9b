package engine

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// begin starts a run and returns where the answer arrives.
func (b *bundle) begin(t *testing.T, run model.QueuedRun) <-chan error {
	t.Helper()
	answer := make(chan error, 1)
	go func() { answer <- b.RunQueued(context.WithoutCancel(t.Context()), run) }()
	require.Eventually(t, func() bool { return b.Active() > 0 || len(answer) > 0 }, 20*time.Second, time.Millisecond)
	return answer
}

func TestAQueuedRunHasItsTimeFromWhenItBegins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	limit := 0.2
	b.define(t, "short", model.Function{Code: "echo", TimeoutSeconds: &limit})
	b.lane.threads = make(chan struct{})
	answer := b.begin(t, b.queued("short", `1`, nil))
	asked := time.Now()
	require.Eventually(t, func() bool { return time.Since(asked).Seconds() > 2*limit }, 20*time.Second, time.Millisecond, "it waits for longer than it may run")
	began := time.Now()
	require.Empty(t, b.book.events, "it has not begun")
	require.Empty(t, b.book.running)
	b.lane.threads <- struct{}{}
	require.NoError(t, <-answer)
	record := b.book.last()
	require.Equal(t, model.StatusCompleted, record.Execution.Status)
	require.False(t, record.Execution.StartedAt.Before(began))
	require.Equal(t, "execution_started", b.book.events[0].Name)

	answer = b.begin(t, b.queued("blocks", `1`, nil)) // it still ends where it should
	b.lane.threads <- struct{}{}
	<-b.book.noted
	close(b.block)
	require.NoError(t, <-answer)
}

func TestRunsThatHaveNotBegunAreLeftToOtherServers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lane.threads = make(chan struct{})
	blocked := b.begin(t, b.queued("blocks", `1`, nil))
	b.lane.threads <- struct{}{}
	<-b.book.noted
	waiting := b.begin(t, b.queued("echo", `1`, nil))
	require.Eventually(t, func() bool { return b.Active() == 2 }, 20*time.Second, time.Millisecond)
	drained := make(chan struct{})
	go func() { b.Drain(t.Context()); close(drained) }()
	require.ErrorContains(t, <-waiting, "not begun")
	close(b.block) // a run that has begun goes on
	require.NoError(t, <-blocked)
	<-drained
	require.Equal(t, model.StatusCompleted, b.book.last().Execution.Status)
	require.Len(t, b.book.records, 1)
}

// The server stops runs at the end of its patience. Those are crashed; one that
// came to its end by itself at that moment is what it is.
func TestWhatTheServerStopsHasCrashed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lane.functions["lucky"] = func(_ context.Context, call model.Call, _ model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		r := call.Host.(*run)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stopping = serverStops // as Drain says it
		return input, nil
	}
	b.define(t, "lucky", model.Function{Code: "lucky"})
	lucky := b.queued("lucky", `1`, nil)
	lucky.Policy = &model.RetryPolicy{MaxAttempts: 5}
	require.NoError(t, <-b.begin(t, lucky))
	require.Equal(t, model.StatusCompleted, b.book.last().Execution.Status)
	require.False(t, b.book.last().Queued.Retry)

	blocked := b.begin(t, b.queued("blocks", `1`, nil))
	<-b.book.noted
	over, cancel := context.WithCancel(t.Context())
	cancel()
	b.Drain(over)
	require.NoError(t, <-blocked)
	require.Equal(t, model.StatusCrashed, b.book.last().Execution.Status)
	close(b.block)
}

func TestAQueuedRunThatWasCancelledDoesNotBegin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.queued("fails", `1`, nil)
	run.Cancelled, run.Policy = true, &model.RetryPolicy{MaxAttempts: 5}
	b.lane.threads = make(chan struct{})
	require.NoError(t, <-b.begin(t, run))
	require.Equal(t, model.StatusCancelled, b.book.last().Execution.Status)
	require.False(t, b.book.last().Queued.Retry)

	waits := b.queued("echo", `1`, nil)
	answer := b.begin(t, waits)
	asked, queued := b.Cancel("acme", waits.Execution.ID)
	require.True(t, asked && queued)
	require.NoError(t, <-answer)
	require.Equal(t, model.StatusCancelled, b.book.last().Execution.Status)

	// Also when the lane refuses it at the same moment.
	refused := b.queued("refused", `1`, nil)
	b.define(t, "refused", model.Function{Code: "refused"})
	refused.Cancelled = true
	require.NoError(t, <-b.begin(t, refused))
	require.Equal(t, model.StatusCancelled, b.book.last().Execution.Status)
	refused.Cancelled = false
	require.ErrorContains(t, <-b.begin(t, refused), "too many", "it waits again")
}

func TestAQueuedRunThatNeverCanBeDoneFails(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.define(t, "old", model.Function{Code: "broken"})
	b.define(t, "faulty", model.Function{Code: "panics"})
	lost := b.queued("echo", `1`, nil)
	lost.Input = []byte(unreadable)
	for class, run := range map[string]model.QueuedRun{
		"FunctionUnusable": b.queued("old", `1`, nil),
		"FunctionNotFound": b.queued("missing", `1`, nil),
		"EngineError":      lost,
	} {
		require.NoError(t, <-b.begin(t, run), class)
		record := b.book.last()
		require.Equal(t, run.Execution.ID, record.Execution.ID)
		require.Equal(t, model.StatusFailed, record.Execution.Status)
		require.Equal(t, class, *record.Execution.ErrorType)
	}
	require.NoError(t, <-b.begin(t, b.queued("faulty", `1`, nil)), "a panic ends the run, not the server")
	require.Equal(t, model.StatusFailed, b.book.last().Execution.Status)
	require.Equal(t, "EngineError", *b.book.last().Execution.ErrorType)
	require.Zero(t, b.Active())
}

// A run that waits for a thread is cancelled while the server stops.
func TestACancelWhileTheServerStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lane.threads = make(chan struct{})
	waits := b.queued("echo", `1`, nil)
	blocked := b.begin(t, b.queued("blocks", `1`, nil))
	b.lane.threads <- struct{}{}
	<-b.book.noted
	answer := make(chan error, 1)
	go func() { answer <- b.RunQueued(context.WithoutCancel(t.Context()), waits) }()
	require.Eventually(t, func() bool { return b.Active() == 2 }, 20*time.Second, time.Millisecond)
	b.mu.Lock()
	r := b.runs[waits.Execution.ID]
	r.stop(serverStops)
	r.stop(cancelRequested)
	b.mu.Unlock()
	require.NoError(t, <-answer)
	require.Equal(t, model.StatusCancelled, b.book.last().Execution.Status)
	close(b.block)
	require.NoError(t, <-blocked)
}
