package recorder

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

// partOf takes the first n steps from a record; of these the first is open.
func partOf(record *model.Record, n int) *model.Record {
	part := &model.Record{
		Execution: model.Execution{ID: record.Execution.ID, Tenant: tenant}, StepsOnly: true,
		Steps: append([]model.Step(nil), record.Steps[:n]...),
	}
	part.Steps[0].Status, part.Steps[0].Output, part.Steps[0].CompletedAt = model.StatusRunning, nil, time.Time{}
	record.Steps, record.Known = append(record.Steps[:1:1], record.Steps[n:]...), true
	return part
}

func requireSteps(t *testing.T, db *repo.DB, record *model.Record, status ...model.Status) {
	t.Helper()
	steps, _, err := db.Steps(t.Context(), tenant, record.Execution.ID, repo.Page{})
	require.NoError(t, err)
	var found []model.Status
	for _, s := range steps {
		found = append(found, s.Status)
	}
	require.Equal(t, status, found)
}

// TestStepsAreRecordedBeforeTheEnd: they can be read while the run goes on, and its end
// closes the open ones.
func TestStepsAreRecordedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{})
	record := newRecord(4)
	part := partOf(record, 3)
	running := record.Execution
	running.Status = model.StatusRunning
	r.Running(&running)
	require.Equal(t, model.Committed, r.Steps(t.Context(), part))
	require.Eventually(t, func() bool {
		_, err := db.Execution(t.Context(), tenant, record.Execution.ID)
		return err == nil
	}, 20*time.Second, time.Millisecond)
	requireSteps(t, db, record, model.StatusRunning, model.StatusCompleted, model.StatusCompleted)
	require.Equal(t, model.Committed, r.Finish(t.Context(), record))
	requireStatus(t, db, record, model.StatusCompleted)
	requireSteps(t, db, record, model.StatusCompleted, model.StatusCompleted, model.StatusCompleted, model.StatusFailed)
}

// TestStepsHaveTheirOwnConnections: not those by which the ends of runs are written, and the
// rows of a part are the caller's again.
func TestStepsHaveTheirOwnConnections(t *testing.T) {
	t.Parallel()
	others := testkit.DB(t)
	r, db := started(t, Options{Parts: others})
	record := newRecord(4)
	part := partOf(record, 3)
	require.Equal(t, model.Committed, r.Steps(t.Context(), part))
	clear(part.Steps)
	require.Equal(t, model.Committed, r.Finish(t.Context(), record))
	require.Equal(t, 3, count(t, others, "step_executions"))
	require.Zero(t, count(t, others, "executions"))
	require.Equal(t, 2, count(t, db, "step_executions")) // the open one, and the last
}

// TestStepsOutliveAnOutage: they go to the spool with the end of their run, and
// come out of it in any order.
func TestStepsOutliveAnOutage(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	server, db := ownServer(t, dir)
	r := New(db, Options{SpoolDir: t.TempDir(), SpoolAfter: 100 * time.Millisecond}, testkit.Logger(t))
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	require.NoError(t, server.Stop(t.Context()))
	first, second := newRecord(4), newRecord(4)
	part := partOf(first, 3)
	require.Equal(t, model.Spooled, r.Steps(t.Context(), part))
	_ = r.Finish(t.Context(), first)
	part = partOf(second, 3)
	_ = r.Finish(t.Context(), second) // the end overtakes its part
	require.Equal(t, model.Spooled, r.Steps(t.Context(), part))
	startServer(t, dir)
	require.Eventually(t, func() bool { return r.Stats().Replayed == 4 }, 20*time.Second, 10*time.Millisecond)
	for _, record := range []*model.Record{first, second} {
		requireStatus(t, db, record, model.StatusCompleted)
		requireSteps(t, db, record, model.StatusCompleted, model.StatusCompleted, model.StatusCompleted, model.StatusFailed)
	}
	require.Zero(t, r.Stats().Lost)
}
