package backoff_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/backoff"
)

func TestPausesGrowUpToTheLongest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		factor float64
		full   []time.Duration // pauses, in whole milliseconds
	}{
		{0, []time.Duration{10, 20, 40, 50, 50}},
		{1.5, []time.Duration{10, 15, 22, 33, 50, 50}},
	} {
		b := backoff.Backoff{First: 10 * time.Millisecond, Longest: 50 * time.Millisecond, Factor: test.factor}
		for range 2 {
			for _, full := range test.full {
				require.Equal(t, full, b.Next()/time.Millisecond)
			}
			b.Reset()
		}
	}
}

func TestPausesAreNotAllTheSame(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for range 100 {
		seen[backoff.Jitter(time.Second)] = true
	}
	require.Greater(t, len(seen), 10)
	require.Zero(t, backoff.Jitter(0))
	require.EqualValues(t, 1, backoff.Jitter(1))
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := backoff.Backoff{First: time.Minute, Longest: time.Hour}
		begin := time.Now()
		require.True(t, b.Wait(t.Context()))
		require.GreaterOrEqual(t, time.Since(begin), 30*time.Second)
		require.LessOrEqual(t, time.Since(begin), time.Minute)

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begin = time.Now()
		require.False(t, b.Wait(ctx))
		require.Equal(t, time.Second, time.Since(begin))
		require.False(t, backoff.Sleep(ctx, 0), "a context that is over wins")
	})
}
