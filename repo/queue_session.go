package repo

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"maestro/repo/dbsqlc"
)

// How many connections of each kind a DB has at most. The queue's are for one that
// claims and those that end; River's for one that notifies and its upkeep. (One more
// that listens it keeps for itself.)
const (
	queueConns = 4
	riverConns = 2
)

// queueSession is for the queue's statements that run for each batch of runs: they
// are planned once for each connection, as if the tables were large. Each of
// them has an index for what it looks for, and takes from it what it wants and no
// more. The queue can be empty now and hold ten thousand runs a second later: a plan
// that is kept from when there was nothing would read the whole table for each run;
// and to plan a statement for each use takes three times as long as to run it.
var queueSession = []setting{
	{"plan_cache_mode", "force_generic_plan"}, {"enable_seqscan", "off"}, {"enable_bitmapscan", "off"}, {"jit", "off"},
}

// riverSession is for River's own statements, which don't wait for the disk: they
// notify, and remember nothing.
var riverSession = []setting{{"synchronous_commit", "off"}}

// RiverPool is for River. The DB still owns it.
func (d *DB) RiverPool() *pgxpool.Pool { return d.river }

// inQueueTx runs do in a transaction for statements that are planned once.
func (d *DB) inQueueTx(ctx context.Context, do func(tx pgx.Tx, q *dbsqlc.Queries) error) error {
	return pgx.BeginFunc(ctx, d.queue, func(tx pgx.Tx) error { return do(tx, d.q.WithTx(tx)) })
}

// beginClaims begins a transaction that claims runs. One server at a time does:
// what it counts stays true until its commit.
const beginClaims = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('maestro.claims'))"

// plannedAnew has each statement planned when it is run: those that run seldom, on
// sessions where a plan that is kept would be that of its first use.
type plannedAnew struct{ dbsqlc.DBTX }

// ofQueue are the queries for queued_runs outside of the queue's sessions.
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
