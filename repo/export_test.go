package repo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Queries lets a test run single queries.
func (d *DB) Queries() *dbsqlc.Queries { return d.q }

// UUID is uuid.
var UUID = uuid

// QueuePool has the queue's sessions.
func (d *DB) QueuePool() *pgxpool.Pool { return d.queue }

// InQueueTx runs do as statements of the queue are run.
func (d *DB) InQueueTx(ctx context.Context, do func(tx pgx.Tx, q *dbsqlc.Queries) error) error {
	return d.inQueueTx(ctx, do)
}

// EndQueued ends runs of the queue, as part of tx.
func EndQueued(ctx context.Context, tx pgx.Tx, records []*model.Record) error {
	_, err := endQueued(ctx, tx, records, "test")
	return err
}

// PlanOfSums is how the database would add the executions from one id up to another to the sums.
func PlanOfSums(ctx context.Context, tx pgx.Tx, from, before model.ID) ([]string, error) {
	if err := planSums(ctx, tx); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, "EXPLAIN (COSTS OFF) "+sumSlice, uuid(from), uuid(before), time.Now().Add(-SumsKept))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// PoolOf is one of the pools by name.
func (d *DB) PoolOf(name string) *pgxpool.Pool {
	return map[string]*pgxpool.Pool{"main": d.pool, "lists": d.listPool, "directory": d.directoryPool, "queue": d.queue}[name]
}

// Columns are the columns that are described, by table, as "name type".
func Columns() map[string][]string {
	return map[string][]string{executionTable.name: columnsOf(&executionTable), stepTable.name: columnsOf(&stepTable)}
}

func columnsOf[Row any](t *table[Row]) []string {
	return each(t.columns, func(c column[Row]) string { return c.name + " " + c.kind })
}
