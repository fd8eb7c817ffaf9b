package repo_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func newQueued(tenant, function string) model.QueuedRun {
	at := time.Now()
	return model.QueuedRun{
		Execution: model.Execution{
			ID: model.NewIDAt(at), Tenant: tenant, FunctionName: function, FunctionVersion: 1, Trigger: model.TriggerManual,
			Input: json.RawMessage(`{"shown":"***"}`), CreatedAt: at,
		},
		Input: []byte("sealed"), Priority: model.PriorityDefault, Policy: &model.RetryPolicy{MaxAttempts: 2},
	}
}

var wide = repo.Limits{PerFunction: 100, PerTenant: 100, Room: 100}

// claimRuns makes waiting runs due whose time has come, and claims as one server does.
func claimRuns(t *testing.T, db *repo.DB, server model.ID, limits repo.Limits) []model.QueuedRun {
	t.Helper()
	_, err := db.MakeDue(t.Context())
	require.NoError(t, err)
	claimed, err := db.ClaimRuns(t.Context(), server, limits)
	require.NoError(t, err)
	return claimed
}

func register(t *testing.T, db *repo.DB) model.ID {
	t.Helper()
	id, _, err := db.RegisterServer(t.Context(), "test", model.NewID().String())
	require.NoError(t, err)
	return id
}

func status(t *testing.T, db *repo.DB, tenant string, id model.ID) (model.Status, int) {
	t.Helper()
	e, err := db.Execution(t.Context(), tenant, id)
	require.NoError(t, err)
	return e.Status, e.Attempt
}

func TestQueuedRunFromPendingToEnd(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	run := newQueued(tenant, "f")
	require.NoError(t, db.Enqueue(t.Context(), nil, run))
	later := newQueued(tenant, "f")
	later.Delay = time.Hour
	require.NoError(t, db.Enqueue(t.Context(), nil, later))
	now, _ := status(t, db, tenant, run.Execution.ID)
	require.Equal(t, model.StatusPending, now)

	server := register(t, db)
	claimed := claimRuns(t, db, server, wide)
	require.Len(t, claimed, 1, "the other one is not due")
	require.Empty(t, claimRuns(t, db, server, wide), "a run starts once")
	got := claimed[0]
	require.Equal(t, run.Input, got.Input)
	require.Equal(t, run.Policy, got.Policy)
	require.Equal(t, 1, got.Execution.Attempt)

	end := func(claim int64, status model.Status, retry bool) *model.Record {
		e := got.Execution
		e.Status, e.Input, e.StartedAt, e.CompletedAt = status, run.Execution.Input, time.Now(), time.Now()
		return &model.Record{Execution: e, Queued: &model.QueuedEnd{Claim: claim, Retry: retry}}
	}
	first := got.Claim
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{end(first-1, model.StatusCompleted, false)}, "late"))
	now, _ = status(t, db, tenant, got.Execution.ID)
	require.Equal(t, model.StatusPending, now, "a result of another claim is refused")

	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{end(first, model.StatusFailed, true)}, "first"))
	now, attempt := status(t, db, tenant, got.Execution.ID)
	require.Equal(t, model.StatusPending, now)
	require.Equal(t, 2, attempt)
	claimed = claimRuns(t, db, server, wide)
	require.Len(t, claimed, 1)
	got = claimed[0]
	require.Equal(t, 2, got.Execution.Attempt)
	require.Greater(t, got.Claim, first)
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{end(got.Claim, model.StatusCompleted, false)}, "second"))
	now, attempt = status(t, db, tenant, got.Execution.ID)
	require.Equal(t, model.StatusCompleted, now)
	require.Equal(t, 2, attempt)
	waiting, err := db.QueuedCount(t.Context(), tenant, 10)
	require.NoError(t, err)
	require.Equal(t, 1, waiting)
}

func TestRunsOfAServerThatIsGone(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	again, never, over := newQueued(tenant, "f"), newQueued(tenant, "g"), newQueued(tenant, "h")
	never.Policy, over.Policy = nil, nil
	gone, alive := register(t, db), register(t, db)
	claimed := begun(t, db, gone, again, never, over)
	settled, err := db.SettleGone(t.Context())
	require.NoError(t, err)
	require.Zero(t, settled)

	require.NoError(t, db.LeaveServer(t.Context(), gone))
	// One that has a record although it is claimed: it is settled, and changes no more.
	_, err = db.Pool().Exec(t.Context(), "UPDATE executions SET status = 'failed', completed_at = now() WHERE id = $1", repo.UUID(over.Execution.ID))
	require.NoError(t, err)
	settled, err = db.SettleGone(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, settled.Crashed)
	require.ElementsMatch(t, []repo.SettledRun{
		{Tenant: tenant, Function: "f", Trigger: again.Execution.Trigger, Status: model.StatusPending},
		{Tenant: tenant, Function: "g", Trigger: never.Execution.Trigger, Status: model.StatusCrashed},
	}, settled.Runs)
	settled, err = db.SettleGone(t.Context())
	require.NoError(t, err)
	require.Zero(t, settled)
	now, attempt := status(t, db, tenant, again.Execution.ID)
	require.Equal(t, model.StatusPending, now)
	require.Equal(t, 2, attempt)
	now, _ = status(t, db, tenant, never.Execution.ID)
	require.Equal(t, model.StatusCrashed, now)

	// Its late results, and its further claims, are refused.
	for _, run := range claimed {
		e := run.Execution
		e.Status = model.StatusCompleted
		require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: e, Queued: &model.QueuedEnd{Claim: run.Claim}}}, "late"))
	}
	now, _ = status(t, db, tenant, again.Execution.ID)
	require.Equal(t, model.StatusPending, now)
	now, _ = status(t, db, tenant, never.Execution.ID)
	require.Equal(t, model.StatusCrashed, now)
	require.Empty(t, claimRuns(t, db, gone, wide), "a server that is gone begins nothing")
	require.Len(t, claimRuns(t, db, alive, wide), 1)
}

func TestClaimsAreFairAndKeepToLimits(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	two := 2
	_, err := db.CreateFunction(t.Context(), tenant, model.Function{Name: "narrow", Code: "x", MaxConcurrency: &two}, nil, nil)
	require.NoError(t, err)
	place := map[model.ID]string{}
	put := func(tenant, function string, priority, count int) {
		for range count {
			run := newQueued(tenant, function)
			run.Priority = priority
			place[run.Execution.ID] = fmt.Sprintf("%s/%s/%d", tenant, function, priority)
			require.NoError(t, db.Enqueue(t.Context(), nil, run))
		}
	}
	put(tenant, "narrow", 1, 5)
	put(tenant, "wide", 2, 20)
	put("other", "wide", 3, 3)
	put("other", "wide", 1, 1)
	server := register(t, db)
	limits := repo.Limits{PerFunction: 6, PerTenant: 7, Room: 100}
	counts, order := map[string]int{}, []string{}
	for _, run := range claimRuns(t, db, server, limits) {
		counts[place[run.Execution.ID]]++
		order = append(order, place[run.Execution.ID])
	}
	require.Equal(t, map[string]int{
		tenant + "/narrow/1": 2, tenant + "/wide/2": 5, "other/wide/3": 3, "other/wide/1": 1,
	}, counts)
	require.ElementsMatch(t, []string{tenant + "/narrow/1", "other/wide/1"}, order[:2], "round robin, by priority within")
	require.ElementsMatch(t, []string{tenant + "/narrow/1", "other/wide/3"}, order[2:4])
	require.Empty(t, claimRuns(t, db, server, limits))
}

func TestCancelQueued(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	run := newQueued(tenant, "f")
	require.NoError(t, db.Enqueue(t.Context(), nil, run))
	stopped, err := db.CancelQueued(t.Context(), "other", run.Execution.ID)
	require.NoError(t, err)
	require.Nil(t, stopped)
	stopped, err = db.CancelQueued(t.Context(), tenant, run.Execution.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusCancelled, stopped.Status)
	require.Empty(t, claimRuns(t, db, register(t, db), wide))
	now, _ := status(t, db, tenant, run.Execution.ID)
	require.Equal(t, model.StatusCancelled, now)
}

// A retry names the schedule whose run it repeats, and takes no place of the
// schedule's own runs.
func TestQueuedRunsOfASchedule(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	schedule := model.NewID()
	of := func(trigger model.Trigger, id model.ID) model.QueuedRun {
		run := newQueued(tenant, "f")
		run.Execution.Trigger, run.Execution.TriggerID = trigger, id
		return run
	}
	require.NoError(t, db.Enqueue(t.Context(), nil, of(model.TriggerSchedule, schedule), of(model.TriggerSchedule, schedule),
		of(model.TriggerRetry, schedule), of(model.TriggerSchedule, model.NewID())))
	n, err := db.QueuedOf(t.Context(), nil, tenant, schedule)
	require.NoError(t, err)
	require.Equal(t, 2, n)
}
