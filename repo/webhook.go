package repo

import (
	"context"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// WebhookFilter narrows ListWebhooks.
type WebhookFilter struct {
	FunctionName string
	ActiveOnly   bool
	Page
}

// Webhook returns one webhook, or CodeWebhookNotFound.
func (d *DB) Webhook(ctx context.Context, tenant string, id model.ID) (model.Webhook, error) {
	row, err := d.q.GetWebhook(ctx, tenant, uuid(id))
	if noRows(err) {
		return model.Webhook{}, errWebhookNotFound()
	}
	return webhook(row), d.fail(err, "load webhook %s", id)
}

// ListWebhooks returns webhooks by path and method, and the cursor of the next
// page.
func (d *DB) ListWebhooks(ctx context.Context, tenant string, filter WebhookFilter) ([]model.Webhook, string, error) {
	after, err := filter.after(2)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.catalog.ListWebhooks(ctx, dbsqlc.ListWebhooksParams{
		Tenant: tenant, AfterPath: after[0], AfterMethod: after[1], ActiveOnly: filter.ActiveOnly,
		FunctionName: filter.FunctionName, RowOffset: int32(filter.Offset), RowLimit: filter.limit(),
	})
	if err != nil {
		return nil, "", d.fail(err, "list webhooks of %s", tenant)
	}
	rows, next := cut(filter.Page, rows, func(r dbsqlc.Webhook) []string { return []string{r.Path, r.Method} })
	return each(rows, webhook), next, nil
}

// ActiveWebhooks returns the active webhooks of every subtenant, for the
// router.
func (d *DB) ActiveWebhooks(ctx context.Context) ([]model.Webhook, error) {
	rows, err := d.q.ListActiveWebhooks(ctx)
	return each(rows, webhook), d.fail(err, "list active webhooks")
}

// CreateWebhook stores a webhook; its id and times are the server's. The path
// taken, in this subtenant or as a public one by another, is CodePathTaken;
// a function that is not there is CodeFunctionNotFound.
func (d *DB) CreateWebhook(ctx context.Context, tenant string, w model.Webhook) (model.Webhook, error) {
	err := d.changeWebhooks(ctx, tenant, func(q *dbsqlc.Queries) (err error) {
		w, err = insertWebhook(ctx, q, tenant, w)
		return err
	})
	if err != nil {
		return model.Webhook{}, d.fail(err, "create webhook %s %s", w.Method, w.Path)
	}
	return w, nil
}

// insertWebhook is a part of its caller's transaction.
func insertWebhook(ctx context.Context, q *dbsqlc.Queries, tenant string, w model.Webhook) (model.Webhook, error) {
	w.ID, w.Tenant, w.CreatedAt = model.NewID(), tenant, now()
	w.UpdatedAt = w.CreatedAt
	if _, err := checkActive(ctx, q, tenant, w.FunctionName); err != nil {
		return w, err
	}
	err := q.InsertWebhook(ctx, dbsqlc.InsertWebhookParams{
		ID: uuid(w.ID), Tenant: tenant, Path: w.Path, Method: w.Method, FunctionName: w.FunctionName,
		Description: w.Description, DefaultValues: w.DefaultValues, RequiresAuth: w.RequiresAuth,
		InputMode: string(w.InputMode), ResponseMode: string(w.ResponseMode), Signature: w.Signature, IsActive: w.IsActive, CreatedAt: w.CreatedAt,
	})
	if err != nil {
		return w, orPathTaken(err, w)
	}
	return w, claimSegment(ctx, q, w)
}

// UpdateWebhook applies change to a webhook and stores what came of it. An
// error of change is returned as it is; the others are those of CreateWebhook
// and CodeWebhookNotFound. Server-owned fields keep their values.
func (d *DB) UpdateWebhook(ctx context.Context, tenant string, id model.ID, change func(*model.Webhook) error) (model.Webhook, error) {
	var w model.Webhook
	err := d.changeWebhooks(ctx, tenant, func(q *dbsqlc.Queries) error {
		row, err := q.LockWebhook(ctx, tenant, uuid(id))
		if noRows(err) {
			return errWebhookNotFound()
		}
		if err != nil {
			return err
		}
		before := webhook(row)
		w = before
		if err := change(&w); err != nil {
			return err
		}
		w, err = storeWebhook(ctx, q, before, w)
		return err
	})
	if err != nil {
		return model.Webhook{}, d.fail(err, "change webhook %s", id)
	}
	return w, nil
}

// storeWebhook writes the new state of a webhook that its caller's transaction
// has locked.
func storeWebhook(ctx context.Context, q *dbsqlc.Queries, before, w model.Webhook) (model.Webhook, error) {
	w.ID, w.Tenant, w.CreatedAt, w.UpdatedAt = before.ID, before.Tenant, before.CreatedAt, now()
	if w.FunctionName != before.FunctionName {
		if _, err := checkActive(ctx, q, w.Tenant, w.FunctionName); err != nil {
			return w, err
		}
	}
	err := q.UpdateWebhook(ctx, dbsqlc.UpdateWebhookParams{
		Tenant: w.Tenant, ID: uuid(w.ID), Path: w.Path, Method: w.Method, FunctionName: w.FunctionName,
		Description: w.Description, DefaultValues: w.DefaultValues, RequiresAuth: w.RequiresAuth,
		InputMode: string(w.InputMode), ResponseMode: string(w.ResponseMode), Signature: w.Signature, IsActive: w.IsActive, UpdatedAt: w.UpdatedAt,
	})
	if err != nil {
		return w, orPathTaken(err, w)
	}
	if err := claimSegment(ctx, q, w); err != nil {
		return w, err
	}
	return w, releaseSegment(ctx, q, before)
}

// DeleteWebhook removes a webhook, or answers CodeWebhookNotFound.
func (d *DB) DeleteWebhook(ctx context.Context, tenant string, id model.ID) error {
	err := d.changeWebhooks(ctx, tenant, func(q *dbsqlc.Queries) error {
		return removeWebhook(ctx, q, tenant, id)
	})
	return d.fail(err, "delete webhook %s", id)
}

// removeWebhook is a part of its caller's transaction.
func removeWebhook(ctx context.Context, q *dbsqlc.Queries, tenant string, id model.ID) error {
	row, err := q.DeleteWebhook(ctx, tenant, uuid(id))
	if noRows(err) {
		return errWebhookNotFound()
	}
	if err != nil {
		return err
	}
	return releaseSegment(ctx, q, webhook(row))
}

func webhook(r dbsqlc.Webhook) model.Webhook {
	return model.Webhook{
		ID: r.ID.Bytes, Tenant: r.Tenant, Path: r.Path, Method: r.Method, FunctionName: r.FunctionName,
		Description: r.Description, DefaultValues: r.DefaultValues, RequiresAuth: r.RequiresAuth,
		InputMode: model.InputMode(r.InputMode), ResponseMode: model.ResponseMode(r.ResponseMode),
		Signature: r.Signature, IsActive: r.IsActive, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}
