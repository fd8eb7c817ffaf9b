package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func TestMeasurementOfTheBacklogs(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	empty, err := db.Measure(t.Context())
	require.NoError(t, err)
	require.Equal(t, repo.Measurement{}, empty)

	server := register(t, db)
	createFunction(t, db, tenant, "f")
	running, waiting, delayed := newQueued(tenant, "f"), newQueued("other", "f"), newQueued(tenant, "f")
	delayed.Delay = time.Hour
	require.NoError(t, db.Enqueue(t.Context(), nil, running))
	require.Len(t, claimRuns(t, db, server, wide), 1)
	require.NoError(t, db.Enqueue(t.Context(), nil, waiting, delayed, newQueued(tenant, "f")))
	overdue, idle := newSchedule("overdue", "f"), newSchedule("idle", "f")
	overdue.NextRun = time.Now().Add(-time.Hour)
	for _, s := range []model.Schedule{overdue, idle} {
		_, err = db.CreateSchedule(t.Context(), tenant, s)
		require.NoError(t, err)
	}
	sql := func(statement string) {
		_, err := db.Pool().Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	sql("UPDATE queued_runs SET created_at = now() - interval '3 hours', run_at = now() - interval '2 hours' WHERE tenant = 'other'")
	sql("UPDATE queued_runs SET created_at = now() - interval '5 hours', run_at = '-infinity' WHERE claim IS NOT NULL") // as old versions wrote it
	sql("UPDATE functions SET quarantined_version = version")
	now, err := db.Measure(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 1, 1, 1, 1}, []int64{now.Delayed.Runs, now.Waiting.Runs, now.Running.Runs, now.Overdue.Runs, now.Servers, now.Quarantined})
	about := func(want, got time.Duration) { require.InDelta(t, want.Seconds(), got.Seconds(), 60) }
	about(0, now.Delayed.Oldest)
	about(2*time.Hour, now.Waiting.Oldest)
	about(5*time.Hour, now.Running.Oldest)
	about(time.Hour, now.Overdue.Oldest)

	// A paused function keeps its runs waiting on purpose: they are no backlog of the servers.
	_, err = db.PauseFunction(t.Context(), tenant, "f", true)
	require.NoError(t, err)
	now, err = db.Measure(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{1, 1, 1, 1}, []int64{now.Delayed.Runs, now.Waiting.Runs, now.Paused.Runs, now.Running.Runs})
	about(2*time.Hour, now.Waiting.Oldest)
	about(0, now.Paused.Oldest)
	_, err = db.EnsureSubtenant(t.Context(), "other")
	require.NoError(t, err)
	_, err = db.PauseSubtenant(t.Context(), "other", true)
	require.NoError(t, err)
	now, err = db.Measure(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{1, 0, 2, 1}, []int64{now.Delayed.Runs, now.Waiting.Runs, now.Paused.Runs, now.Running.Runs})
	about(0, now.Waiting.Oldest)
	about(2*time.Hour, now.Paused.Oldest)
}

func TestStatesOfPools(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	held, err := db.Pool().Acquire(t.Context())
	require.NoError(t, err)
	defer held.Release()
	for _, pool := range db.PoolStats() {
		require.Positive(t, pool.Acquired, "a pool that was not used is left out")
		if pool.Name == "main" {
			require.Equal(t, 1, pool.InUse)
			require.Equal(t, 12, pool.Max)
		}
	}
}
