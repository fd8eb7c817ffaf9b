package repo

import (
	"context"
	"encoding/json"

	"maestro/repo/dbsqlc"
)

// Notify returns the setting of the subtenant itself, and the one that holds for a
// function of it, or for none; nil where nothing is set.
func (d *DB) Notify(ctx context.Context, tenant, function string) (own, effective json.RawMessage, err error) {
	row, err := d.q.GetNotify(ctx, text(function), tenant)
	if noRows(err) {
		return nil, nil, errSubtenantNotFound(tenant)
	}
	return row.Notify, row.Effective, d.fail(err, "load the notify setting of %s", tenant)
}

// SetNotify stores the setting of the subtenant itself; nil for none.
func (d *DB) SetNotify(ctx context.Context, tenant string, setting json.RawMessage) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if n, err := q.SetNotify(ctx, setting, tenant); err != nil || n == 0 {
			return orNotFound(err, errSubtenantNotFound(tenant))
		}
		return note(ctx, q, tenant, PackagesChanged) // it is read with them
	})
	return d.fail(err, "store the notify setting of %s", tenant)
}
