package repo_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
	"maestro/repo/dbsqlc"
)

func init() {
	maps.Copy(serverWide, map[string]string{
		"AddRefusals":       "of webhooks of the subtenants that it names, each its own",
		"TrimRefusals":      "of webhooks that AddRefusals has just written rows of",
		"DeleteOldRefusals": "removes expired rows of all subtenants",
	})
	maps.Copy(probes, map[string]func(context.Context, *dbsqlc.Queries, stranger) (bool, error){
		"ListBriefExecutions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListBriefExecutions(ctx, dbsqlc.ListBriefExecutionsParams{Tenant: s.tenant, FromID: repo.UUID(model.ID{}), BeforeID: everyID, RowLimit: 10}))
		},
		"ListNewestBriefExecutions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListNewestBriefExecutions(ctx, dbsqlc.ListNewestBriefExecutionsParams{Tenant: s.tenant, FromID: repo.UUID(model.ID{}), BeforeID: everyID, Newest: 10, RowLimit: 10}))
		},
		"ListRareBriefExecutions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListRareBriefExecutions(ctx, dbsqlc.ListRareBriefExecutionsParams{Tenant: s.tenant, FromID: repo.UUID(model.ID{}), BeforeID: everyID, RowLimit: 10}))
		},
		"ListBriefSteps": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListBriefSteps(ctx, dbsqlc.ListBriefStepsParams{Tenant: s.tenant, ExecutionID: repo.UUID(s.execution), AfterID: repo.UUID(model.FirstIDOf(time.Unix(0, 0))), BeforeID: everyID, RowLimit: 10}))
		},
		"GetStep": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return one(q.GetStep(ctx, s.tenant, repo.UUID(s.execution), repo.UUID(model.StepID(s.execution, 1, 1))))
		},
		"ListUnorderedBriefSteps": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListUnorderedBriefSteps(ctx, dbsqlc.ListUnorderedBriefStepsParams{Tenant: s.tenant, ExecutionID: repo.UUID(s.execution), AfterID: repo.UUID(model.FirstIDOf(time.Unix(0, 0))), BeforeID: everyID, RowLimit: 10}))
		},
		"ListBriefFunctions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListBriefFunctions(ctx, dbsqlc.ListBriefFunctionsParams{Tenant: s.tenant, Tags: []string{}, RowLimit: 10}))
		},
		"ListBriefVersions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListBriefVersions(ctx, dbsqlc.ListBriefVersionsParams{Tenant: s.tenant, Name: s.function.Name, Before: 100, RowLimit: 10}))
		},
		"ListRefusals": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListRefusals(ctx, dbsqlc.ListRefusalsParams{Tenant: s.tenant, WebhookID: repo.UUID(s.webhook.ID), Before: everyID, RowLimit: 10}))
		},
	})
}

func populateRefusals(t *testing.T, db *repo.DB, w model.Webhook) {
	t.Helper()
	at := time.Now()
	require.NoError(t, db.AddRefusals(t.Context(), []repo.Refusal{{
		ID: model.NewIDAt(at), Tenant: w.Tenant, WebhookID: w.ID, Minute: at.Truncate(time.Minute), Reason: "signature_missing", Calls: 1, LastAt: at, Method: "POST",
	}}))
}
