package repo

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"maestro/repo/dbsqlc"
)

// plannedAnew has each statement planned when it is run. What waits can be
// nothing now and ten thousand runs a second later: a plan that is kept from when
// there was nothing reads the whole table for each run.
type plannedAnew struct{ dbsqlc.DBTX }

// ofQueue are the queries for queued_runs.
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
