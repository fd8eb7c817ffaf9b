package repo

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// SourceTx is a transaction that changes functions, webhooks and schedules of a
// subtenant together. It locks each item that it reads.
//
// Functions come first, by name, then packages, webhooks and schedules: each
// other transaction locks a part of these in the same order.
type SourceTx struct {
	db      *DB
	q       *dbsqlc.Queries
	tx      pgx.Tx
	tenant  string
	changed map[ChangeKind]bool
}

// ChangeSource runs do in a transaction. Two of a subtenant wait for each other,
// and so do changes of its webhooks. When do fails nothing of it is kept.
func (d *DB) ChangeSource(ctx context.Context, tenant string, do func(*SourceTx) error) error {
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		t := &SourceTx{db: d, q: d.q.WithTx(tx), tx: tx, tenant: tenant, changed: map[ChangeKind]bool{}}
		if _, err := t.q.LockSubtenant(ctx, tenant); noRows(err) {
			return errSubtenantNotFound(tenant)
		} else if err != nil {
			return err
		}
		if err := do(t); err != nil {
			return err
		}
		for _, kind := range []ChangeKind{FunctionsChanged, WebhooksChanged, SchedulesChanged} {
			if t.changed[kind] {
				if err := note(ctx, t.q, tenant, kind); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return d.fail(err, "change the source of %s", tenant)
}

// Function locks a function, deleted or not; nil when the name was never used.
func (t *SourceTx) Function(ctx context.Context, name string) (*model.Function, error) {
	f, err := lockFunction(ctx, t.q, t.tenant, name)
	if noRows(err) {
		return nil, nil
	}
	return &f, err
}

// Packages makes the change of packages that the functions need; nil changes
// nothing. It may answer with ErrEnvironmentMoved.
func (t *SourceTx) Packages(ctx context.Context, change *EnvironmentChange) error {
	return applyChange(ctx, t.q, t.tenant, change)
}

// PutFunction makes f the function of its name. before is the result of
// Function; ErrSourceMoved says that the name was created meanwhile.
func (t *SourceTx) PutFunction(ctx context.Context, before *model.Function, f model.Function, by *string) (model.Function, error) {
	t.changed[FunctionsChanged] = true
	var err error
	if f.Lock, err = t.lock(ctx, f.Requirements); err != nil {
		return f, err
	}
	if before == nil {
		made, err := insertFunction(ctx, t.q, t.tenant, f, by)
		if model.CodeOf(err) == model.CodeNameTaken {
			err = ErrSourceMoved
		}
		return made, err
	}
	stored := *before
	if !before.IsActive {
		err := reviveFunction(ctx, t.q, &stored, f, by)
		return stored, err
	}
	copyAttributes(&stored, f)
	newVersion := !sameVersion(*before, f)
	if newVersion {
		copyVersion(&stored, f)
	}
	err = storeFunction(ctx, t.q, &stored, newVersion, by)
	return stored, err
}

// ErrSourceMoved says that an item was changed by another transaction in a way
// that no lock prevents. The transaction has to be repeated.
var ErrSourceMoved = errors.New("the source was changed meanwhile")

// lock is the part of the packages that requirements come to.
func (t *SourceTx) lock(ctx context.Context, requirements []string) (model.Lock, error) {
	if len(requirements) == 0 {
		return nil, nil
	}
	return lockFor(ctx, t.q, t.tenant, requirements)
}

// DeleteFunction makes an active function inactive; its history stays.
func (t *SourceTx) DeleteFunction(ctx context.Context, name string) error {
	t.changed[FunctionsChanged] = true
	n, err := t.q.DeactivateFunction(ctx, t.tenant, name)
	if err != nil || n == 0 {
		return orNotFound(err, errFunctionNotFound(name))
	}
	return nil
}

// Webhook locks the webhook of a method and path; nil when there is none.
func (t *SourceTx) Webhook(ctx context.Context, method, path string) (*model.Webhook, error) {
	row, err := t.q.LockWebhookAt(ctx, t.tenant, method, path)
	if noRows(err) {
		return nil, nil
	}
	w := webhook(row)
	return &w, err
}

// PutWebhook makes w the webhook of its method and path. before is the result of
// Webhook. After an error the transaction goes on without it.
func (t *SourceTx) PutWebhook(ctx context.Context, before *model.Webhook, w model.Webhook) (model.Webhook, error) {
	t.changed[WebhooksChanged] = true
	err := t.part(ctx, func(q *dbsqlc.Queries) (err error) {
		if before == nil {
			w, err = insertWebhook(ctx, q, t.tenant, w)
		} else {
			w, err = storeWebhook(ctx, q, *before, w)
		}
		return err
	})
	return w, err
}

// DeleteWebhook removes a webhook.
func (t *SourceTx) DeleteWebhook(ctx context.Context, id model.ID) error {
	t.changed[WebhooksChanged] = true
	return removeWebhook(ctx, t.q, t.tenant, id)
}

// Schedule locks the schedule of a name; nil when there is none.
func (t *SourceTx) Schedule(ctx context.Context, name string) (*model.Schedule, error) {
	row, err := t.q.LockScheduleOf(ctx, t.tenant, name)
	if noRows(err) {
		return nil, nil
	}
	s := schedule(row.ScheduledJob, row.FunctionThere, row.FunctionOff)
	return &s, err
}

// PutSchedule makes s the schedule of its name. before is the result of Schedule.
// After an error the transaction goes on without it.
func (t *SourceTx) PutSchedule(ctx context.Context, before *model.Schedule, s model.Schedule) (model.Schedule, error) {
	t.changed[SchedulesChanged] = true
	err := t.part(ctx, func(q *dbsqlc.Queries) (err error) {
		if before == nil {
			s, err = insertSchedule(ctx, q, t.tenant, s)
		} else {
			s, err = storeSchedule(ctx, q, *before, s)
		}
		return err
	})
	return s, err
}

// DeleteSchedule removes a schedule.
func (t *SourceTx) DeleteSchedule(ctx context.Context, id model.ID) error {
	t.changed[SchedulesChanged] = true
	n, err := t.q.DeleteSchedule(ctx, t.tenant, uuid(id))
	if err != nil || n == 0 {
		return orNotFound(err, errScheduleNotFound())
	}
	return nil
}

// part runs do in a part of the transaction that can fail by itself.
func (t *SourceTx) part(ctx context.Context, do func(*dbsqlc.Queries) error) error {
	err := pgx.BeginFunc(ctx, t.tx, func(part pgx.Tx) error { return do(t.db.q.WithTx(part)) })
	return t.db.fail(err, "change a part of the source of %s", t.tenant)
}
