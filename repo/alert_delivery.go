package repo

import (
	"context"
	"encoding/json"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// DeliveryStatus is the state of a message.
type DeliveryStatus string

// The states. Pending is followed by one of the others.
const (
	DeliveryPending   DeliveryStatus = "pending"
	DeliveryDelivered DeliveryStatus = "delivered"
	DeliveryFailed    DeliveryStatus = "failed" // given up
)

// Delivery is a message on its way to its receiver.
type Delivery struct {
	ID            model.ID
	Tenant, Type  string
	Problem       string // messages of one problem are delivered in their order
	Function      string // that it is about; empty: none
	Payload       json.RawMessage
	Status        DeliveryStatus
	Attempts      int
	NextAt        time.Time // of the next attempt, or when the present one counts as broken off
	Target        string    // of the last attempt, for people
	StatusCode    int       // that the receiver answered with last; 0: it gave no answer
	Error         string    // of the last attempt; empty: none
	CreatedAt     time.Time
	LastAttemptAt time.Time
	EndedAt       time.Time

	Notify json.RawMessage // of a claimed one: the setting that holds for the function; null: none
}

// DeliveryClaim says which messages a server takes.
type DeliveryClaim struct {
	Now, Until      time.Time // the attempts count as broken off after Until
	Room, PerTenant int       // how many at most, and of each subtenant
	Busy            []string  // subtenants of which it takes none
}

// InsertDelivery stores a message whose first attempt its caller makes, until NextAt.
func (d *DB) InsertDelivery(ctx context.Context, delivery Delivery) (Delivery, error) {
	made, err := insertDelivery(ctx, d.q, delivery)
	return made, d.fail(err, "store a message")
}

func insertDelivery(ctx context.Context, q *dbsqlc.Queries, v Delivery) (Delivery, error) {
	row, err := q.InsertDelivery(ctx, dbsqlc.InsertDeliveryParams{
		ID: uuid(v.ID), Tenant: v.Tenant, Type: v.Type, Problem: v.Problem, FunctionName: text(v.Function), Payload: v.Payload,
		Attempts: int32(v.Attempts), NextAt: v.NextAt, Target: text(v.Target), CreatedAt: v.CreatedAt, LastAttemptAt: moment(v.LastAttemptAt),
	})
	return delivery(row), err
}

// ClaimDeliveries returns messages that are due, which the caller attempts to deliver.
func (d *DB) ClaimDeliveries(ctx context.Context, claim DeliveryClaim) ([]Delivery, error) {
	rows, err := d.q.ClaimDeliveries(ctx, dbsqlc.ClaimDeliveriesParams{
		Now: claim.Now, Busy: tagsOf(claim.Busy), PerTenant: int32(claim.PerTenant), Room: int32(claim.Room), Until: claim.Until,
	})
	return each(rows, func(row dbsqlc.ClaimDeliveriesRow) Delivery {
		made := delivery(dbsqlc.AlertDelivery{
			ID: row.ID, Seq: row.Seq, Tenant: row.Tenant, Type: row.Type, Problem: row.Problem, FunctionName: row.FunctionName, Payload: row.Payload,
			Status: row.Status, Attempts: row.Attempts, NextAt: row.NextAt, Target: row.Target, StatusCode: row.StatusCode, Error: row.Error,
			CreatedAt: row.CreatedAt, LastAttemptAt: row.LastAttemptAt, EndedAt: row.EndedAt,
		})
		made.Notify = row.Notify
		return made
	}), d.fail(err, "claim messages")
}

// EndAttempt stores what became of the attempt that v counts: its Status, NextAt,
// Target, StatusCode and Error. It is false when the attempt counted as broken off
// before, and another one has begun.
func (d *DB) EndAttempt(ctx context.Context, v *Delivery, now time.Time) (bool, error) {
	var code *int32
	if v.StatusCode != 0 {
		short := int32(v.StatusCode)
		code = &short
	}
	n, err := d.q.EndAttempt(ctx, dbsqlc.EndAttemptParams{
		Status: string(v.Status), NextAt: v.NextAt, Target: text(v.Target), StatusCode: code, Error: text(v.Error), Now: now,
		Tenant: v.Tenant, ID: uuid(v.ID), Attempt: int32(v.Attempts),
	})
	return n > 0, d.fail(err, "note the delivery of message %s", v.ID)
}

// ReleaseAttempt lets another server make the attempt that v counts, at once.
func (d *DB) ReleaseAttempt(ctx context.Context, v *Delivery, now time.Time) error {
	err := d.q.ReleaseAttempt(ctx, dbsqlc.ReleaseAttemptParams{Now: now, Tenant: v.Tenant, ID: uuid(v.ID), Attempt: int32(v.Attempts)})
	return d.fail(err, "release message %s", v.ID)
}

// DeliveryFilter narrows ListDeliveries.
type DeliveryFilter struct {
	Function string
	Status   DeliveryStatus
	Page
}

// ListDeliveries returns the messages of a subtenant, newest first, and the cursor of
// the next page.
func (d *DB) ListDeliveries(ctx context.Context, tenant string, filter DeliveryFilter) ([]Delivery, string, error) {
	before := model.FirstIDOf(now().AddDate(1, 0, 0))
	if filter.Cursor != "" {
		after, err := filter.after(1)
		if err != nil {
			return nil, "", err
		}
		if before, err = model.ParseID(after[0]); err != nil {
			return nil, "", errBadCursor()
		}
	}
	rows, err := d.listDeliveries(ctx, filter.Brief, dbsqlc.ListDeliveriesParams{
		Tenant: tenant, Before: uuid(before), FunctionName: text(filter.Function), Status: text(string(filter.Status)),
		RowOffset: int32(filter.Offset), RowLimit: filter.limit(),
	})
	if err != nil {
		return nil, "", d.fail(err, "list messages of %s", tenant)
	}
	rows, next := cut(filter.Page, rows, func(r dbsqlc.AlertDelivery) []string { return []string{model.ID(r.ID.Bytes).String()} })
	return each(rows, delivery), next, nil
}

// listDeliveries reads messages, brief ones without their payloads.
func (d *DB) listDeliveries(ctx context.Context, brief bool, params dbsqlc.ListDeliveriesParams) ([]dbsqlc.AlertDelivery, error) {
	if !brief {
		return d.catalog.ListDeliveries(ctx, params)
	}
	rows, err := d.catalog.ListBriefDeliveries(ctx, dbsqlc.ListBriefDeliveriesParams(params))
	return each(rows, func(r dbsqlc.ListBriefDeliveriesRow) dbsqlc.AlertDelivery {
		return dbsqlc.AlertDelivery{
			ID: r.ID, Tenant: r.Tenant, Type: r.Type, Problem: r.Problem, FunctionName: r.FunctionName, Status: r.Status, Attempts: r.Attempts,
			NextAt: r.NextAt, Target: r.Target, StatusCode: r.StatusCode, Error: r.Error, CreatedAt: r.CreatedAt, LastAttemptAt: r.LastAttemptAt, EndedAt: r.EndedAt,
		}
	}), err
}

// CountTests is how many test messages a subtenant has sent since a moment.
func (d *DB) CountTests(ctx context.Context, tenant string, since time.Time) (int, error) {
	n, err := d.q.CountTests(ctx, tenant, uuid(model.FirstIDOf(since)))
	return int(n), d.fail(err, "count the test messages of %s", tenant)
}

// DeleteOldAlerts forgets messages that ended 30 days ago, and problems that are over.
// Call it every hour.
func (d *DB) DeleteOldAlerts(ctx context.Context) error {
	err := d.q.DeleteOldDeliveries(ctx)
	if err == nil {
		err = d.q.DeleteOldProblems(ctx)
	}
	return d.fail(err, "delete old messages")
}

func delivery(row dbsqlc.AlertDelivery) Delivery {
	v := Delivery{
		ID: row.ID.Bytes, Tenant: row.Tenant, Type: row.Type, Problem: row.Problem, Function: wordOf(row.FunctionName), Payload: row.Payload,
		Status: DeliveryStatus(row.Status), Attempts: int(row.Attempts), NextAt: row.NextAt, Target: wordOf(row.Target), Error: wordOf(row.Error),
		CreatedAt: row.CreatedAt, LastAttemptAt: timeOf(row.LastAttemptAt), EndedAt: timeOf(row.EndedAt),
	}
	if row.StatusCode != nil {
		v.StatusCode = int(*row.StatusCode)
	}
	return v
}
