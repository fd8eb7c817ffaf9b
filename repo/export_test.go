package repo

import (
	"context"

	"github.com/jackc/pgx/v5"

	"maestro/repo/dbsqlc"
)

// Queries lets a test run single queries.
func (d *DB) Queries() *dbsqlc.Queries { return d.q }

// UUID is uuid.
var UUID = uuid

// InQueueTx runs do as statements of the queue are run.
func (d *DB) InQueueTx(ctx context.Context, do func(tx pgx.Tx, q *dbsqlc.Queries) error) error {
	return d.inQueueTx(ctx, do)
}
