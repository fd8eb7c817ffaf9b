package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// A run is handed over with its acceptance exactly where the dispatcher would
// hand it over next.
func TestEnqueueHandsOverAtOnce(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	one := 1
	_, err := db.CreateFunction(t.Context(), tenant, model.Function{Name: "narrow", Code: "x", MaxConcurrency: &one}, nil, nil)
	require.NoError(t, err)
	river, wanted := &queue{}, true
	limits := repo.Limits{PerFunction: 3, PerTenant: 4, PerServer: 8, Ahead: 10, AtOnce: 100}
	db.HandAtOnce(limits, river.hand, func() bool { return wanted })
	handed := func(run model.QueuedRun) bool {
		before := len(river.got)
		done, err := db.Enqueue(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, done, len(river.got) > before)
		now, _ := status(t, db, run.Execution.Tenant, run.Execution.ID)
		require.Equal(t, model.StatusPending, now)
		if len(river.got) == before {
			return false
		}
		require.Equal(t, run.Execution.ID, river.got[before].ID)
		return true
	}
	waiting := func(tenant string) int {
		n, err := db.QueuedCount(t.Context(), tenant, 100)
		require.NoError(t, err)
		return n
	}
	require.True(t, handed(newQueued(tenant, "narrow")))
	later := newQueued(tenant, "wide")
	later.Delay = time.Hour
	require.False(t, handed(later), "it is not due")
	require.True(t, handed(newQueued(tenant, "wide")), "what is not due is not before it")
	claimed, err := db.ClaimRuns(t.Context(), register(t, db), river.got, false)
	require.NoError(t, err)
	require.Len(t, claimed, 2)

	require.False(t, handed(newQueued(tenant, "narrow")), "the function's own limit")
	require.Equal(t, 2, waiting(tenant))
	require.False(t, handed(newQueued(tenant, "wide")), "others of its subtenant wait")
	require.True(t, handed(newQueued("other", "wide")), "those of others don't matter")

	n, _, err := db.Dispatch(t.Context(), limits, true, river.hand)
	require.NoError(t, err)
	require.Equal(t, 1, n, "the dispatcher finds what was left to it")
	for range 2 {
		require.True(t, handed(newQueued("other", "wide")))
	}
	require.False(t, handed(newQueued("other", "wide")), "three of one function are under way")
	full := newQueued("full", "a")
	require.True(t, handed(full))
	for _, function := range []string{"b", "c", "d"} {
		require.True(t, handed(newQueued("full", function)))
	}
	require.False(t, handed(newQueued("full", "e")), "four of one subtenant are under way")

	tx, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock(hashtext('maestro.dispatch'))")
	require.NoError(t, err)
	require.False(t, handed(newQueued("new", "wide")), "a dispatcher is at work; nobody waits for it")
	require.NoError(t, tx.Rollback(t.Context()))
	wanted = false
	require.False(t, handed(newQueued("newer", "wide")))
	db.HandAtOnce(limits, nil, nil)
	require.False(t, handed(newQueued("newest", "wide")))
	require.Equal(t, 1, waiting("newest"))
}

func TestQueueRunsStoresAllOrNone(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	run := newQueued(tenant, "f")
	require.Error(t, db.QueueRuns(t.Context(), nil, newQueued(tenant, "f"), run, run))
	n, err := db.QueuedCount(t.Context(), tenant, 10)
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = db.Execution(t.Context(), tenant, run.Execution.ID)
	requireCode(t, model.CodeExecutionNotFound, err)
}

func TestRunsAreLeftToOtherServers(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	first, second, third := newQueued(tenant, "f"), newQueued(tenant, "f"), newQueued(tenant, "f")
	require.NoError(t, db.QueueRuns(t.Context(), nil, first, second, third))
	river := &queue{}
	_, _, err := db.Dispatch(t.Context(), wide, true, river.hand)
	require.NoError(t, err)
	full := register(t, db)
	_, err = db.ClaimRuns(t.Context(), full, river.got[:1], false)
	require.NoError(t, err)
	stale := repo.Handover{ID: river.got[1].ID, Job: river.got[1].Job - 1}
	n, err := db.LeaveRuns(t.Context(), full, river.got, false)
	require.NoError(t, err)
	require.Zero(t, n, "there is no other server")
	register(t, db)
	n, err = db.LeaveRuns(t.Context(), full, []repo.Handover{river.got[0], stale}, true)
	require.NoError(t, err)
	require.Zero(t, n, "one has begun, the other hand-over is not the latest")
	n, err = db.LeaveRuns(t.Context(), full, river.got[1:2], false)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = db.LeaveRuns(t.Context(), full, river.got, true)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	claimed, err := db.ClaimRuns(t.Context(), full, river.got, false)
	require.NoError(t, err)
	require.Empty(t, claimed, "what was left is begun by its next hand-over alone")
	n, _, err = db.Dispatch(t.Context(), wide, true, river.hand)
	require.NoError(t, err)
	require.Equal(t, 2, n)
}
