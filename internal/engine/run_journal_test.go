package engine

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/journal"
	"maestro/internal/model"
)

// A run is in the journal from its admission until its record is kept, with the
// number that the lane gave it.
func TestJournalOfARun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dir := t.TempDir()
	j, err := journal.Open(dir, 0)
	require.NoError(t, err)
	require.NoError(t, j.Settled())
	b.opts.Journal = j
	left := func() (runs []journal.Entry) { // as the next process would find them
		text, err := os.ReadFile(filepath.Join(dir, "runs"))
		require.NoError(t, err)
		next := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(next, "runs"), text, 0o600))
		copied, err := journal.Open(next, 0)
		require.NoError(t, err)
		runs, complete := copied.Left()
		require.True(t, complete)
		require.NoError(t, copied.Close())
		return runs
	}
	b.define(t, "looks", model.Function{Code: "looks"})
	var seen []journal.Entry
	b.lane.functions["looks"] = func(_ context.Context, call model.Call, _ model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		call.Ticket.Store(77)
		seen = left()
		return input, nil
	}
	result, err := b.run(t, "looks", "1")
	require.NoError(t, err)
	require.Len(t, seen, 1)
	require.Equal(t, result.ExecutionID, seen[0].ExecutionID)
	require.EqualValues(t, 77, seen[0].Ticket)
	require.Equal(t, "looks", seen[0].Function)
	require.Equal(t, "acme", seen[0].Tenant)
	require.False(t, seen[0].Started.IsZero())
	require.Empty(t, left())
}
