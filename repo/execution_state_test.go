package repo_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// The database lets the states follow each other that MayFollow lists, by every statement.
func TestStatesOfExecutions(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server := register(t, db)
	type writer func(run model.QueuedRun, claim int64, to model.Status) error
	merge := func(record *model.Record) error {
		return db.MergeRecords(t.Context(), []*model.Record{record}, "server")
	}
	queued := func(run model.QueuedRun, claim int64, to model.Status) error { return merge(ended(run, claim, to)) }
	waitedFor := func(run model.QueuedRun, claim int64, to model.Status) error {
		record := ended(run, claim, to)
		record.Queued = nil
		return merge(record)
	}
	writers := map[model.Status][]writer{
		model.StatusPending: {func(run model.QueuedRun, claim int64, _ model.Status) error {
			record := ended(run, claim, model.StatusFailed)
			record.Queued.Retry = true
			return merge(record)
		}},
		model.StatusRunning: {func(run model.QueuedRun, _ int64, to model.Status) error {
			e := run.Execution
			e.Status, e.Attempt = to, 1
			return db.MarkRunning(t.Context(), []*model.Execution{&e}, "server")
		}},
	}
	for _, from := range model.Statuses {
		for _, to := range model.Statuses {
			if writers[to] == nil {
				writers[to] = []writer{queued, waitedFor}
			}
			for i, write := range writers[to] {
				run := newQueued(tenant, "f")
				claimed := begun(t, db, server, run)[0]
				_, err := db.Pool().Exec(t.Context(), "UPDATE executions SET status = $1 WHERE id = $2", string(from), run.Execution.ID.String())
				require.NoError(t, err)
				require.NoError(t, write(run, claimed.Claim, to))
				now, attempt := status(t, db, tenant, run.Execution.ID)
				want, next := from, 1
				if slices.Contains(from.MayFollow(), to) {
					want = to
					if to == model.StatusPending {
						next = 2
					}
				}
				require.Equal(t, want, now, "%s → %s, %d", from, to, i)
				require.Equal(t, next, attempt, "%s → %s, %d", from, to, i)
				_, err = db.Pool().Exec(t.Context(), "DELETE FROM queued_runs")
				require.NoError(t, err)
			}
		}
	}
}

// The next attempt waits for its time.
func TestTheBackOffIsKept(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	run := newQueued(tenant, "f")
	claimed := begun(t, db, register(t, db), run)[0]
	record := ended(run, claimed.Claim, model.StatusFailed)
	record.Queued.Retry, record.Queued.RetryIn = true, time.Hour
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{record}, "server"))
	var seconds float64
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT extract(epoch FROM run_at - now())::float8 FROM queued_runs").Scan(&seconds))
	require.InDelta(t, 3600, seconds, 60)
	due, err := db.MakeDue(t.Context())
	require.NoError(t, err)
	require.False(t, due)
	require.Empty(t, claimRuns(t, db, register(t, db), wide), "it is not due")
	_, err = db.Pool().Exec(t.Context(), "UPDATE queued_runs SET run_at = now()")
	require.NoError(t, err)
	again := claimRuns(t, db, register(t, db), wide)
	require.Len(t, again, 1)
	require.Equal(t, 2, again[0].Execution.Attempt)
}
