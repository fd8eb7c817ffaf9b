package service_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/service"
	"maestro/internal/service/servicetest"
)

func untilDone(ctx context.Context) { <-ctx.Done() }

func TestLoopStartsAndStopsInAnyOrder(t *testing.T) {
	t.Parallel()
	servicetest.Stress(t, func(t *testing.T) service.Service {
		atWork := 0 // unguarded: the race detector shows two at a time
		return service.NewLoop(service.Hooks{
			Begin: func(context.Context) error { atWork++; return nil },
			Run:   untilDone,
			End: func(context.Context) error {
				atWork--
				if atWork != 0 {
					t.Errorf("%d were at work at once", atWork+1)
				}
				return nil
			},
		})
	})
}

func TestLoopThatCannotBeginIsNotStarted(t *testing.T) {
	t.Parallel()
	failure := errors.New("no database")
	l := service.NewLoop(service.Hooks{
		Begin: func(context.Context) error { return failure }, Run: untilDone,
		End: func(context.Context) error { return errors.New("it never began") },
	})
	require.ErrorIs(t, l.Start(t.Context()), failure)
	require.False(t, l.Running())
	require.NoError(t, l.Stop(t.Context()))
}

func TestLoopOutlivesTheContextOfItsStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	l := service.NewLoop(service.Hooks{Run: func(ctx context.Context) { <-ctx.Done(); close(ended) }})
	require.NoError(t, l.Start(ctx))
	cancel()
	require.Empty(t, ended)
	require.True(t, l.Running())
	require.NoError(t, l.Stop(t.Context()))
	<-ended
}

func TestStopThatRunsOutOfTime(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	release := make(chan struct{})
	slow := service.NewLoop(service.Hooks{Run: func(context.Context) { <-release }})
	require.NoError(t, slow.Start(t.Context()))
	require.ErrorIs(t, slow.Stop(over), context.Canceled)
	require.False(t, slow.Running())
	require.ErrorIs(t, slow.Start(t.Context()), service.ErrStarted, "it is at work still")
	close(release)
	require.NoError(t, slow.Stop(t.Context()))

	abort := make(chan struct{})
	willing := service.NewLoop(service.Hooks{Run: func(context.Context) { <-abort }, Abort: func() { close(abort) }})
	require.NoError(t, willing.Start(t.Context()))
	require.NoError(t, willing.Stop(over))
}
