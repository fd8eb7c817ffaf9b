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
		"SignalFailures":      "of executions that its transaction writes, under their subtenants",
		"SignalCrashes":       "of executions of a server that is gone, under their subtenants",
		"SignalMissed":        "writes a new row with its subtenant",
		"AlertsDue":           "one server at a time does it for all subtenants",
		"TryLockAlerts":       "one server at a time does it for all subtenants",
		"TakeSignals":         "each is noted under its own subtenant",
		"PutProblems":         "writes rows with their subtenants",
		"ListProblemsToTell":  "each is told to its own subtenant",
		"ListProblemsToCheck": "each is told to its own subtenant",
		"ListLateStarts":      "each is told to its own subtenant",
		"InsertDelivery":      "writes a new row with its subtenant",
		"ClaimDeliveries":     "each is delivered to its own subtenant's receiver",
		"DeleteOldProblems":   "removes expired rows of all subtenants",
		"DeleteOldDeliveries": "removes expired rows of all subtenants",
		"GetNotify":           "for the subtenant itself, by its id",
		"SetNotify":           "for the subtenant itself, by its id",
	})
	maps.Copy(probes, map[string]func(context.Context, *dbsqlc.Queries, stranger) (bool, error){
		"GetProblems": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.GetProblems(ctx, []string{s.tenant}, []string{repo.ProblemFailed}, []string{s.function.Name}))
		},
		"StartedSince": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return q.StartedSince(ctx, dbsqlc.StartedSinceParams{Tenant: s.tenant, ScheduleID: repo.UUID(s.schedule), FromID: repo.UUID(model.FirstIDOf(time.Unix(0, 0))), BeforeID: everyID})
		},
		"DeleteProblem": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.DeleteProblem(ctx, s.tenant, repo.ProblemFailed, s.function.Name)
		},
		"EndAttempt": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return touched(q.EndAttempt(ctx, dbsqlc.EndAttemptParams{Status: "failed", NextAt: time.Now(), Now: time.Now(), Tenant: s.tenant, ID: repo.UUID(s.execution)}))
		},
		"ReleaseAttempt": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.ReleaseAttempt(ctx, dbsqlc.ReleaseAttemptParams{Now: time.Now(), Tenant: s.tenant, ID: repo.UUID(s.execution)})
		},
		"ListDeliveries": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListDeliveries(ctx, dbsqlc.ListDeliveriesParams{Tenant: s.tenant, Before: everyID, RowLimit: 10}))
		},
		"ListBriefDeliveries": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListBriefDeliveries(ctx, dbsqlc.ListBriefDeliveriesParams{Tenant: s.tenant, Before: everyID, RowLimit: 10}))
		},
		"CountTests": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			n, err := q.CountTests(ctx, s.tenant, repo.UUID(model.FirstIDOf(time.Unix(0, 0))))
			return n > 0, err
		},
		"DeleteAlertSignalsOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.DeleteAlertSignalsOf(ctx, s.tenant)
		},
		"DeleteAlertProblemsOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.DeleteAlertProblemsOf(ctx, s.tenant)
		},
		"DeleteAlertDeliveriesOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.DeleteAlertDeliveriesOf(ctx, s.tenant)
		},
	})
}

// populateAlerts gives a subtenant a signal, a problem and a message, whose id is the
// execution's.
func populateAlerts(t *testing.T, db *repo.DB, tenant, function string, execution model.ID) {
	t.Helper()
	now := time.Now()
	require.NoError(t, db.HoldAlertRound(t.Context(), func(r repo.AlertRound) error {
		err := r.PutProblems(t.Context(), []repo.Problem{{
			Tenant: tenant, Kind: repo.ProblemFailed, Subject: function, Function: function, Open: true, OpenedAt: now, LastAt: now, NextAt: now, CheckAt: now,
		}})
		if err != nil {
			return err
		}
		return r.Enqueue(t.Context(), repo.Delivery{
			ID: execution, Tenant: tenant, Type: "notify.test", Problem: "test", Function: function, Payload: []byte(`{}`), NextAt: now, CreatedAt: now,
		})
	}))
	_, err := db.Pool().Exec(t.Context(), "INSERT INTO alert_signals (tenant, function_name, at, execution_id) VALUES ($1, $2, $3, $4)",
		tenant, function, now, repo.UUID(execution))
	require.NoError(t, err)
}
