package embed

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFifo(t *testing.T) {
	t.Parallel()
	var queue fifo[int]
	require.Nil(t, queue.front())
	require.Nil(t, queue.pop())
	pushed, popped := 0, 0
	for range 50 { // grows, so that removed items' space is taken back on the way
		for range 7 {
			n := pushed
			queue.push(&n)
			pushed++
		}
		for range 5 {
			require.Equal(t, popped, *queue.front())
			require.Equal(t, popped, *queue.pop())
			popped++
		}
		require.Equal(t, pushed-popped, queue.len())
		require.Less(t, len(queue.items), 2*queue.len()+128)
	}
	for queue.len() > 0 {
		require.Equal(t, popped, *queue.pop())
		popped++
	}
	require.Equal(t, pushed, popped)
}
