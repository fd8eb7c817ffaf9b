package repo

import (
	"context"
	"strings"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// changeWebhooks runs do in a transaction in which no one else changes the
// webhooks of this subtenant: whether a public segment is still in use could
// not be told otherwise.
func (d *DB) changeWebhooks(ctx context.Context, tenant string, do func(*dbsqlc.Queries) error) error {
	return d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if _, err := q.LockSubtenant(ctx, tenant); noRows(err) {
			return errSubtenantNotFound(tenant)
		} else if err != nil {
			return err
		}
		if err := do(q); err != nil {
			return err
		}
		return note(ctx, q, tenant, WebhooksChanged)
	})
}

// claimSegment makes the subtenant the owner of the first segment of a public
// path.
func claimSegment(ctx context.Context, q *dbsqlc.Queries, w model.Webhook) error {
	if !isPublic(w) {
		return nil
	}
	segment := firstSegment(w.Path)
	n, err := q.ClaimSegment(ctx, segment, w.Tenant)
	if err != nil || n > 0 {
		return err
	}
	return model.NewError(model.CodePathTaken,
		"Public paths that begin with %q belong to another subtenant; choose another first segment, or set requires_auth.", segment)
}

// releaseSegment lets go of the segment of a webhook as it was before, unless
// another one keeps it.
func releaseSegment(ctx context.Context, q *dbsqlc.Queries, before model.Webhook) error {
	if !isPublic(before) {
		return nil
	}
	return q.ReleaseSegment(ctx, firstSegment(before.Path), before.Tenant)
}

func isPublic(w model.Webhook) bool { return w.IsActive && !w.RequiresAuth }

func firstSegment(path string) string {
	segment, _, _ := strings.Cut(path, "/")
	return segment
}

// checkActive reports whether a function is switched off, and is an error when
// there is none of that name.
func checkActive(ctx context.Context, q *dbsqlc.Queries, tenant, function string) (off bool, err error) {
	found, err := q.GetFunctionKind(ctx, tenant, function)
	switch {
	case noRows(err):
		return false, errFunctionNotFound(function)
	case err == nil && found.Kind != string(model.KindFunction):
		return false, model.NewError(model.CodeFunctionIsModule, "%q is a module, which can't be run: name a function that imports it.", function)
	}
	return found.IsOff, err
}

func orPathTaken(err error, w model.Webhook) error {
	if !violates(err, "webhooks_method_path") {
		return err
	}
	return model.NewError(model.CodePathTaken, "%s %s is bound to another webhook already.", w.Method, w.Path)
}

func errWebhookNotFound() error {
	return model.NewError(model.CodeWebhookNotFound, "There is no webhook with that id.")
}
