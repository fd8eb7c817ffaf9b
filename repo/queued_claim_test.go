package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// A run is claimed exactly when the limits of its function (the server's and the
// function's own) and of its subtenant leave room, regardless of the running runs
// of others.
func TestLimitsOfFunctionsAndSubtenants(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	one := 1
	_, err := db.CreateFunction(t.Context(), tenant, model.Function{Name: "narrow", Code: "x", MaxConcurrency: &one}, nil, nil)
	require.NoError(t, err)
	servers := []model.ID{register(t, db), register(t, db)}
	limits := repo.Limits{PerFunction: 3, PerTenant: 4, Room: 100}
	tries := 0
	begins := func(run model.QueuedRun) bool {
		tries++
		require.NoError(t, db.Enqueue(t.Context(), nil, run))
		got := claimed(t, db, servers[tries%2], limits) // on alternating servers
		now, _ := status(t, db, run.Execution.Tenant, run.Execution.ID)
		require.Equal(t, model.StatusPending, now)
		if len(got) == 0 {
			return false
		}
		require.Equal(t, []model.ID{run.Execution.ID}, got)
		return true
	}
	require.True(t, begins(newQueued(tenant, "narrow")))
	later := newQueued(tenant, "wide")
	later.Delay = time.Hour
	require.False(t, begins(later), "it is not due")
	require.True(t, begins(newQueued(tenant, "wide")), "a run that is not due is not before it")
	require.False(t, begins(newQueued(tenant, "narrow")), "the function's own limit")
	require.True(t, begins(newQueued(tenant, "wide")), "a full function holds up no other")
	for range 3 {
		require.True(t, begins(newQueued("other", "wide")))
	}
	require.False(t, begins(newQueued("other", "wide")), "three of one function run")
	for _, function := range []string{"a", "b", "c", "d"} {
		require.True(t, begins(newQueued("full", function)))
	}
	require.False(t, begins(newQueued("full", "e")), "four of one subtenant run")
	for tenant, waiting := range map[string]int{tenant: 2, "other": 1, "full": 1} {
		n, err := db.QueuedCount(t.Context(), tenant, 100)
		require.NoError(t, err)
		require.Equal(t, waiting, n)
	}
}

func TestEnqueueStoresAllOrNone(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	run := newQueued(tenant, "f")
	require.Error(t, db.Enqueue(t.Context(), nil, newQueued(tenant, "f"), run, run))
	n, err := db.QueuedCount(t.Context(), tenant, 10)
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = db.Execution(t.Context(), tenant, run.Execution.ID)
	requireCode(t, model.CodeExecutionNotFound, err)
}

// A server that lost the answer to its claim learns which runs it has.
func TestClaimsAreConfirmed(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server, other := register(t, db), register(t, db)
	claimed := begun(t, db, server, newQueued(tenant, "f"), newQueued(tenant, "f"), newQueued(tenant, "f"))
	never := newQueued(tenant, "f") // its claim was rolled back
	require.NoError(t, db.Enqueue(t.Context(), nil, never))
	never.Claim = claimed[2].Claim + 1
	stale := claimed[1]
	stale.Claim--
	confirmed, err := db.ConfirmClaims(t.Context(), server, []model.QueuedRun{claimed[0], stale, never, claimed[2]})
	require.NoError(t, err)
	require.Len(t, confirmed, 2)
	require.Equal(t, claimed[0].Claim, confirmed[0].Claim)
	require.Equal(t, claimed[2].Claim, confirmed[1].Claim)
	confirmed, err = db.ConfirmClaims(t.Context(), other, claimed)
	require.NoError(t, err)
	require.Empty(t, confirmed, "another server's")
}

// A run that was released is begun by its next claim alone.
func TestReleasedRunsWaitAgain(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server := register(t, db)
	first := begun(t, db, server, newQueued(tenant, "f"))[0]
	require.NoError(t, db.ReleaseRun(t.Context(), first.Execution.ID, first.Claim-1, 0))
	require.Empty(t, claimRuns(t, db, server, wide), "another claim releases nothing")
	require.NoError(t, db.ReleaseRun(t.Context(), first.Execution.ID, first.Claim, 0))
	second := claimRuns(t, db, server, wide)
	require.Len(t, second, 1)
	require.Equal(t, 1, second[0].Execution.Attempt)
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{ended(first, first.Claim, model.StatusCompleted)}, "late"))
	now, _ := status(t, db, tenant, first.Execution.ID)
	require.Equal(t, model.StatusPending, now)
}
