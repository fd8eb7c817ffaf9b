package repo

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Limits say how many runs ClaimRuns may claim.
type Limits struct {
	PerFunction int // running runs of one function, on all servers, unless its own limit is lower; the queue has no other than PerTenant
	PerTenant   int // running runs of one subtenant, on all servers
	Room        int // in this call
}

// MakeDue makes those runs due whose time has come, and reports whether any run
// is: mostly there is none, which is found out without a lock.
func (d *DB) MakeDue(ctx context.Context) (bool, error) {
	due, err := dbsqlc.New(d.queue).MakeDue(ctx)
	return due, d.fail(err, "look for runs that are due")
}

// RestartPauses begins the pauses of delayed runs anew if the database's clock was
// put back during them: they would last longer by that time.
func (d *DB) RestartPauses(ctx context.Context) error {
	_, err := ofQueue(d.pool).PauseAnew(ctx)
	return d.fail(err, "begin pauses anew")
}

// ClaimRuns claims due runs for a server, within limits and fairly between
// subtenants, and returns them in the order in which they are to begin. A server
// that was declared gone gets none. With an error it returns the runs whose claim
// may have been committed: ConfirmClaims tells which were.
func (d *DB) ClaimRuns(ctx context.Context, server model.ID, limits Limits) (claimed []model.QueuedRun, err error) {
	err = pgx.BeginTxFunc(ctx, d.queue, pgx.TxOptions{BeginQuery: beginClaims}, func(tx pgx.Tx) error {
		rows, err := d.q.WithTx(tx).ClaimRuns(ctx, dbsqlc.ClaimRunsParams{
			PerFunction: int32(limits.PerFunction), PerTenant: int32(limits.PerTenant), Room: int32(limits.Room), Server: uuid(server),
		})
		claimed = each(rows, queuedRun)
		return err
	})
	return claimed, d.fail(err, "claim runs")
}

func queuedRun(r dbsqlc.ClaimRunsRow) model.QueuedRun {
	return model.QueuedRun{
		Execution: model.Execution{
			ID: r.ExecutionID.Bytes, Tenant: r.Tenant, FunctionName: r.FunctionName, Trigger: model.Trigger(r.TriggerType),
			TriggerID: r.TriggerID.Bytes, ParentID: r.ParentID.Bytes, CreatedAt: r.CreatedAt, Attempt: int(r.Attempt),
		},
		Input: r.Input, Request: r.Request, Priority: int(r.Priority), Policy: policyOf(r.Policy), Chain: int(r.Chain), Claim: *r.Claim, Due: r.DueAt,
		Cancelled: r.Cancelled,
	}
}

// ConfirmClaims returns those of runs whose claims by server are committed.
func (d *DB) ConfirmClaims(ctx context.Context, server model.ID, runs []model.QueuedRun) ([]model.QueuedRun, error) {
	ids := each(runs, func(r model.QueuedRun) pgtype.UUID { return uuid(r.Execution.ID) })
	rows, err := dbsqlc.New(d.queue).ConfirmClaims(ctx, ids, uuid(server))
	committed := make(map[model.ID]int64, len(rows))
	for _, row := range rows {
		committed[row.ExecutionID.Bytes] = *row.Claim
	}
	unsure := func(run model.QueuedRun) bool { return committed[run.Execution.ID] != run.Claim }
	return slices.DeleteFunc(slices.Clone(runs), unsure), d.fail(err, "confirm %d claims", len(runs))
}

// ReleaseRun has a claimed run that was not begun wait again, for delay at least.
func (d *DB) ReleaseRun(ctx context.Context, id model.ID, claim int64, delay time.Duration) error {
	return d.fail(ofQueue(d.pool).ReleaseRun(ctx, delay.Microseconds(), uuid(id), &claim), "release run %s", id)
}
