package recorder

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// On a disk that takes no more files the records go into the reserve, which is
// there already; the next process finds them.
func TestAFullDiskLeavesTheReserve(t *testing.T) {
	t.Parallel()
	r, p, direct := behindProxy(t, Options{})
	p.Refuse(true)
	p.Cut()
	blockFolder(t, r.opts.SpoolDir)
	var records []*model.Record
	for range 3 {
		record := newRecord(2)
		require.Equal(t, model.Spooled, r.Finish(t.Context(), record))
		records = append(records, record)
	}
	require.Zero(t, r.Stats().Lost)
	require.Positive(t, r.Stats().SpoolFiles)
	require.NoError(t, r.Stop(t.Context()))

	unblockFolder(t, r.opts.SpoolDir)
	next := New(direct, Options{SpoolDir: r.opts.SpoolDir, Reserve: 1 << 20}, testkit.Logger(t))
	require.NoError(t, next.Start(t.Context()))
	t.Cleanup(func() { _ = next.Stop(context.Background()) })
	require.Eventually(t, func() bool { return next.Stats().Replayed == 3 && next.Stats().SpoolFiles == 0 }, patience, patience/1000)
	requireOnce(t, direct, records...)
	requireZeros(t, r.opts.SpoolDir)
}

func requireZeros(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, reserveName))
	require.NoError(t, err)
	require.Equal(t, make([]byte, len(text)), text)
	require.Len(t, text, 1<<20, "its blocks stay its own")
}

func TestTheReserveIsFilledOnceAndReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &spool{dir: dir, log: testkit.Logger(t), reserved: 16 << 10}
	s.openReserve()
	lines, err := encodeLines([]*model.Record{newRecord(1)})
	require.NoError(t, err)
	stored := 0
	for ; ; stored++ {
		if err = s.putReserve(lines); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, errReserveFull)
	require.Equal(t, (16<<10)/len(lines), stored)
	s.closeReserve()

	// A process that died while it wrote a line.
	file, err := os.OpenFile(filepath.Join(dir, reserveName), os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte(`{"Execution":`), int64(stored*len(lines)))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	again := &spool{dir: dir, log: testkit.Logger(t), reserved: 16 << 10}
	again.openReserve()
	defer again.closeReserve()
	require.Equal(t, 1, again.count())
	records, read, err := again.readReserve()
	require.NoError(t, err)
	require.Len(t, records, stored)
	require.NoError(t, again.clearReserve(read-1), "more was put in meanwhile: nothing is cleared")
	require.Equal(t, 1, again.count())
	require.NoError(t, again.clearReserve(read))
	require.Zero(t, again.count())
	require.NoError(t, again.putReserve(lines))
}
