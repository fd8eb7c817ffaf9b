package repo_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
	"maestro/repo/dbsqlc"
)

func init() {
	maps.Copy(serverWide, map[string]string{
		"SumBarrier":        "figures of all subtenants are summed together",
		"OldestTransaction": "figures of all subtenants are summed together",
		"LockSums":          "figures of all subtenants are summed together",
		"SummedTo":          "figures of all subtenants are summed together",
		"NoteSummed":        "figures of all subtenants are summed together",
		"NextExecutionID":   "figures of all subtenants are summed together",
		"ListUnsummed":      "figures of all subtenants are summed together",
		"QueueByTenant":     "figures for administrators",
		"NoteUnsummed":      "of executions that its transaction writes",
		"ForgetUnsummed":    "figures of all subtenants are summed together",
		"DeleteOldRunSums":  "removes expired rows of all subtenants",
		"DeleteOldCallSums": "removes expired rows of all subtenants",
		"DeleteOldRunMarks": "removes expired rows of all subtenants",
	})
	since, before := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	maps.Copy(probes, map[string]func(context.Context, *dbsqlc.Queries, stranger) (bool, error){
		"SumRunsByTime": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.SumRunsByTime(ctx, dbsqlc.SumRunsByTimeParams{Step: 60, Origin: since, Tenant: s.tenant, Seconds: 60, Since: since, Before: before}))
		},
		"SumRunsByFunction": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.SumRunsByFunction(ctx, dbsqlc.SumRunsByFunctionParams{Tenant: s.tenant, Seconds: 60, Since: since, Before: before}))
		},
		"SumCalls": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.SumCalls(ctx, dbsqlc.SumCallsParams{Tenant: s.tenant, Seconds: 60, Since: since, Before: before}))
		},
		"ListRunMarks": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListRunMarks(ctx, s.tenant))
		},
		"ListUnsummedEnds": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListUnsummedEnds(ctx, dbsqlc.ListUnsummedEndsParams{Tenant: s.tenant, FromID: repo.UUID(model.FirstIDOf(time.Unix(1, 0))), BeforeID: everyID, RowLimit: 10}))
		},
		"DeleteRunSumsOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.DeleteRunSumsOf(ctx, s.tenant)
		},
		"DeleteCallSumsOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.DeleteCallSumsOf(ctx, s.tenant)
		},
		"DeleteRunMarksOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.DeleteRunMarksOf(ctx, s.tenant)
		},
		"WatchNewest": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.WatchNewest(ctx, dbsqlc.WatchNewestParams{Tenant: s.tenant, FromID: pgtype.UUID{Valid: true}, BeforeID: everyID, RowLimit: 10}))
		},
		"WatchOpen": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.WatchOpen(ctx, s.tenant, 10))
		},
		"WatchSome": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.WatchSome(ctx, dbsqlc.WatchSomeParams{
				Tenant: s.tenant, Ids: []pgtype.UUID{repo.UUID(s.execution), repo.UUID(s.queued)}, FromID: pgtype.UUID{Valid: true}, BeforeID: everyID,
			}))
		},
		"QueueByFunction": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.QueueByFunction(ctx, s.tenant))
		},
		"ListActiveNames": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListActiveNames(ctx, s.tenant))
		},
	})
}

// populateSums adds the executions that a subtenant has to its sums.
func populateSums(t *testing.T, db *repo.DB) {
	t.Helper()
	_, err := db.SumSlice(t.Context(), time.Now().Add(time.Minute), 8*24*time.Hour)
	require.NoError(t, err)
	_, _, err = db.SumNoted(t.Context(), model.ID{}, 100)
	require.NoError(t, err)
}
