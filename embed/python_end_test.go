package embed

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// residentMB is the process's resident memory.
func residentMB(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	var kilobytes int
	_, after, found := bytes.Cut(text, []byte("VmRSS:"))
	require.True(t, found)
	_, err = fmt.Sscan(string(after), &kilobytes)
	require.NoError(t, err)
	return kilobytes / 1024
}

// TestEndedInterpretersLeaveNothing ends interpreters whose modules have begun
// threads, queues and event loops. One reference that stays keeps an interpreter's
// whole memory, 1.7 MB and more. Not parallel: it looks at the process's memory.
func TestEndedInterpretersLeaveNothing(t *testing.T) {
	const some, limit = 12, 8 // MB
	for _, name := range []string{"module_pool", "queue_worker", "listener", "timer", "async_tasks"} {
		h := startPython(t, Options{})
		number := 0
		use := func(times int) {
			for range times {
				number++
				tenant := fmt.Sprint(name, number)
				w := newWork(t, h, tenant, "testdata/work/"+name+".py")
				w.check(0)
				w.check(1)
				h.Forget(tenant)
			}
			eventually(t, func() bool {
				stats := h.Stats() // warm ones take memory too: as many at each measurement
				return stats.InterpretersEnded >= number && stats.InterpretersEnding == 0 && stats.InterpretersWarm == h.opt.WarmPool
			}, "they have ended")
			h.machines.trim()
		}
		use(some)
		least := limit // of two rounds: a reference that stays does so in each, the heap grows by chance
		for range 2 {
			before := residentMB(t)
			use(some)
			least = min(least, residentMB(t)-before)
		}
		require.Less(t, least, limit, "%d interpreters that ran %s left memory behind", some, name)
		require.Zero(t, h.Stats().InterpretersLeaked)
	}
}
