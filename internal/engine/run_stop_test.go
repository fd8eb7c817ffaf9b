package engine

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestDrainRefusesWaitsAndAtLastCancels(t *testing.T) {
	t.Parallel()
	b := setup(t)
	answered := make(chan error, 1)
	go func() {
		_, err := b.run(t, "blocks", `1`)
		answered <- err
	}()
	<-b.book.noted
	ctx, cancel := context.WithCancel(context.Background())
	drained := make(chan struct{})
	go func() { b.Drain(ctx); close(drained) }()
	require.Eventually(t, func() bool {
		_, err := b.run(t, "echo", `1`)
		return err != nil && codeOf(t, err) == model.CodeUnavailable
	}, 10*time.Second, time.Millisecond)
	select {
	case <-drained:
		t.Fatal("a run is still under way")
	default:
	}
	cancel()
	<-drained
	stopped := <-answered
	require.Equal(t, model.CodeUnavailable, codeOf(t, stopped))
	var coded *model.Error
	require.ErrorAs(t, stopped, &coded)
	require.Equal(t, "ServerStopped", coded.Failure.Type)
	require.False(t, coded.ExecutionID.IsZero())
	require.Positive(t, coded.RetryAfter)
	require.Contains(t, coded.Detail, "may have been done")
	require.NotContains(t, coded.Detail, "nothing ran")
	record := b.book.last()
	require.Equal(t, model.StatusCrashed, record.Execution.Status)
	require.Equal(t, "ServerStopped", *record.Execution.ErrorType)
	require.Zero(t, b.Active())
	b.Drain(context.Background()) // again, with nothing to wait for
	close(b.block)
}
