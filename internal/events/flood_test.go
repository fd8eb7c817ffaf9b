package events

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// A flood of the logs of a thousand executions, read or not, of long lines and
// empty ones, takes no more memory than twice the bound. Not parallel: it measures
// the heap.
func TestFloodOfLogs(t *testing.T) {
	const bound = 16 << 20
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	for _, asked := range []bool{false, true} {
		for name, text := range map[string]string{"long lines": strings.Repeat("x", 5000), "empty lines": ""} {
			before := heap()
			bus := NewEmbedded(Options{EmbeddedBytes: bound})
			require.NoError(t, bus.Start(t.Context()))
			for range 1000 {
				id := model.NewID()
				if asked {
					_, _, err := bus.Read(t.Context(), id, "", 1)
					require.NoError(t, err)
				}
				for range 100 {
					bus.Publish(line(id, text))
				}
				if asked { // the queue has a bound of its own
					_, _, err := bus.Read(t.Context(), id, "", 1)
					require.NoError(t, err)
				}
			}
			held := bus.Stats().Held
			require.LessOrEqual(t, held, int64(bound))
			require.Greater(t, held, int64(bound/4))
			grown := heap() - before
			t.Logf("%s, asked for: %v: %d KB for %d KB by the account", name, asked, grown>>10, held>>10)
			require.Less(t, grown, int64(2*bound), "%s, asked for: %v", name, asked)
			require.NoError(t, bus.Close(context.Background()))
		}
	}
}
