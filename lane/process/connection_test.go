package process

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What comes while the poller does not watch is reported when it watches again, however
// often it has reported the connection before.
func TestConnectionThatIsWatchedAtTimes(t *testing.T) {
	t.Parallel()
	ours, theirs, err := socketPair()
	require.NoError(t, err)
	c, err := newConnection(ours)
	require.NoError(t, err)
	defer c.close()
	taken, end := make(chan byte), make(chan error, 1)
	var mu sync.Mutex // guards c
	watch := func(watched bool) {
		mu.Lock()
		defer mu.Unlock()
		c.watch(watched)
	}
	go func() {
		end <- c.await(func() bool {
			var got [1]byte
			mu.Lock()
			c.reported = true
			n, err := c.read(got[:])
			mu.Unlock()
			if n == 1 {
				taken <- got[0]
			}
			return n == 0 && err == nil
		})
	}()
	for i := range byte(5) {
		_, err = theirs.Write([]byte{i})
		require.NoError(t, err)
		require.Equal(t, i, <-taken)

		watch(false)
		_, err = theirs.Write([]byte{100 + i})
		require.NoError(t, err)
		c.pause(time.Minute)
		watch(true)
		require.Equal(t, 100+i, <-taken)
	}
	watch(false)
	require.NoError(t, theirs.Close())
	require.NoError(t, <-end, "the end is reported all the same")
}
