package child

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGarbageOfALargeHeap(t *testing.T) {
	t.Parallel()
	require.Equal(t, smallPercent, percentOf(smallHeap))
	require.Equal(t, 100, percentOf(smallHeap+1))
	seen := make(chan uint64)
	afterCollection(func() { seen <- liveHeap() })
	for range 3 {
		runtime.GC()
		require.NotZero(t, <-seen)
	}
}
