package repo_test

import (
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
	for range 10 {
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

	read := func(do func(q *dbsqlc.Queries)) (rows int) {
		require.NoError(t, db.InQueueTx(t.Context(), func(tx pgx.Tx, q *dbsqlc.Queries) error {
			do(q)
			return tx.QueryRow(t.Context(), "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'queued_runs'").Scan(&rows)
		}))
		return rows
	}
	run := newQueued(tenant, "a")
	run.Priority = model.PriorityFirst
	require.NoError(t, db.QueueRuns(t.Context(), nil, run))
	id := []pgtype.UUID{{Bytes: run.Execution.ID, Valid: true}}
	for name, do := range map[string]func(q *dbsqlc.Queries) error{
		"PickRuns": func(q *dbsqlc.Queries) error {
			_, err := q.PickRuns(t.Context(), dbsqlc.PickRunsParams{PerFunction: 5, PerTenant: 5, Ahead: 5, RowLimit: 5})
			return err
		},
		"MayHand": func(q *dbsqlc.Queries) error {
			_, err := q.MayHand(t.Context(), dbsqlc.MayHandParams{Tenant: tenant, FunctionName: "a", ID: id[0], PerFunction: 5, PerTenant: 5, Ahead: 5})
			return err
		},
		"HandRuns": func(q *dbsqlc.Queries) error { return q.HandRuns(t.Context(), []int64{1}, id) },
		"ClaimRuns": func(q *dbsqlc.Queries) error {
			_, err := q.ClaimRuns(t.Context(), dbsqlc.ClaimRunsParams{Ids: id, Jobs: []int64{1}, Server: pgtype.UUID{Bytes: server, Valid: true}})
			return err
		},
		"EndQueued": func(q *dbsqlc.Queries) error {
			_, err := q.EndQueued(t.Context(), id, []int64{1})
			return err
		},
		"RequeueRuns": func(q *dbsqlc.Queries) error {
			_, err := q.RequeueRuns(t.Context(), []int64{0}, id, []int64{1})
			return err
		},
	} {
		require.Less(t, read(func(q *dbsqlc.Queries) { require.NoError(t, do(q)) }), waiting/10, name)
	}
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
