package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// claimed are the runs of one claim, in their order.
func claimed(t *testing.T, db *repo.DB, server model.ID, limits repo.Limits) (ids []model.ID) {
	t.Helper()
	for _, run := range claimRuns(t, db, server, limits) {
		ids = append(ids, run.Execution.ID)
	}
	return ids
}

// The run that was accepted first goes first, also after an attempt, a release
// or a delay, and with any number of later runs.
func TestRunsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server := register(t, db)
	tried, returned, delayed := newQueued(tenant, "f"), newQueued(tenant, "f"), newQueued(tenant, "f")
	delayed.Delay = time.Hour
	require.NoError(t, db.Enqueue(t.Context(), nil, tried, returned, delayed))
	running := claimRuns(t, db, server, wide)
	require.Len(t, running, 2)
	late, urgent := newQueued(tenant, "f"), newQueued(tenant, "f")
	urgent.Priority = model.PriorityFirst
	require.NoError(t, db.Enqueue(t.Context(), nil, late, urgent))
	e := running[0].Execution
	e.Status, e.StartedAt, e.CompletedAt = model.StatusFailed, time.Now(), time.Now()
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{
		Execution: e, Queued: &model.QueuedEnd{Claim: running[0].Claim, Retry: true, RetryIn: time.Hour},
	}}, "test"))
	require.NoError(t, db.ReleaseRun(t.Context(), returned.Execution.ID, running[1].Claim, time.Hour))
	n, err := db.QueuedCount(t.Context(), tenant, 100)
	require.NoError(t, err)
	require.Equal(t, 5, n)

	_, err = db.Pool().Exec(t.Context(), "UPDATE queued_runs SET run_at = now() WHERE NOT due") // the hour is over
	require.NoError(t, err)
	ids := claimed(t, db, server, wide)
	require.Equal(t, []model.ID{urgent.Execution.ID, tried.Execution.ID, returned.Execution.ID, delayed.Execution.ID, late.Execution.ID}, ids)
}

// A pause lasts as long as it should, also when the database's clock is put
// back in it.
func TestPausesWhenTheClockIsPutBack(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	run := newQueued(tenant, "f")
	run.Delay = time.Minute
	require.NoError(t, db.Enqueue(t.Context(), nil, run))
	left := func() (left time.Duration) {
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT run_at - now() FROM queued_runs").Scan(&left))
		return left
	}
	require.NoError(t, db.RestartPauses(t.Context()))
	require.LessOrEqual(t, left(), time.Minute)
	_, err := db.Pool().Exec(t.Context(), "UPDATE queued_runs SET run_at = run_at + interval '1 hour', since = since + interval '1 hour'")
	require.NoError(t, err)
	require.Greater(t, left(), 50*time.Minute)
	require.NoError(t, db.RestartPauses(t.Context()))
	require.LessOrEqual(t, left(), time.Minute)
	require.Positive(t, left())
}

// A server claims no more runs than it has room for; the subtenant with the
// fewest running is first.
func TestClaimsKeepToTheRoomOfTheServer(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server := register(t, db)
	limits := repo.Limits{PerFunction: 100, PerTenant: 100, Room: 6}
	var all []model.QueuedRun
	for range 20 {
		all = append(all, newQueued(tenant, "f"))
	}
	require.NoError(t, db.Enqueue(t.Context(), nil, all...))
	running := claimRuns(t, db, server, limits)
	require.Len(t, running, 6)
	urgent, other := newQueued(tenant, "f"), newQueued("other", "f")
	urgent.Priority = model.PriorityFirst
	require.NoError(t, db.Enqueue(t.Context(), nil, urgent, other))
	limits.Room = 2
	require.Equal(t, []model.ID{other.Execution.ID, urgent.Execution.ID}, claimed(t, db, server, limits))
	require.Len(t, claimed(t, db, register(t, db), wide), 14, "another server")
}

// A run whose cancel is requested does not begin again, even if the server that
// was to cancel it has forgotten the request.
func TestACancelOutlivesServers(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	gone, server := register(t, db), register(t, db)
	crashing, retried, untouched := newQueued(tenant, "f"), newQueued(tenant, "f"), newQueued(tenant, "f")
	require.NoError(t, db.Enqueue(t.Context(), nil, crashing, retried, untouched))
	require.Equal(t, []model.ID{crashing.Execution.ID}, claimed(t, db, gone, repo.Limits{PerFunction: 9, PerTenant: 9, Room: 1}))
	for _, run := range []model.QueuedRun{crashing, retried} {
		require.NoError(t, db.RequestCancel(t.Context(), tenant, run.Execution.ID))
	}
	require.NoError(t, db.LeaveServer(t.Context(), gone))
	_, err := db.SettleGone(t.Context())
	require.NoError(t, err)
	now, attempt := status(t, db, tenant, crashing.Execution.ID)
	require.Equal(t, model.StatusCancelled, now, "its policy allows another attempt")
	require.Equal(t, 1, attempt)
	running := claimRuns(t, db, server, wide)
	require.Len(t, running, 2)
	for _, run := range running {
		require.Equal(t, run.Execution.ID == retried.Execution.ID, run.Cancelled)
	}
}

// A synchronous run on a server that is gone is ended, also when the server that
// was to end it has gone too.
func TestSynchronousRunsAreSettledInTheEnd(t *testing.T) {
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
		settled, err := db.SettleGone(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, settled.Crashed)
		require.Equal(t, []repo.SettledRun{{Tenant: tenant, Function: "f", Trigger: e.Trigger, Status: model.StatusCrashed}}[:want], append([]repo.SettledRun{}, settled.Runs...))
	}
	now, _ = status(t, db, tenant, e.ID)
	require.Equal(t, model.StatusCrashed, now)
}
