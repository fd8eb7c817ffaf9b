package repo_test

import (
	"context"
	"testing"
	"time"

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
		require.NoError(t, db.QueueRuns(t.Context(), nil, run))
		_, river := dispatched(t, db, repo.Limits{PerFunction: 1, PerTenant: 1, Ahead: 1, AtOnce: 1})
		require.Len(t, river.got, 1)
		claimed, err := db.ClaimRuns(t.Context(), server, river.got, false)
		require.NoError(t, err)
		require.Len(t, claimed, 1)
		for handover, run := range claimed {
			e := run.Execution
			e.Status, e.StartedAt, e.CompletedAt = model.StatusCompleted, time.Now(), time.Now()
			require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: e, Queued: &model.QueuedEnd{Job: handover.Job}}}, "test"))
		}
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
	require.NoError(t, db.QueueRuns(t.Context(), nil, run))
	id := []pgtype.UUID{{Bytes: run.Execution.ID, Valid: true}}
	statements := map[string]func(tx pgx.Tx, q *dbsqlc.Queries) error{
		"PickRuns": func(_ pgx.Tx, q *dbsqlc.Queries) error {
			_, err := q.PickRuns(t.Context(), dbsqlc.PickRunsParams{PerFunction: 5, PerTenant: 5, Ahead: 5, RowLimit: 5})
			return err
		},
		"MayHand": func(_ pgx.Tx, q *dbsqlc.Queries) error {
			_, err := q.MayHand(t.Context(), dbsqlc.MayHandParams{Tenant: tenant, FunctionName: "a", ID: id[0], PerFunction: 5, PerTenant: 5, Ahead: 5})
			return err
		},
		"HandRuns": func(_ pgx.Tx, q *dbsqlc.Queries) error { return q.HandRuns(t.Context(), []int64{1}, id) },
		"ClaimRuns": func(_ pgx.Tx, q *dbsqlc.Queries) error {
			_, err := q.ClaimRuns(t.Context(), dbsqlc.ClaimRunsParams{Ids: id, Jobs: []int64{1}, Server: pgtype.UUID{Bytes: server, Valid: true}})
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
	_, err = db.Pool().Exec(t.Context(), `INSERT INTO queued_runs (execution_id, tenant, function_name, trigger_type, created_at, priority, request, input, state, job)
		SELECT gen_random_uuid(), 'busy', 'b', 'manual', now(), 2, false, '', 'running', 7 FROM generate_series(1, $1)`, waiting)
	require.NoError(t, err)
	for name, rows := range reads() {
		if name != "PickRuns" && name != "MayHand" { // who count what is under way
			require.Less(t, rows, waiting/10, "%s, with many under way", name)
		}
	}
}

// What a crash of the database may take back is only what nobody was told.
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
		require.Equal(t, "15s", shows(session, "idle_in_transaction_session_timeout"), "a frozen server holds nobody up for long")
	}
	require.Equal(t, "on", shows(db.QueuePool(), "synchronous_commit"))
	require.Equal(t, "force_generic_plan", shows(db.QueuePool(), "plan_cache_mode"))
	require.Equal(t, "auto", shows(db.Pool(), "plan_cache_mode"))
	river := &queue{}
	require.NoError(t, db.QueueRuns(t.Context(), nil, newQueued("acme", "f")))
	_, _, err := db.Dispatch(t.Context(), wide, true, func(ctx context.Context, tx pgx.Tx, runs []model.ID) ([]int64, error) {
		require.Equal(t, "off", shows(tx, "synchronous_commit"), "a hand-over that is forgotten was none")
		return river.hand(ctx, tx, runs)
	})
	require.NoError(t, err)
	require.Equal(t, "on", shows(db.QueuePool(), "synchronous_commit"), "the claim waits")
}

// A run that two hand-overs of a batch name is the one's that is the latest,
// wherever it stands.
func TestTwoHandoversOfARun(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server := register(t, db)
	for _, staleFirst := range []bool{true, false} {
		require.NoError(t, db.QueueRuns(t.Context(), nil, newQueued(tenant, "f")))
		_, river := dispatched(t, db, wide)
		batch := []repo.Handover{river.got[0], {ID: river.got[0].ID, Job: river.got[0].Job - 1}}
		if staleFirst {
			batch[0], batch[1] = batch[1], batch[0]
		}
		claimed, err := db.ClaimRuns(t.Context(), server, batch, false)
		require.NoError(t, err)
		require.Len(t, claimed, 1)
		var records []*model.Record
		for _, h := range batch {
			e := claimed[river.got[0]].Execution
			e.Status, e.StartedAt, e.CompletedAt = model.StatusFailed, time.Now(), time.Now()
			if h == river.got[0] {
				e.Status = model.StatusCompleted
			}
			records = append(records, &model.Record{Execution: e, Queued: &model.QueuedEnd{Job: h.Job}})
		}
		require.NoError(t, db.MergeRecords(t.Context(), records, "test"))
		now, _ := status(t, db, tenant, river.got[0].ID)
		require.Equal(t, model.StatusCompleted, now)
	}
}
