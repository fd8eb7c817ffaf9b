package repo

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"maestro/repo/dbsqlc"
)

// What waits can be nothing now and ten thousand runs a second later: a plan
// that is kept from when there was nothing would read the whole table for each
// run. To plan a statement for each use takes three times as long as to run it.

// queueBegin begins a transaction whose statements are planned once for each
// connection, as if the tables were large: each of them has an index for what it
// looks for, and takes from it what it wants and no more.
const queueBegin = "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off"

// inQueueTx runs do in a transaction for statements of the queue that run often.
// Elsewhere they are run through ofQueue alone: a plan that is kept is that of
// whoever needed it first.
func (d *DB) inQueueTx(ctx context.Context, do func(tx pgx.Tx, q *dbsqlc.Queries) error) error {
	return pgx.BeginTxFunc(ctx, d.pool, pgx.TxOptions{BeginQuery: queueBegin}, func(tx pgx.Tx) error { return do(tx, d.q.WithTx(tx)) })
}

// plannedAnew has each statement planned when it is run: those that run seldom.
type plannedAnew struct{ dbsqlc.DBTX }

// ofQueue are the queries for queued_runs outside of inQueueTx.
func ofQueue(db dbsqlc.DBTX) *dbsqlc.Queries { return dbsqlc.New(plannedAnew{db}) }

func (p plannedAnew) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return p.DBTX.Exec(ctx, sql, anew(args)...)
}

func (p plannedAnew) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return p.DBTX.Query(ctx, sql, anew(args)...)
}

func (p plannedAnew) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return p.DBTX.QueryRow(ctx, sql, anew(args)...)
}

func anew(args []any) []any { return append([]any{pgx.QueryExecModeCacheDescribe}, args...) }
