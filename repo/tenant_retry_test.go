package repo_test

import (
	"context"
	"maps"

	"github.com/jackc/pgx/v5/pgtype"

	"maestro/internal/model"
	"maestro/repo"
	"maestro/repo/dbsqlc"
)

func init() {
	maps.Copy(probes, map[string]func(context.Context, *dbsqlc.Queries, stranger) (bool, error){
		"ListRetriable": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListRetriable(ctx, dbsqlc.ListRetriableParams{
				Tenant: s.tenant, FromID: pgtype.UUID{Valid: true}, BeforeID: everyID, Statuses: []string{"failed"}, RowLimit: 10,
			}))
		},
		"ListInputs": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListInputs(ctx, dbsqlc.ListInputsParams{
				Tenant: s.tenant, Ids: []pgtype.UUID{repo.UUID(s.execution)}, FromID: pgtype.UUID{Valid: true}, LastID: everyID,
			}))
		},
		"NoteRetries": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			_, err := q.NoteRetries(ctx, s.tenant, []pgtype.UUID{repo.UUID(s.execution)}, []pgtype.UUID{repo.UUID(model.NewID())})
			return false, err // a row of its own
		},
		"NoteRetry": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.NoteRetry(ctx, s.tenant, repo.UUID(s.execution), repo.UUID(model.NewID()))
		},
	})
}
