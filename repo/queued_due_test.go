package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// dispatched are the runs that one Dispatch hands over, in their order.
func dispatched(t *testing.T, db *repo.DB, limits repo.Limits) (ids []model.ID, river *queue) {
	t.Helper()
	river = &queue{last: time.Now().UnixNano()} // greater than any before
	_, _, err := db.Dispatch(t.Context(), limits, true, river.hand)
	require.NoError(t, err)
	for _, h := range river.got {
		ids = append(ids, h.ID)
	}
	return ids, river
}

// What was accepted first goes first, also when it was tried, returned or
// delayed meanwhile, however much comes after it.
func TestRunsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server := register(t, db)
	tried, returned, delayed := newQueued(tenant, "f"), newQueued(tenant, "f"), newQueued(tenant, "f")
	delayed.Delay = time.Hour
	require.NoError(t, db.QueueRuns(t.Context(), nil, tried, returned, delayed))
	_, river := dispatched(t, db, wide)
	claimed, err := db.ClaimRuns(t.Context(), server, river.got, false)
	require.NoError(t, err)
	require.Len(t, claimed, 2)
	late, urgent := newQueued(tenant, "f"), newQueued(tenant, "f")
	urgent.Priority = model.PriorityFirst
	require.NoError(t, db.QueueRuns(t.Context(), nil, late, urgent))
	e := claimed[river.got[0]].Execution
	e.Status, e.StartedAt, e.CompletedAt = model.StatusFailed, time.Now(), time.Now()
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{
		Execution: e, Queued: &model.QueuedEnd{Job: river.got[0].Job, Retry: true, RetryIn: time.Hour},
	}}, "test"))
	require.NoError(t, db.ReturnRun(t.Context(), river.got[1], time.Hour))
	n, err := db.QueuedCount(t.Context(), tenant, 100)
	require.NoError(t, err)
	require.Equal(t, 5, n)

	_, err = db.Pool().Exec(t.Context(), "UPDATE queued_runs SET run_at = now() WHERE NOT due") // the hour is over
	require.NoError(t, err)
	ids, _ := dispatched(t, db, wide)
	require.Equal(t, []model.ID{urgent.Execution.ID, tried.Execution.ID, returned.Execution.ID, delayed.Execution.ID, late.Execution.ID}, ids)
}

// A pause lasts as long as it should, also when the database's clock is put
// back in it.
func TestPausesWhenTheClockIsPutBack(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	run := newQueued(tenant, "f")
	run.Delay = time.Minute
	require.NoError(t, db.QueueRuns(t.Context(), nil, run))
	left := func() (left time.Duration) {
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT run_at - now() FROM queued_runs").Scan(&left))
		return left
	}
	_, err := db.SettleGone(t.Context())
	require.NoError(t, err)
	require.LessOrEqual(t, left(), time.Minute)
	_, err = db.Pool().Exec(t.Context(), "UPDATE queued_runs SET run_at = run_at + interval '1 hour', since = since + interval '1 hour'")
	require.NoError(t, err)
	require.Greater(t, left(), 50*time.Minute)
	_, err = db.SettleGone(t.Context())
	require.NoError(t, err)
	require.LessOrEqual(t, left(), time.Minute)
	require.Positive(t, left())
}

// No more is handed over than the servers can do, and a bit: whoever comes next
// does not wait for all that others have waiting.
func TestDispatchKeepsToWhatServersCanDo(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server := register(t, db)
	limits := repo.Limits{PerFunction: 100, PerTenant: 100, PerServer: 4, Ahead: 2, AtOnce: 100}
	var all []model.QueuedRun
	for range 20 {
		all = append(all, newQueued(tenant, "f"))
	}
	require.NoError(t, db.QueueRuns(t.Context(), nil, all...))
	ids, river := dispatched(t, db, limits)
	require.Len(t, ids, 6)
	urgent, other := newQueued(tenant, "f"), newQueued("other", "f")
	urgent.Priority = model.PriorityFirst
	require.NoError(t, db.QueueRuns(t.Context(), nil, urgent, other))
	ids, _ = dispatched(t, db, limits)
	require.Empty(t, ids)
	claimed, err := db.ClaimRuns(t.Context(), server, river.got[:2], false)
	require.NoError(t, err)
	for handover, run := range claimed {
		e := run.Execution
		e.Status, e.StartedAt, e.CompletedAt = model.StatusCompleted, time.Now(), time.Now()
		require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: e, Queued: &model.QueuedEnd{Job: handover.Job}}}, "test"))
	}
	ids, _ = dispatched(t, db, limits)
	require.Equal(t, []model.ID{other.Execution.ID, urgent.Execution.ID}, ids, "who has the least under way is first")
	register(t, db)
	ids, _ = dispatched(t, db, limits)
	require.Len(t, ids, 4, "another server")
}

// A run that somebody wants to stop does not begin again, whoever has forgotten
// of it.
func TestACancelOutlivesServers(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	gone, server := register(t, db), register(t, db)
	crashing, retried, untouched := newQueued(tenant, "f"), newQueued(tenant, "f"), newQueued(tenant, "f")
	require.NoError(t, db.QueueRuns(t.Context(), nil, crashing, retried, untouched))
	_, river := dispatched(t, db, wide)
	_, err := db.ClaimRuns(t.Context(), gone, river.got[:1], false)
	require.NoError(t, err)
	for _, run := range []model.QueuedRun{crashing, retried} {
		require.NoError(t, db.RequestCancel(t.Context(), tenant, run.Execution.ID))
	}
	require.NoError(t, db.LeaveServer(t.Context(), gone))
	_, err = db.SettleGone(t.Context())
	require.NoError(t, err)
	now, attempt := status(t, db, tenant, crashing.Execution.ID)
	require.Equal(t, model.StatusCancelled, now, "its policy allows another attempt")
	require.Equal(t, 1, attempt)
	_, river = dispatched(t, db, wide) // the queue of this test has no table: what was handed counts as lost
	claimed, err := db.ClaimRuns(t.Context(), server, river.got, false)
	require.NoError(t, err)
	require.Len(t, claimed, 2)
	for _, run := range claimed {
		require.Equal(t, run.Execution.ID == retried.Execution.ID, run.Cancelled)
	}
}

// What somebody waited for on a server that is gone is ended, also when
// whoever was at it has gone too.
func TestWhatSomebodyWaitedForIsSettledInTheEnd(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	gone := register(t, db)
	e := newQueued(tenant, "f").Execution
	e.Status, e.StartedAt, e.Attempt = model.StatusRunning, time.Now(), 1
	require.NoError(t, db.MarkRunning(t.Context(), []*model.Execution{&e}, gone.String()))
	_, err := db.SettleGone(t.Context())
	require.NoError(t, err)
	now, _ := status(t, db, tenant, e.ID)
	require.Equal(t, model.StatusRunning, now)
	require.NoError(t, db.LeaveServer(t.Context(), gone)) // and nothing else: that one was killed
	for _, want := range []int{1, 0} {
		n, err := db.SettleGone(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	now, _ = status(t, db, tenant, e.ID)
	require.Equal(t, model.StatusCrashed, now)
}
