package repo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
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

var wide = repo.Limits{PerFunction: 100, PerTenant: 100, Ahead: 100, AtOnce: 100}

// queue stands for River: it numbers the hand-overs.
type queue struct {
	last int64
	got  []repo.Handover
}

func (h *queue) hand(_ context.Context, _ pgx.Tx, all []model.ID) (jobs []int64, _ error) {
	for _, one := range all {
		h.last++
		jobs = append(jobs, h.last)
		h.got = append(h.got, repo.Handover{ID: one, Job: h.last})
	}
	return jobs, nil
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
	require.NoError(t, db.QueueRuns(t.Context(), nil, run))
	later := newQueued(tenant, "f")
	later.Delay = time.Hour
	require.NoError(t, db.QueueRuns(t.Context(), nil, later))
	now, _ := status(t, db, tenant, run.Execution.ID)
	require.Equal(t, model.StatusPending, now)

	river := &queue{}
	n, _, err := db.Dispatch(t.Context(), wide, true, river.hand)
	require.NoError(t, err)
	require.Equal(t, 1, n, "the other one is not due")
	n, _, err = db.Dispatch(t.Context(), wide, true, river.hand)
	require.NoError(t, err)
	require.Zero(t, n, "it was handed over")

	server := register(t, db)
	handed := river.got[0]
	stale := repo.Handover{ID: handed.ID, Job: handed.Job - 1}
	claimed, err := db.ClaimRuns(t.Context(), server, []repo.Handover{handed, stale}, false)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	got := claimed[handed]
	require.Equal(t, run.Input, got.Input)
	require.Equal(t, run.Policy, got.Policy)
	require.Equal(t, 1, got.Execution.Attempt)
	again, err := db.ClaimRuns(t.Context(), server, []repo.Handover{handed}, false)
	require.NoError(t, err)
	require.Empty(t, again, "a run starts once")
	again, err = db.ClaimRuns(t.Context(), server, []repo.Handover{handed}, true)
	require.NoError(t, err)
	require.Len(t, again, 1, "the answer to the first try was lost")

	end := func(job int64, status model.Status, retry bool) *model.Record {
		e := got.Execution
		e.Status, e.Input, e.StartedAt, e.CompletedAt = status, run.Execution.Input, time.Now(), time.Now()
		return &model.Record{Execution: e, Queued: &model.QueuedEnd{Job: job, Retry: retry}}
	}
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{end(stale.Job, model.StatusCompleted, false)}, "late"))
	now, _ = status(t, db, tenant, handed.ID)
	require.Equal(t, model.StatusPending, now, "a result of another hand-over is refused")

	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{end(handed.Job, model.StatusFailed, true)}, "first"))
	now, attempt := status(t, db, tenant, handed.ID)
	require.Equal(t, model.StatusPending, now)
	require.Equal(t, 2, attempt)
	n, _, err = db.Dispatch(t.Context(), wide, true, river.hand)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	second := river.got[1]
	claimed, err = db.ClaimRuns(t.Context(), server, []repo.Handover{second}, false)
	require.NoError(t, err)
	got = claimed[second]
	require.Equal(t, 2, got.Execution.Attempt)
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{end(second.Job, model.StatusCompleted, false)}, "second"))
	now, attempt = status(t, db, tenant, handed.ID)
	require.Equal(t, model.StatusCompleted, now)
	require.Equal(t, 2, attempt)
	waiting, err := db.QueuedCount(t.Context(), tenant, 10)
	require.NoError(t, err)
	require.Equal(t, 1, waiting)
}

func TestRunsOfAServerThatIsGone(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	again, never := newQueued(tenant, "f"), newQueued(tenant, "f")
	never.Policy = nil
	require.NoError(t, db.QueueRuns(t.Context(), nil, again, never))
	river := &queue{}
	_, _, err := db.Dispatch(t.Context(), wide, true, river.hand)
	require.NoError(t, err)
	gone, alive := register(t, db), register(t, db)
	claimed, err := db.ClaimRuns(t.Context(), gone, river.got, false)
	require.NoError(t, err)
	require.Len(t, claimed, 2)
	n, err := db.SettleGone(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)

	require.NoError(t, db.LeaveServer(t.Context(), gone))
	n, err = db.SettleGone(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, n)
	now, attempt := status(t, db, tenant, again.Execution.ID)
	require.Equal(t, model.StatusPending, now)
	require.Equal(t, 2, attempt)
	now, _ = status(t, db, tenant, never.Execution.ID)
	require.Equal(t, model.StatusCrashed, now)

	// Its late results, and what it would still like to begin, are refused.
	for _, h := range river.got {
		e := claimed[h].Execution
		e.Status = model.StatusCompleted
		require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: e, Queued: &model.QueuedEnd{Job: h.Job}}}, "late"))
	}
	now, _ = status(t, db, tenant, again.Execution.ID)
	require.Equal(t, model.StatusPending, now)
	now, _ = status(t, db, tenant, never.Execution.ID)
	require.Equal(t, model.StatusCrashed, now)
	_, _, err = db.Dispatch(t.Context(), wide, true, river.hand)
	require.NoError(t, err)
	fresh := river.got[len(river.got)-1:]
	claimed, err = db.ClaimRuns(t.Context(), gone, fresh, false)
	require.NoError(t, err)
	require.Empty(t, claimed, "a server that is gone begins nothing")

	// The queue has lost the hand-over: the run waits again.
	n, err = db.SettleGone(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	claimed, err = db.ClaimRuns(t.Context(), alive, fresh, false)
	require.NoError(t, err)
	require.Empty(t, claimed)
}

func TestDispatchIsFairAndKeepsToLimits(t *testing.T) {
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
			require.NoError(t, db.QueueRuns(t.Context(), nil, run))
		}
	}
	put(tenant, "narrow", 1, 5)
	put(tenant, "wide", 2, 20)
	put("other", "wide", 3, 3)
	put("other", "wide", 1, 1)
	river := &queue{}
	n, _, err := db.Dispatch(t.Context(), repo.Limits{PerFunction: 6, PerTenant: 7, Ahead: 100, AtOnce: 100}, true, river.hand)
	require.NoError(t, err)
	require.Equal(t, 11, n)
	counts, order := map[string]int{}, []string{}
	for _, h := range river.got {
		counts[place[h.ID]]++
		order = append(order, place[h.ID])
	}
	require.Equal(t, map[string]int{
		tenant + "/narrow/1": 2, tenant + "/wide/2": 5, "other/wide/3": 3, "other/wide/1": 1,
	}, counts)
	require.ElementsMatch(t, []string{tenant + "/narrow/1", "other/wide/1"}, order[:2], "round robin, by priority within")
	require.ElementsMatch(t, []string{tenant + "/narrow/1", "other/wide/3"}, order[2:4])
	n, _, err = db.Dispatch(t.Context(), repo.Limits{PerFunction: 6, PerTenant: 7, Ahead: 100, AtOnce: 100}, true, river.hand)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestCancelQueued(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	run := newQueued(tenant, "f")
	require.NoError(t, db.QueueRuns(t.Context(), nil, run))
	river := &queue{}
	_, _, err := db.Dispatch(t.Context(), wide, true, river.hand)
	require.NoError(t, err)
	stopped, err := db.CancelQueued(t.Context(), "other", run.Execution.ID)
	require.NoError(t, err)
	require.Nil(t, stopped)
	stopped, err = db.CancelQueued(t.Context(), tenant, run.Execution.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusCancelled, stopped.Status)
	claimed, err := db.ClaimRuns(t.Context(), register(t, db), river.got, false)
	require.NoError(t, err)
	require.Empty(t, claimed)
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
	require.NoError(t, db.QueueRuns(t.Context(), nil, of(model.TriggerSchedule, schedule), of(model.TriggerSchedule, schedule),
		of(model.TriggerRetry, schedule), of(model.TriggerSchedule, model.NewID())))
	n, err := db.QueuedOf(t.Context(), nil, tenant, schedule)
	require.NoError(t, err)
	require.Equal(t, 2, n)
}
