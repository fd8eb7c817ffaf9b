package repo_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func claim(tenant, key string) repo.KeyClaim {
	return repo.KeyClaim{
		Tenant: tenant, Key: []byte(key), Fingerprint: []byte("body"), ExecutionID: model.NewID(),
		Lease: time.Hour, Keep: 24 * time.Hour,
	}
}

func TestKeyLife(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	first, repeat := claim(tenant, "k"), claim(tenant, "k")
	state, err := db.ClaimKey(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, repo.KeyState{Claimed: true}, state)
	held := repo.KeyState{Fingerprint: []byte("body"), ExecutionID: first.ExecutionID}
	state, err = db.ClaimKey(t.Context(), repeat)
	require.NoError(t, err)
	require.Equal(t, held, state, "it runs")

	kept, err := db.FinishKey(t.Context(), repeat, 200, []byte("not mine"))
	require.NoError(t, err)
	require.False(t, kept, "only the owner of the key answers")
	require.NoError(t, db.ReleaseKey(t.Context(), repeat))
	kept, err = db.FinishKey(t.Context(), first, 201, []byte("answer"))
	require.NoError(t, err)
	require.True(t, kept)
	kept, err = db.FinishKey(t.Context(), first, 204, []byte("other"))
	require.NoError(t, err)
	require.False(t, kept, "an answer is never replaced")
	require.NoError(t, db.ReleaseKey(t.Context(), first))

	held.Status, held.Answer = 201, []byte("answer")
	state, err = db.ClaimKey(t.Context(), repeat)
	require.NoError(t, err)
	require.Equal(t, held, state, "a kept answer is not released")
}

func TestReleasedKeyCanBeHad(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	first, repeat := claim(tenant, "k"), claim(tenant, "k")
	repeat.Fingerprint = []byte("another body")
	_, err := db.ClaimKey(t.Context(), first)
	require.NoError(t, err)
	require.NoError(t, db.ReleaseKey(t.Context(), first))
	state, err := db.ClaimKey(t.Context(), repeat)
	require.NoError(t, err)
	require.Equal(t, repo.KeyState{Claimed: true}, state)
}

func TestKeyOfASilentServerIsTakenOver(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	first, repeat := claim(tenant, "k"), claim(tenant, "k")
	first.Lease = 0
	_, err := db.ClaimKey(t.Context(), first)
	require.NoError(t, err)
	state, err := db.ClaimKey(t.Context(), repeat)
	require.NoError(t, err)
	require.Equal(t, repo.KeyState{Claimed: true, Abandoned: []model.ID{first.ExecutionID}}, state)

	first.Lease = time.Hour
	require.NoError(t, db.RenewKeys(t.Context(), []repo.KeyClaim{first}))
	kept, err := db.FinishKey(t.Context(), first, 200, []byte("late"))
	require.NoError(t, err)
	require.False(t, kept, "a late answer is refused")
	require.NoError(t, db.ReleaseKey(t.Context(), first))
	state, err = db.ClaimKey(t.Context(), claim(tenant, "k"))
	require.NoError(t, err)
	require.Equal(t, repeat.ExecutionID, state.ExecutionID, "nor does it release what another has")
}

func TestKeysOfAServerThatIsGoneAreFree(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	first, answered, repeat := claim(tenant, "k"), claim(tenant, "answered"), claim(tenant, "k")
	first.Server = register(t, db)
	answered.Server, repeat.Server = first.Server, register(t, db)
	for _, c := range []repo.KeyClaim{first, answered} {
		_, err := db.ClaimKey(t.Context(), c)
		require.NoError(t, err)
	}
	_, err := db.FinishKey(t.Context(), answered, 200, []byte("kept"))
	require.NoError(t, err)
	state, err := db.ClaimKey(t.Context(), repeat)
	require.NoError(t, err)
	require.False(t, state.Claimed, "its server is well")
	require.NoError(t, db.LeaveServer(t.Context(), first.Server))
	state, err = db.ClaimKey(t.Context(), repeat)
	require.NoError(t, err)
	require.Equal(t, repo.KeyState{Claimed: true, Abandoned: []model.ID{first.ExecutionID}}, state, "long before its lease runs out")
	state, err = db.ClaimKey(t.Context(), claim(tenant, "k"))
	require.NoError(t, err)
	require.False(t, state.Claimed, "it is the other server's now")
	state, err = db.ClaimKey(t.Context(), claim(tenant, "answered"))
	require.NoError(t, err)
	require.Equal(t, []byte("kept"), state.Answer, "an answer outlives its server")
}

func TestRenewedKeyIsNotTakenOver(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	first := claim(tenant, "k")
	first.Lease = 0
	_, err := db.ClaimKey(t.Context(), first)
	require.NoError(t, err)
	first.Lease = time.Hour
	require.NoError(t, db.RenewKeys(t.Context(), []repo.KeyClaim{first, claim(tenant, "never claimed")}))
	state, err := db.ClaimKey(t.Context(), claim(tenant, "k"))
	require.NoError(t, err)
	require.False(t, state.Claimed)
}

func TestExpiredKeys(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	answered, running, fresh := claim(tenant, "answered"), claim(tenant, "running"), claim(tenant, "fresh")
	answered.Keep, running.Keep = 0, 0
	answered.Lease = 0
	for _, c := range []repo.KeyClaim{answered, running, fresh} {
		_, err := db.ClaimKey(t.Context(), c)
		require.NoError(t, err)
	}
	_, err := db.FinishKey(t.Context(), answered, 200, []byte("old"))
	require.NoError(t, err)
	state, err := db.ClaimKey(t.Context(), answered)
	require.NoError(t, err)
	require.Equal(t, repo.KeyState{Claimed: true}, state, "an expired answer is none; its run was not abandoned")
	_, err = db.FinishKey(t.Context(), answered, 200, []byte("old"))
	require.NoError(t, err)

	deleted, err := db.DeleteExpiredKeys(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, deleted, "a run that outlives its key's time keeps it")
	state, err = db.ClaimKey(t.Context(), claim(tenant, "running"))
	require.NoError(t, err)
	require.Equal(t, running.ExecutionID, state.ExecutionID)
}

func TestOneOfManyClaimersGetsTheKey(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	for _, lease := range []time.Duration{time.Hour, 0} { // a new key, and one that was abandoned
		old := claim(tenant, lease.String())
		old.Lease = lease
		if lease == 0 {
			_, err := db.ClaimKey(t.Context(), old)
			require.NoError(t, err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		winners := 0
		for range 12 {
			wg.Go(func() {
				state, err := db.ClaimKey(t.Context(), claim(tenant, lease.String()))
				if err != nil {
					t.Errorf("claim: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				if state.Claimed {
					winners++
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, winners)
	}
}

// A server that takes over from a second silent one knows of the first one's run
// too; another request does not.
func TestTakeoversRememberAllRuns(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	take := func(c repo.KeyClaim) repo.KeyState {
		state, err := db.ClaimKey(t.Context(), c)
		require.NoError(t, err)
		require.True(t, state.Claimed)
		return state
	}
	var before []model.ID
	for range 120 {
		c := claim(tenant, "k")
		c.Lease = 0
		require.Equal(t, before[max(len(before)-100, 0):], take(c).Abandoned)
		before = append(before, c.ExecutionID)
	}
	last := claim(tenant, "k")
	take(last)
	require.NoError(t, db.ReleaseKey(t.Context(), last))
	again := claim(tenant, "k")
	require.Contains(t, take(again).Abandoned, before[len(before)-1], "it was not deleted")
	require.NoError(t, db.SuspendKey(t.Context(), claim(tenant, "k")))
	state, err := db.ClaimKey(t.Context(), claim(tenant, "k"))
	require.NoError(t, err)
	require.False(t, state.Claimed, "only its owner suspends it")
	require.NoError(t, db.SuspendKey(t.Context(), again))
	other := claim(tenant, "k")
	other.Fingerprint = []byte("another body")
	require.Empty(t, take(other).Abandoned)
	require.NoError(t, db.ReleaseKey(t.Context(), other))
	require.Empty(t, take(claim(tenant, "k")).Abandoned)
}
