package repo

import (
	"context"

	"github.com/jackc/pgx/v5"

	"maestro/internal/model"
)

// Tx is the transaction in which schedules are started. Its changes take effect
// with its commit.
type Tx struct {
	db *DB
	tx pgx.Tx
}

// Enqueue stores runs as pending, all or none of them.
func (t Tx) Enqueue(ctx context.Context, runs ...model.QueuedRun) error {
	return t.db.Enqueue(ctx, t.tx, runs...)
}

// QueuedOf counts the runs of a schedule that are pending or running.
func (t Tx) QueuedOf(ctx context.Context, tenant string, schedule model.ID) (int, error) {
	return t.db.QueuedOf(ctx, t.tx, tenant, schedule)
}

// Part runs do in a part of the transaction that can fail by itself: then
// nothing of that part is kept, and the transaction goes on.
func (t Tx) Part(ctx context.Context, do func(Tx) error) error {
	return pgx.BeginFunc(ctx, t.tx, func(part pgx.Tx) error { return do(Tx{t.db, part}) })
}

// SQL gives direct access for parts that bring their own SQL, as DB.Pool does.
func (t Tx) SQL() pgx.Tx { return t.tx }
