package repo_test

import (
	"context"
	"maps"

	"maestro/repo/dbsqlc"
)

func init() {
	maps.Copy(probes, map[string]func(context.Context, *dbsqlc.Queries, stranger) (bool, error){
		"LockWebhookAt": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return one(q.LockWebhookAt(ctx, s.tenant, s.webhook.Method, s.webhook.Path))
		},
		"LockScheduleOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return one(q.LockScheduleOf(ctx, s.tenant, "shared name"))
		},
	})
}
