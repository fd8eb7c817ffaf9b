package embed

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWatchHeapGivesTheEarliestFirst(t *testing.T) {
	t.Parallel()
	h := newHost(Options{}, fakeMachines(t))
	random := rand.New(rand.NewPCG(1, 2))
	var calls []*call
	for range 500 {
		c := &call{due: never - clock(random.IntN(1000)) - 1, watchSlot: -1}
		h.watch.add(h, c)
		calls = append(calls, c)
	}
	h.watcher.Stop()
	var left []clock
	for i, c := range calls {
		if i%3 == 0 {
			h.watch.remove(c)
			h.watch.remove(c) // a second time does nothing
		} else {
			left = append(left, c.due)
		}
	}
	slices.Sort(left)
	var got []clock
	for c := h.watch.first(); c != nil; c = h.watch.first() {
		got = append(got, c.due)
		h.watch.remove(c)
	}
	require.Equal(t, left, got)
}
