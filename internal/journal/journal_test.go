package journal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func entry(function string) Entry {
	now := time.Now()
	return Entry{
		ExecutionID: model.NewID(), Tenant: "acme", Function: function, Version: 3, Trigger: model.TriggerWebhook,
		TriggerID: model.NewID(), ParentID: model.NewID(), Created: now.Add(-time.Second).Round(0), Started: now.Round(0), Attempt: 2, Claim: 7, Lane: model.LaneProcess,
	}
}

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(dir, 0)
	require.NoError(t, err)
	return j
}

func openFresh(t *testing.T, dir string) *Journal {
	t.Helper()
	j := open(t, dir)
	require.NoError(t, j.Settled())
	return j
}

func TestRunsLeftInJournal(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir)
	runs, complete := j.Left()
	require.Empty(t, runs)
	require.False(t, complete, "the file is new")
	require.NoError(t, j.Settled())
	first, second, third := entry("one"), entry("two"), entry(strings.Repeat("f", 255))
	third.Started = time.Time{}
	a, b, c := j.Enter(&first), j.Enter(&second), j.Enter(&third)
	a.Ticket().Store(17)
	b.Remove()
	c.Ticket().Store(18)
	c.Begin(time.Unix(77, 0))
	_, err := Open(dir, 10*time.Millisecond)
	require.ErrorIs(t, err, ErrInUse)
	require.NoError(t, j.Close()) // as a process that dies does it

	j = open(t, dir)
	first.Ticket, third.Ticket = 17, 18
	third.Started = time.Unix(77, 0)
	runs, complete = j.Left()
	require.Equal(t, []Entry{first, third}, runs)
	require.True(t, complete)
	require.NoError(t, j.Close())
	j = open(t, dir)
	require.Len(t, j.left, 2, "until they are settled")
	require.NoError(t, j.Settled())
	require.NoError(t, j.Close())
	j = open(t, dir)
	runs, complete = j.Left()
	require.Empty(t, runs)
	require.True(t, complete)
	require.NoError(t, j.Close())
}

func TestDamagedSlots(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openFresh(t, dir)
	e := entry("one")
	j.Enter(&e)
	for at := 16; at < textAt+14; at++ {
		if at >= 72 && at < 80 { // when it began may be written later
			continue
		}
		s := j.slot(0)
		s[at] ^= 0x10
		_, ok := s.read()
		require.False(t, ok, "byte %d", at)
		s[at] ^= 0x10
	}
	_, ok := j.slot(0).read()
	require.True(t, ok)
	require.NoError(t, j.Close())
}

func TestMoreRunsThanSlots(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openFresh(t, dir)
	e := entry("one")
	var all []Slot
	for range slots + 2 {
		all = append(all, j.Enter(&e))
	}
	require.Equal(t, 2, j.Missed())
	require.Nil(t, all[slots].Ticket())
	all[slots].Remove()
	all[5].Remove()
	require.NotNil(t, j.Enter(&e).Ticket(), "the freed one")
	require.Nil(t, j.Enter(&e).Ticket())
	long := entry(strings.Repeat("f", 500))
	all[6].Remove()
	require.Nil(t, j.Enter(&long).Ticket())
	require.NotNil(t, j.Enter(&e).Ticket(), "the long one has given its slot back")
	require.Equal(t, 4, j.Missed())
	require.NoError(t, j.Close())
	j = open(t, dir)
	runs, complete := j.Left()
	require.Len(t, runs, slots)
	require.False(t, complete)
	require.NoError(t, j.Close())
}

func TestConcurrentRunsInJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openFresh(t, dir)
	var wait sync.WaitGroup
	for worker := range 16 {
		wait.Go(func() {
			for i := range 2000 {
				e := entry(fmt.Sprintf("f%d_%d", worker, i))
				slot := j.Enter(&e)
				slot.Ticket().Store(uint64(worker)<<32 | uint64(i))
				got, ok := j.slot(slot.number).read()
				e.Ticket = uint64(worker)<<32 | uint64(i)
				if !ok || got != e {
					t.Errorf("%v became %v", e, got)
					return
				}
				if i != 1999 {
					slot.Remove()
				}
			}
		})
	}
	wait.Wait()
	require.LessOrEqual(t, j.unused.Load(), uint32(32), "slots are used again")
	require.NoError(t, j.Close())
	j = open(t, dir)
	require.Len(t, j.left, 16)
	require.NoError(t, j.Close())
}

// A process that is killed while it enters and removes runs: the test runs itself
// again as that process.
const killVariable = "MAESTRO_TEST_JOURNAL"

func TestJournalOfKilledProcess(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(killVariable); dir != "" {
		enterForEver(t, dir)
	}
	for range 10 {
		dir := t.TempDir()
		child := exec.Command(os.Args[0], "-test.run", "^TestJournalOfKilledProcess$")
		child.Env = append(os.Environ(), killVariable+"="+dir)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		_, err = out.Read(make([]byte, 1)) // it is at work
		require.NoError(t, err)
		require.NoError(t, child.Process.Kill())
		_ = child.Wait()
		j := open(t, dir)
		require.LessOrEqual(t, len(j.left), 4)
		for i := range uint32(slots) {
			_, ok := j.slot(i).read()
			require.Equal(t, *j.slot(i).word(0) != 0, ok, "a slot is whole or free")
		}
		for _, e := range j.left {
			require.Equal(t, strings.Repeat(e.Function[:1], len(e.Function)), e.Function)
			require.Equal(t, len(e.Function), e.Version)
			if e.Ticket != 0 {
				require.EqualValues(t, e.Version, e.Ticket)
			}
		}
		require.NoError(t, j.Close())
	}
}

func enterForEver(t *testing.T, dir string) {
	j := openFresh(t, dir)
	for worker := range 4 {
		go func() {
			for i := 0; ; i = (i + 1) % 200 {
				e := entry(strings.Repeat(string(rune('a'+worker)), i+1))
				e.Version = i + 1
				slot := j.Enter(&e)
				slot.Ticket().Store(uint64(i + 1))
				slot.Remove()
			}
		}()
	}
	fmt.Println("at work")
	select {}
}

func BenchmarkRun(b *testing.B) {
	j, err := Open(b.TempDir(), 0)
	require.NoError(b, err)
	e := entry("process_invoice")
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			slot := j.Enter(&e)
			slot.Ticket().Store(1)
			slot.Remove()
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				slot := j.Enter(&e)
				slot.Ticket().Store(1)
				slot.Remove()
			}
		})
	})
}
