package repo_test

import (
	"context"
	"maps"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
	"maestro/repo/dbsqlc"
)

func init() {
	maps.Copy(probes, map[string]func(context.Context, *dbsqlc.Queries, stranger) (bool, error){
		"LockBlamed": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			f, err := q.LockBlamed(ctx, s.tenant, s.function.Name, 1)
			return f.ID == repo.UUID(s.function.ID), ignoreNoRows(err)
		},
		"CountBlames": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			n, err := q.CountBlames(ctx, dbsqlc.CountBlamesParams{
				Tenant: s.tenant, FunctionID: repo.UUID(s.function.ID), Version: 1, Span: pgtype.Interval{Days: 1, Valid: true},
			})
			return n > 0, err
		},
		"QuarantineFunction": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.QuarantineFunction(ctx, "stolen", s.tenant, repo.UUID(s.function.ID))
		},
		"ReleaseFunction": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.ReleaseFunction(ctx, s.tenant, repo.UUID(s.function.ID))
		},
		"ReleaseBlames": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.ReleaseBlames(ctx, s.tenant, repo.UUID(s.function.ID))
		},
	})
}

// populateBlames quarantines the first version of a function.
func populateBlames(t *testing.T, db *repo.DB, tenant, name string) {
	t.Helper()
	for range 3 {
		_, err := db.BlameFunction(t.Context(), repo.Blame{Tenant: tenant, Versions: []model.NamedVersion{{Name: name, Number: 1}}, Cause: "SIGSEGV"})
		require.NoError(t, err)
	}
}
