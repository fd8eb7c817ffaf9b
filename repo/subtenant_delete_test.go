package repo_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// more is above the size of a batch.
const more = 1100

func TestDeletionTakesEverythingOfThatSubtenantAlone(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	populate(t, db, tenant)
	populate(t, db, "zenith")
	kept := snapshot(t, db.Pool(), "zenith")
	var records []*model.Record
	for i := range more { // over several days, and some that no partition awaits
		e := execution(tenant, time.Now().Add(-time.Duration(i)*time.Hour))
		records = append(records, &model.Record{Execution: e, Steps: []model.Step{stepOf(e, 1), stepOf(e, 2)}})
	}
	require.NoError(t, db.CopyRecords(t.Context(), records, ""))

	// A new table goes by a foreign key, or in batches and is named here.
	goes := append(cascading(t, db), "function_versions", "function_blames", "executions", "step_executions", "idempotency_keys", "queued_runs", "schedule_late_results",
		"alert_signals", "alert_problems", "alert_deliveries", "run_sums", "call_sums", "run_marks", "webhook_refusals")
	require.ElementsMatch(t, append(goes, "changes", "public_segments"), ownedTables(t, db))

	require.NoError(t, db.DeleteSubtenant(t.Context(), tenant))
	for _, table := range ownedTables(t, db) {
		if table != "changes" && table != "public_segments" {
			require.Zero(t, count(t, db, table, tenant), table)
		}
	}
	require.Equal(t, kept, snapshot(t, db.Pool(), "zenith"))
}

func TestInterruptedDeletionIsFinishedLater(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	populate(t, db, tenant)
	// Another transaction holds a row that the purge wants, for longer than the caller waits.
	tx, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT 1 FROM executions WHERE tenant = $1 FOR UPDATE", tenant)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	deleted := make(chan error, 1)
	go func() { deleted <- db.DeleteSubtenant(ctx, tenant) }()
	waitsForALock(t, db)
	cancel()
	require.NoError(t, <-deleted, "the subtenant is deleted all the same")
	require.NoError(t, tx.Rollback(t.Context()))
	_, err = db.Subtenant(t.Context(), tenant)
	requireCode(t, model.CodeSubtenantNotFound, err)
	require.Equal(t, 2, count(t, db, "executions", tenant), "the one that is over and the one that waits")

	require.NoError(t, db.PurgeDeletedSubtenants(t.Context()))
	require.Zero(t, count(t, db, "executions", tenant))
	require.Zero(t, count(t, db, "step_executions", tenant))
}

func TestLateRecordsOfADeletedSubtenantAreTakenAway(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	require.NoError(t, db.DeleteSubtenant(t.Context(), tenant))
	late := execution(tenant, time.Now())
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: late}}, ""))
	require.NoError(t, db.PurgeDeletedSubtenants(t.Context()))
	require.Zero(t, count(t, db, "executions", tenant))

	unpurged := func() (n int) {
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM deleted_subtenants WHERE purged_at IS NULL").Scan(&n))
		return n
	}
	require.Equal(t, 1, unpurged(), "more may come for a day")
	_, err := db.Pool().Exec(t.Context(), "UPDATE deleted_subtenants SET deleted_at = now() - interval '25 hours'")
	require.NoError(t, err)
	require.NoError(t, db.PurgeDeletedSubtenants(t.Context()))
	require.Zero(t, unpurged())
}

// A creation that waits for the deletion of a namesake began before the id was
// remembered as used.
func TestIDIsNotGivenAgainDuringItsDeletion(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	hold, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	q := db.Queries().WithTx(hold)
	require.NoError(t, q.RememberDeletedSubtenant(t.Context(), tenant))
	_, err = q.DeleteSubtenant(t.Context(), tenant)
	require.NoError(t, err)
	created := make(chan error, 1)
	go func() {
		_, err := db.CreateSubtenant(t.Context(), tenant, nil)
		created <- err
	}()
	waitsForALock(t, db)
	require.NoError(t, hold.Commit(t.Context()))
	requireCode(t, model.CodeNameTaken, <-created)
}

func TestSubtenantGetsAnIDOfTheServersMaking(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	made, err := db.CreateSubtenant(t.Context(), "", nil)
	require.NoError(t, err)
	require.Regexp(t, `^[a-z0-9][a-z0-9-]{0,62}$`, made.ID)
}

// waitsForALock returns once a connection to the test's database does.
func waitsForALock(t *testing.T, db *repo.DB) {
	t.Helper()
	require.Eventually(t, func() bool {
		var waiting bool
		err := db.Pool().QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
		return err == nil && waiting
	}, 20*time.Second, 5*time.Millisecond)
}

func count(t *testing.T, db *repo.DB, table, tenant string) (n int) {
	t.Helper()
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM "+table+" WHERE tenant = $1", tenant).Scan(&n))
	return n
}

// ownedTables are the tables whose rows belong to a subtenant, as the database
// itself lists them: a new one is not forgotten.
func ownedTables(t *testing.T, db *repo.DB) []string {
	t.Helper()
	rows, err := db.Pool().Query(t.Context(), `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE a.attname = 'tenant' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, tables, "step_executions")
	return tables
}

// cascading are the tables whose rows go with their subtenant's.
func cascading(t *testing.T, db *repo.DB) []string {
	t.Helper()
	rows, err := db.Pool().Query(t.Context(), `SELECT conrelid::regclass::text FROM pg_constraint
		WHERE contype = 'f' AND confrelid = 'subtenants'::regclass AND confdeltype = 'c'`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return tables
}
