package repo

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// endQueued writes the records of runs that were queued, in a transaction. One
// whose run was taken away from the server that made the record is left out.
func endQueued(ctx context.Context, q *dbsqlc.Queries, records []*model.Record, server string) error {
	var over, again []Handover
	var delays []int64
	for _, r := range records {
		h := Handover{ID: r.Execution.ID, Job: r.Queued.Job}
		if r.Queued.Retry {
			again, delays = append(again, h), append(delays, r.Queued.RetryIn.Microseconds())
		} else {
			over = append(over, h)
		}
	}
	held := make(map[model.ID]bool, len(records))
	if len(over) > 0 {
		if err := hold(held)(q.EndQueued(ctx, idsOf(over), jobsOf(over))); err != nil {
			return err
		}
	}
	if len(again) > 0 {
		if err := hold(held)(q.RequeueRuns(ctx, idsOf(again), jobsOf(again), delays)); err != nil {
			return err
		}
	}
	var kept []*model.Record
	for _, r := range records {
		if !held[r.Execution.ID] {
			continue
		}
		record := *r
		if e := &record.Execution; r.Queued.Retry {
			e.Status, e.Attempt, e.CompletedAt = model.StatusPending, e.Attempt+1, time.Time{}
		}
		kept = append(kept, &record)
	}
	if err := upsertRecords(ctx, q, kept, server); err != nil {
		return err
	}
	for _, r := range kept {
		if e := &r.Execution; e.Trigger == model.TriggerSchedule && !r.Queued.Retry {
			if err := noteScheduleResult(ctx, q, e.Tenant, e.TriggerID, e.ID, e.Status, e.Error); err != nil {
				return err
			}
		}
	}
	return nil
}

func idsOf(all []Handover) []pgtype.UUID { ids, _ := handovers(all); return ids }

func jobsOf(all []Handover) []int64 { _, jobs := handovers(all); return jobs }

func hold(held map[model.ID]bool) func([]pgtype.UUID, error) error {
	return func(ids []pgtype.UUID, err error) error {
		for _, id := range ids {
			held[id.Bytes] = true
		}
		return err
	}
}

// CancelQueued ends an execution that waits and that no server has begun, and
// reports whether there was one.
func (d *DB) CancelQueued(ctx context.Context, tenant string, id model.ID) (cancelled *model.Execution, err error) {
	err = d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if n, err := q.CancelQueued(ctx, tenant, uuid(id)); err != nil || n == 0 {
			return err
		}
		row, err := q.CancelPending(ctx, tenant, uuid(id))
		if noRows(err) {
			return errExecutionNotFound() // its row is gone with its partition
		}
		if err != nil {
			return err
		}
		e := execution(row)
		cancelled = &e
		if e.Trigger == model.TriggerSchedule {
			return noteScheduleResult(ctx, q, tenant, e.TriggerID, e.ID, e.Status, nil)
		}
		return nil
	})
	if err != nil {
		return nil, d.fail(err, "cancel execution %s", id)
	}
	return cancelled, nil
}

// settleBatch is how many runs SettleGone takes at a time.
const settleBatch = 100

const crashMessage = "the server that ran it is gone; whether it did its work is not known"

// SettleGone ends what servers that are gone were running: as crashed, or as
// pending again where the policy says so. What the queue lost for any reason waits again. It
// returns how many runs there were. Any server may call it at any time.
func (d *DB) SettleGone(ctx context.Context) (int, error) {
	settled := 0
	for {
		n := 0
		err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
			rows, err := q.LockAbandoned(ctx, settleBatch)
			n = len(rows)
			for _, row := range rows {
				err = errors.Join(err, settle(ctx, q, row))
			}
			return err
		})
		if err != nil {
			return settled, d.fail(err, "settle the runs of servers that are gone")
		}
		if settled += n; n < settleBatch {
			break
		}
	}
	orphans, err := d.q.ReturnOrphans(ctx)
	if err == nil {
		err = d.q.DeleteRiverJobsOf(ctx)
	}
	return settled + int(orphans), d.fail(err, "return runs that the queue has lost")
}

func settle(ctx context.Context, q *dbsqlc.Queries, row dbsqlc.LockAbandonedRow) error {
	crash := dbsqlc.NoteCrashParams{
		Tenant: row.Tenant, ID: row.ExecutionID, Status: string(model.StatusCrashed), Attempt: row.Attempt, Error: text(crashMessage),
	}
	ids, jobs := []pgtype.UUID{row.ExecutionID}, []int64{*row.Job}
	pause, again := policyOf(row.Policy).Again(int(row.Attempt), model.StatusCrashed, "Crashed")
	if again {
		crash.Status, crash.Attempt = string(model.StatusPending), row.Attempt+1
		if _, err := q.RequeueRuns(ctx, ids, jobs, []int64{pause.Microseconds()}); err != nil {
			return err
		}
		return q.NoteCrash(ctx, crash)
	}
	if _, err := q.EndQueued(ctx, ids, jobs); err != nil {
		return err
	}
	if err := q.NoteCrash(ctx, crash); err != nil || row.TriggerType != string(model.TriggerSchedule) {
		return err
	}
	return noteScheduleResult(ctx, q, row.Tenant, row.TriggerID.Bytes, row.ExecutionID.Bytes, model.StatusCrashed, crash.Error)
}

// CrashRunsOf ends, as crashed, what somebody waited for on servers that are
// gone.
func (d *DB) CrashRunsOf(ctx context.Context, servers ...model.ID) (int, error) {
	if len(servers) == 0 {
		return 0, nil
	}
	n, err := d.q.CrashRunsOf(ctx, crashMessage, each(servers, model.ID.String))
	return int(n), d.fail(err, "settle the runs of servers that are gone")
}
