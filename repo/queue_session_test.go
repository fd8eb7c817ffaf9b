package repo_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
	"maestro/repo/dbsqlc"
)

// The plans that a connection keeps are from when nothing waited. They read no
// more than what they are for when very much does.
func TestPlansOfTheQueueOutliveItsGrowth(t *testing.T) {
	t.Parallel()
	db, err := repo.Open(t.Context(), testkit.DatabaseURL(t), repo.Options{MaxConns: 1})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	const tenant = "acme"
	_, err = db.EnsureSubtenant(t.Context(), tenant)
	require.NoError(t, err)
	server := register(t, db)
	cycle := func() {
		run := newQueued(tenant, "a") // before all others
		run.Priority = model.PriorityFirst
		require.NoError(t, db.Enqueue(t.Context(), nil, run))
		running := claimRuns(t, db, server, repo.Limits{PerFunction: 1, PerTenant: 1, Room: 1})
		require.Len(t, running, 1)
		require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{ended(running[0], running[0].Claim, model.StatusCompleted)}, "test"))
	}
	for range 3 {
		cycle()
	}
	_, err = db.Pool().Exec(t.Context(), "VACUUM ANALYZE queued_runs") // there is nothing now, and all plans are made anew
	require.NoError(t, err)
	for range 3 {
		cycle()
	}
	const waiting = 5000
	_, err = db.Pool().Exec(t.Context(), `INSERT INTO queued_runs (execution_id, tenant, function_name, trigger_type, created_at, priority, request, input)
		SELECT gen_random_uuid(), $1, 'b', 'manual', now(), 2, false, '' FROM generate_series(1, $2)`, tenant, waiting)
	require.NoError(t, err)
	_, err = db.Pool().Exec(t.Context(), "ANALYZE queued_runs") // new plans are made with that
	require.NoError(t, err)
	for range 3 {
		cycle()
	}

	read := func(do func(tx pgx.Tx, q *dbsqlc.Queries)) (rows int) {
		require.NoError(t, db.InQueueTx(t.Context(), func(tx pgx.Tx, q *dbsqlc.Queries) error {
			// The figures may be of more than this transaction.
			const soFar = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'queued_runs'"
			var before int
			require.NoError(t, tx.QueryRow(t.Context(), soFar).Scan(&before))
			do(tx, q)
			require.NoError(t, tx.QueryRow(t.Context(), soFar).Scan(&rows))
			rows -= before
			return nil
		}))
		return rows
	}
	run := newQueued(tenant, "a")
	run.Priority = model.PriorityFirst
	require.NoError(t, db.Enqueue(t.Context(), nil, run))
	id := []pgtype.UUID{{Bytes: run.Execution.ID, Valid: true}}
	statements := map[string]func(tx pgx.Tx, q *dbsqlc.Queries) error{
		"ClaimRuns": func(_ pgx.Tx, q *dbsqlc.Queries) error {
			_, err := q.ClaimRuns(t.Context(), dbsqlc.ClaimRunsParams{PerFunction: 5, PerTenant: 5, Room: 5, Server: pgtype.UUID{Bytes: server, Valid: true}})
			return err
		},
		"ConfirmClaims": func(_ pgx.Tx, q *dbsqlc.Queries) error {
			_, err := q.ConfirmClaims(t.Context(), id, pgtype.UUID{Bytes: server, Valid: true})
			return err
		},
		"the end": func(tx pgx.Tx, _ *dbsqlc.Queries) error {
			return repo.EndQueued(t.Context(), tx, []*model.Record{ended(run, 1, model.StatusCompleted)})
		},
		"the end of an attempt": func(tx pgx.Tx, _ *dbsqlc.Queries) error {
			failed := ended(run, 1, model.StatusFailed)
			failed.Queued.Retry = true
			return repo.EndQueued(t.Context(), tx, []*model.Record{failed})
		},
	}
	reads := func() map[string]int {
		rows := map[string]int{}
		for name, do := range statements {
			rows[name] = read(func(tx pgx.Tx, q *dbsqlc.Queries) { require.NoError(t, do(tx, q)) })
		}
		return rows
	}
	for name, rows := range reads() {
		require.Less(t, rows, waiting/10, name)
	}
	_, err = db.Pool().Exec(t.Context(), `INSERT INTO queued_runs (execution_id, tenant, function_name, trigger_type, created_at, priority, request, input, claim, server)
		SELECT gen_random_uuid(), 'busy', 'b', 'manual', now(), 2, false, '', 7, gen_random_uuid() FROM generate_series(1, $1)`, waiting)
	require.NoError(t, err)
	for name, rows := range reads() {
		if name != "ClaimRuns" { // which counts the running ones
			require.Less(t, rows, waiting/10, "%s, with many running", name)
		}
	}
}

// What a crash of the database may take back is notifications alone.
func TestWhatWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	type shower interface {
		QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	}
	shows := func(session shower, setting string) (value string) {
		require.NoError(t, session.QueryRow(t.Context(), "SHOW "+setting).Scan(&value))
		return value
	}
	require.Equal(t, "on", shows(db.Pool(), "synchronous_commit"))
	require.Equal(t, "off", shows(db.RiverPool(), "synchronous_commit"))
	for _, session := range []shower{db.Pool(), db.QueuePool(), db.RiverPool()} {
		require.Equal(t, "15s", shows(session, "idle_in_transaction_session_timeout"), "a frozen server delays the others for a short time only")
	}
	require.Equal(t, "on", shows(db.QueuePool(), "synchronous_commit"))
	require.Equal(t, "force_generic_plan", shows(db.QueuePool(), "plan_cache_mode"))
	require.Equal(t, "auto", shows(db.Pool(), "plan_cache_mode"))
}

// Of two records of one run in a batch, the one with the latest claim ends it, in
// any order.
func TestTwoEndsOfARun(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server := register(t, db)
	for _, staleFirst := range []bool{true, false} {
		run := begun(t, db, server, newQueued(tenant, "f"))[0]
		records := []*model.Record{ended(run, run.Claim, model.StatusCompleted), ended(run, run.Claim-1, model.StatusFailed)}
		if staleFirst {
			records[0], records[1] = records[1], records[0]
		}
		require.NoError(t, db.MergeRecords(t.Context(), records, "test"))
		now, _ := status(t, db, tenant, run.Execution.ID)
		require.Equal(t, model.StatusCompleted, now)
	}
}
