// Package servicetest is for tests alone: the one test of a service's
// life-cycle, which every service has.
package servicetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/service"
)

// Stress starts and stops services that fresh makes in every order, and many
// times at once. fresh makes another one each time, and registers its
// resources with the test's cleanup.
func Stress(t *testing.T, fresh func(t *testing.T) service.Service) {
	t.Helper()
	t.Run("stop before start", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		stop(t, s)
		stop(t, s)
		allowed(t, s.Start(t.Context()))
		stop(t, s)
	})
	t.Run("one after the other", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		require.NoError(t, s.Start(t.Context()))
		require.ErrorIs(t, s.Start(t.Context()), service.ErrStarted, "it runs")
		stop(t, s)
		stop(t, s)
		for range 3 {
			allowed(t, s.Start(t.Context()))
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() { stop(t, s) })
			}
			all.Wait()
		}
	})
	t.Run("many at once", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { allowed(t, s.Start(t.Context())) })
			all.Go(func() { stop(t, s) })
		}
		all.Wait()
		stop(t, s)
		allowed(t, s.Start(t.Context()))
		stop(t, s)
	})
}

// stop gives a service all the time that it wants: one that does not end makes
// the test time out.
func stop(t *testing.T, s service.Service) {
	t.Helper()
	if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// allowed takes what Start may answer.
func allowed(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, service.ErrStarted) && !errors.Is(err, service.ErrStopped) {
		t.Errorf("start: %v", err)
	}
}
