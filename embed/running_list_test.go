package embed

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunningListCountsRecentCalls(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	var list runningList
	var calls []*call
	at := clock(0)
	for range 2000 {
		at = at.add(recentFor / 4)
		if len(calls) < 12 && random.IntN(2) == 0 {
			c := new(call)
			list.add(c, at)
			calls = append(calls, c)
		} else if len(calls) > 0 {
			i := random.IntN(len(calls))
			list.remove(calls[i])
			calls = append(calls[:i], calls[i+1:]...)
		}
		if random.IntN(3) > 0 {
			continue // it need not be asked each time
		}
		want := 0
		for _, c := range calls {
			if at.since(c.began) < recentFor {
				want++
			}
		}
		require.Equal(t, want, list.recents(at))
	}
	for _, c := range calls {
		list.remove(c)
	}
	require.Zero(t, list.recents(at))
	require.Nil(t, list.first)
	require.Nil(t, list.last)
}
