package repo

import (
	"context"
	"strings"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// RefusalsKept is how many rows of refused calls a webhook keeps, the newest.
const RefusalsKept = 50

// Refusal stands for the calls of a webhook from one address that were refused for one
// reason in one minute.
type Refusal struct {
	ID        model.ID // made from the minute
	Tenant    string
	WebhookID model.ID
	Minute    time.Time
	Reason    string
	Address   string // of the sender; "": of others than those with rows of their own
	Calls     int64
	LastAt    time.Time
	Method    string   // of the last call
	Headers   []string // the names of its headers
}

// AddRefusals records refused calls: a row of the same minute, reason and address is added
// to. Those of webhooks that are gone are left out, and old rows give way to new ones.
func (d *DB) AddRefusals(ctx context.Context, all []Refusal) error {
	if len(all) == 0 {
		return nil
	}
	var p dbsqlc.AddRefusalsParams
	for i := range all {
		r := &all[i]
		p.Ids, p.Tenants, p.WebhookIds = append(p.Ids, uuid(r.ID)), append(p.Tenants, r.Tenant), append(p.WebhookIds, uuid(r.WebhookID))
		p.Minutes, p.LastAts, p.Calls = append(p.Minutes, r.Minute), append(p.LastAts, r.LastAt), append(p.Calls, r.Calls)
		p.Reasons, p.Addresses, p.Methods = append(p.Reasons, r.Reason), append(p.Addresses, r.Address), append(p.Methods, r.Method)
		p.Headers = append(p.Headers, strings.Join(r.Headers, ","))
	}
	return d.fail(d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if err := q.AddRefusals(ctx, p); err != nil {
			return err
		}
		return q.TrimRefusals(ctx, p.WebhookIds, RefusalsKept)
	}), "record refused calls of webhooks")
}

// ListRefusals returns the refused calls of a webhook, newest first, and the cursor of the
// next page, or CodeWebhookNotFound.
func (d *DB) ListRefusals(ctx context.Context, tenant string, webhookID model.ID, page Page) ([]Refusal, string, error) {
	before := lastID
	if page.Cursor != "" {
		after, err := page.after(1)
		if err != nil {
			return nil, "", err
		}
		if before, err = model.ParseID(after[0]); err != nil {
			return nil, "", errBadCursor()
		}
	}
	if _, err := d.Webhook(ctx, tenant, webhookID); err != nil {
		return nil, "", err
	}
	rows, err := d.catalog.ListRefusals(ctx, dbsqlc.ListRefusalsParams{
		Tenant: tenant, WebhookID: uuid(webhookID), Before: uuid(before), RowOffset: int32(page.Offset), RowLimit: page.limit(),
	})
	if err != nil {
		return nil, "", d.fail(err, "list refused calls of webhook %s", webhookID)
	}
	rows, next := cut(page, rows, func(r dbsqlc.ListRefusalsRow) []string { return []string{model.ID(r.ID.Bytes).String()} })
	return each(rows, func(r dbsqlc.ListRefusalsRow) Refusal {
		return Refusal{
			ID: r.ID.Bytes, Tenant: tenant, WebhookID: webhookID, Minute: r.Minute, Reason: r.Reason, Address: r.Address,
			Calls: r.Calls, LastAt: r.LastAt, Method: r.Method, Headers: r.Headers,
		}
	}), next, nil
}
