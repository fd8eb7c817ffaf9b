package repo

import (
	"context"
	"time"

	"maestro/repo/dbsqlc"
)

// QueueBacklog counts the asynchronous runs of a function or subtenant.
type QueueBacklog struct {
	Name                      string
	Delayed, Waiting, Running int64
	Oldest                    time.Duration // how long the oldest of the waiting ones waits
}

// QueueByFunction counts a subtenant's runs by function.
func (d *DB) QueueByFunction(ctx context.Context, tenant string) ([]QueueBacklog, error) {
	rows, err := d.catalog.QueueByFunction(ctx, tenant)
	return each(rows, func(r dbsqlc.QueueByFunctionRow) QueueBacklog {
		return QueueBacklog{r.FunctionName, r.Delayed, r.Waiting, r.Running, max(time.Duration(r.WaitingUs)*time.Microsecond, 0)}
	}), d.fail(err, "count the queued runs of %s", tenant)
}

// QueueByTenant counts the runs of all subtenants.
func (d *DB) QueueByTenant(ctx context.Context) ([]QueueBacklog, error) {
	rows, err := d.catalog.QueueByTenant(ctx)
	return each(rows, func(r dbsqlc.QueueByTenantRow) QueueBacklog {
		return QueueBacklog{r.Tenant, r.Delayed, r.Waiting, r.Running, max(time.Duration(r.WaitingUs)*time.Microsecond, 0)}
	}), d.fail(err, "count the queued runs")
}
