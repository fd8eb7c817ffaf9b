package repo_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// recordAt stores a run with a step as it was days ago.
func recordAt(t *testing.T, db *repo.DB, tenant string, days int, status model.Status) model.Execution {
	t.Helper()
	e := execution(tenant, time.Now().AddDate(0, 0, -days))
	e.Status = status
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: e, Steps: []model.Step{stepOf(e, 1)}}}, "server"))
	return e
}

func madeDays(t *testing.T, db *repo.DB, days ...int) {
	t.Helper()
	for _, n := range days {
		require.NoError(t, db.EnsurePartitions(t.Context(), time.Now().AddDate(0, 0, -n)))
	}
}

func keep(t *testing.T, db *repo.DB, tenant string, days *int) {
	t.Helper()
	_, err := db.EnsureSubtenant(t.Context(), tenant)
	require.NoError(t, err)
	_, err = db.UpdateSubtenant(t.Context(), tenant, func(s *model.Subtenant) error {
		s.RetentionDays = days
		return nil
	})
	require.NoError(t, err)
}

func isThere(t *testing.T, db *repo.DB, e model.Execution) bool {
	t.Helper()
	_, err := db.Execution(t.Context(), e.Tenant, e.ID)
	if err != nil {
		requireCode(t, model.CodeExecutionNotFound, err)
	}
	var steps int
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM step_executions WHERE execution_id = $1", e.ID.String()).Scan(&steps))
	require.Equal(t, err == nil, steps == 1, "steps stay and go with their execution")
	return err == nil
}

func partitions(t *testing.T, db *repo.DB) (n int) {
	t.Helper()
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM pg_class WHERE relname ~ '^(step_)?executions_[0-9]{8}$' AND relkind = 'r'").Scan(&n))
	return n
}

// TestOldDaysAreDropped: whole, once they are older than is kept, to the day.
func TestOldDaysAreDropped(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	madeDays(t, db, 29, 31, 60)
	before := partitions(t, db)
	all := map[int]model.Execution{}
	for _, n := range []int{0, 1, 29, 30, 31, 60} {
		all[n] = recordAt(t, db, tenant, n, model.StatusFailed)
	}
	require.NoError(t, db.NoteRetry(t.Context(), tenant, all[60].ID, model.NewID()))
	require.NoError(t, db.NoteRetry(t.Context(), tenant, all[1].ID, model.NewID()))
	done, err := db.Retain(t.Context(), time.Now(), 0)
	require.NoError(t, err)
	require.Zero(t, done, "0 is for ever")
	done, err = db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	require.Positive(t, done.Partitions)
	require.Zero(t, done.Executions, "none is deleted by itself")
	require.Equal(t, before-done.Partitions, partitions(t, db))
	for n, e := range all {
		require.Equal(t, n <= 30, isThere(t, db, e), "%d days old", n)
	}
	var retries int
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM execution_retries").Scan(&retries))
	require.Equal(t, 1, retries)
	done, err = db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	require.Zero(t, done, "there is nothing more to do")
	late := recordAt(t, db, tenant, 60, model.StatusCompleted) // from a spool
	done, err = db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	require.Equal(t, 2, done.Moved)
	require.False(t, isThere(t, db, late))
}

// TestSubtenantsKeepForTheirOwnTerms: a shorter one is deleted from days that
// others need, a longer one keeps the days.
func TestSubtenantsKeepForTheirOwnTerms(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	madeDays(t, db, 8, 45, 100)
	keep(t, db, "short", ptr(7))
	keep(t, db, "long", ptr(90))
	keep(t, db, "acme", nil)
	all := map[string]map[int]model.Execution{}
	for _, tenant := range []string{"acme", "short", "long"} {
		all[tenant] = map[int]model.Execution{}
		for _, n := range []int{0, 6, 8, 29, 45, 100} {
			all[tenant][n] = recordAt(t, db, tenant, n, model.StatusCompleted)
		}
	}
	running, pending := recordAt(t, db, "short", 45, model.StatusRunning), recordAt(t, db, "short", 8, model.StatusPending)
	_, err := db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	for tenant, days := range map[string]int{"acme": 30, "short": 7, "long": 90} {
		for n, e := range all[tenant] {
			require.Equal(t, n <= days, isThere(t, db, e), "%s, %d days old", tenant, n)
		}
	}
	require.True(t, isThere(t, db, running), "a run under way stays")
	require.True(t, isThere(t, db, pending))

	keep(t, db, "long", ptr(0))
	again := recordAt(t, db, "long", 400, model.StatusCompleted)
	_, err = db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	require.True(t, isThere(t, db, again), "for ever")
	require.NotEqual(t, "executions_default", partitionOf(t, db, "executions WHERE id = '"+again.ID.String()+"'"), "a record outside of the days is moved into its partition")
	require.False(t, isThere(t, db, all["short"][45]))
}

// TestDaysOfRunsThatGoOnStay: with these alone, until they are over.
func TestDaysOfRunsThatGoOnStay(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	madeDays(t, db, 40)
	running, over := recordAt(t, db, tenant, 40, model.StatusRunning), recordAt(t, db, tenant, 40, model.StatusCompleted)
	_, err := db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	require.True(t, isThere(t, db, running))
	require.False(t, isThere(t, db, over))
	running.Status = model.StatusCompleted
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: running}}, "server"))
	_, err = db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	require.False(t, isThere(t, db, running))
}

// TestRetentionGivesWay: neither it nor other statements wait long; the next round removes the partitions that were in use, and completes the work of a server that stopped midway.
func TestRetentionGivesWay(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	madeDays(t, db, 40)
	old := recordAt(t, db, tenant, 40, model.StatusCompleted)
	reader, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	defer reader.Rollback(context.WithoutCancel(t.Context())) //nolint:errcheck // it has nothing to keep
	_, err = reader.Exec(t.Context(), "SELECT count(*) FROM executions")
	require.NoError(t, err)
	done, err := db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	require.Positive(t, done.Busy)
	require.True(t, isThere(t, db, old))
	recordAt(t, db, tenant, 0, model.StatusCompleted) // nothing is locked
	require.NoError(t, reader.Rollback(t.Context()))

	_, err = db.Pool().Exec(t.Context(), "ALTER TABLE executions DETACH PARTITION executions"+old.CreatedAt.UTC().Format("_20060102"))
	require.NoError(t, err) // and then the server died
	holder, err := db.Pool().Acquire(t.Context())
	require.NoError(t, err)
	_, err = holder.Exec(t.Context(), "SELECT pg_advisory_lock(hashtext('maestro.retention'))")
	require.NoError(t, err)
	done, err = db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	require.Equal(t, repo.Retained{Elsewhere: true}, done)
	_, err = holder.Exec(t.Context(), "SELECT pg_advisory_unlock(hashtext('maestro.retention'))")
	require.NoError(t, err)
	holder.Release()
	_, err = db.Retain(t.Context(), time.Now(), 30)
	require.NoError(t, err)
	require.False(t, isThere(t, db, old))
	var left int
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM pg_class WHERE relname LIKE '%executions"+old.CreatedAt.UTC().Format("_20060102")+"'").Scan(&left))
	require.Zero(t, left)
}
