package repo

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Hand gives runs to the queue, as part of tx, and returns the numbers of their
// hand-overs in the same order.
type Hand func(ctx context.Context, tx pgx.Tx, runs []model.ID) ([]int64, error)

// atOnce is how Enqueue hands over by itself.
type atOnce struct {
	limits Limits
	hand   Hand
	wanted func() bool
	one    sync.Mutex // held by the Enqueue that does; the others don't wait for it
}

// HandAtOnce lets Enqueue hand a run over in the transaction that stores it,
// while wanted says that this may be worth trying: wherever the dispatcher would
// hand it over next, with these limits, and without waiting for anyone. A nil
// hand ends that.
func (d *DB) HandAtOnce(limits Limits, hand Hand, wanted func() bool) {
	if hand == nil {
		d.atOnce.Store(nil)
		return
	}
	d.atOnce.Store(&atOnce{limits: limits, hand: hand, wanted: wanted})
}

// Enqueue stores a run as pending, and reports whether it was handed over with
// that (HandAtOnce).
func (d *DB) Enqueue(ctx context.Context, run model.QueuedRun) (handed bool, err error) {
	now := d.atOnce.Load()
	if now == nil || run.Delay > 0 || !now.wanted() || !now.one.TryLock() {
		return false, d.QueueRuns(ctx, nil, run)
	}
	defer now.one.Unlock()
	err = d.inQueueTx(ctx, func(tx pgx.Tx, q *dbsqlc.Queries) error {
		if err := queueRuns(ctx, tx, []model.QueuedRun{run}); err != nil {
			return err
		}
		handed, err = now.try(ctx, tx, q, run)
		return err
	})
	return handed && err == nil, d.fail(err, "queue a run")
}

// try hands a run over that tx has stored, unless a dispatcher is at work or
// would not do so, and reports whether it did.
func (a *atOnce) try(ctx context.Context, tx pgx.Tx, q *dbsqlc.Queries, run model.QueuedRun) (bool, error) {
	// Until the commit nobody else hands over: what MayHand counts, with a
	// snapshot taken after the lock, stays true.
	alone, err := q.TryLockDispatch(ctx)
	if err != nil || !alone {
		return false, err
	}
	e := &run.Execution
	may, err := q.MayHand(ctx, dbsqlc.MayHandParams{
		Tenant: e.Tenant, FunctionName: e.FunctionName, ID: uuid(e.ID),
		PerFunction: int32(a.limits.PerFunction), PerTenant: int32(a.limits.PerTenant), PerServer: int32(a.limits.PerServer),
		Ahead: int32(a.limits.Ahead),
	})
	if err != nil || !may {
		return false, err
	}
	jobs, err := a.hand(ctx, tx, []model.ID{e.ID})
	if err != nil {
		return false, err
	}
	return true, handRuns(ctx, q, []pgtype.UUID{uuid(e.ID)}, jobs)
}
