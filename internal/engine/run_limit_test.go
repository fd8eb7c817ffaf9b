package engine

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l limits
		key := slotKey{"a", "f"}
		require.NoError(t, l.acquire(t.Context(), key, 2))
		require.NoError(t, l.acquire(t.Context(), key, 2))
		require.NoError(t, l.acquire(t.Context(), slotKey{"b", "f"}, 2), "another subtenant's")
		begin := time.Now()
		require.Equal(t, model.CodeTooManyRequests, model.CodeOf(l.acquire(t.Context(), key, 2)))
		require.Equal(t, slotWait, time.Since(begin))

		order := make(chan int, 2)
		for i := range 2 {
			go func() {
				if l.acquire(t.Context(), key, 2) == nil {
					order <- i
				}
			}()
			synctest.Wait()
		}
		l.release(key)
		require.Equal(t, 0, <-order, "the run that waits longest is first")
		l.release(key)
		require.Equal(t, 1, <-order)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, l.acquire(ctx, key, 2))
		l.release(key)
		l.release(key)
		l.release(slotKey{"b", "f"})
		require.Empty(t, l.slots)
	})
}

// A function's max_concurrency counts from the next run on, also for those that
// run or wait already.
func TestSlotsFollowAChangedLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l limits
		key := slotKey{"a", "f"}
		for range 3 {
			require.NoError(t, l.acquire(t.Context(), key, 3))
		}
		var begun atomic.Int32
		wait := func(most int) {
			go func() {
				if l.acquire(t.Context(), key, most) == nil {
					begun.Add(1)
				}
			}()
			synctest.Wait()
		}
		wait(1)
		wait(1)
		l.release(key)
		l.release(key)
		synctest.Wait()
		require.Zero(t, begun.Load(), "one still runs, which is all that may by now")
		l.release(key)
		synctest.Wait()
		require.EqualValues(t, 1, begun.Load())
		wait(1)
		require.EqualValues(t, 1, begun.Load())
		wait(4)
		require.EqualValues(t, 4, begun.Load(), "waiting runs get some of the new slots")
		for range 4 {
			l.release(key)
		}
		require.Empty(t, l.slots)
	})
}
