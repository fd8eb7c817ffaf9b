package engine

import (
	"context"
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
		require.NoError(t, l.take(t.Context(), key, 2))
		require.NoError(t, l.take(t.Context(), key, 2))
		require.NoError(t, l.take(t.Context(), slotKey{"b", "f"}, 2), "another subtenant's")
		begin := time.Now()
		require.Equal(t, model.CodeTooManyRequests, model.CodeOf(l.take(t.Context(), key, 2)))
		require.Equal(t, slotWait, time.Since(begin))

		order := make(chan int, 2)
		for i := range 2 {
			go func() {
				if l.take(t.Context(), key, 2) == nil {
					order <- i
				}
			}()
			synctest.Wait()
		}
		l.give(key)
		require.Equal(t, 0, <-order, "who waits longest is first")
		l.give(key)
		require.Equal(t, 1, <-order)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, l.take(ctx, key, 2))
		l.give(key)
		l.give(key)
		l.give(slotKey{"b", "f"})
		require.Empty(t, l.slots)
	})
}
