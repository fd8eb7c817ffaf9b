package embed

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
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

// A file that module-level code keeps open has all its lines when Python has ended, as after a script: also where
// a daemon thread waits, and after what atexit functions write.
func TestFilesAreWrittenAtTheEnd(t *testing.T) {
	t.Parallel()
	for name, thread := range map[string]string{"no thread": "", "a daemon thread": "threading.Thread(target=threading.Event().wait, daemon=True).start()"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			h := startPython(t, Options{})
			e := newTestEngine(h)
			e.define(t, "f", `
import atexit, threading
`+thread+`
def f(folder):
    global text, data, closed, full, reader
    text = open(folder + "/text", "w", encoding="utf-8")
    data = open(folder + "/data", "wb")
    closed = open(folder + "/closed", "w")
    closed.close()
    full = open("/dev/full", "w")
    full.write("x")
    text.write("line é")
    data.write(b"bytes")
    atexit.register(text.write, ", last")
`)
			require.JSONEq(t, "null", string(e.call(t, "a", "f", fmt.Sprintf("%q", folder)).Output))
			require.NoError(t, h.Close(t.Context()))
			for file, want := range map[string]string{"text": "line é, last", "data": "bytes", "closed": ""} {
				content, err := os.ReadFile(filepath.Join(folder, file))
				require.NoError(t, err)
				require.Equal(t, want, string(content), file)
			}
		})
	}
}
