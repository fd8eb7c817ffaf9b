package repo_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestServerLife(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	first, before, err := db.RegisterServer(t.Context(), "host 1", "folder a")
	require.NoError(t, err)
	require.Empty(t, before)
	second, before, err := db.RegisterServer(t.Context(), "host 2", "folder b")
	require.NoError(t, err)
	require.Empty(t, before, "another folder")
	alive, err := db.Beat(t.Context(), first)
	require.NoError(t, err)
	require.True(t, alive)
	all, err := db.Servers(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, first, all[0].ID)
	require.Equal(t, "host 1", all[0].Name)
	require.EqualValues(t, 1, all[0].Beats)
	require.True(t, all[0].LastSeen.After(all[0].StartedAt))

	gone, err := db.DeclareGone(t.Context(), first, 0)
	require.NoError(t, err)
	require.False(t, gone, "it gave a sign of life since")
	gone, err = db.DeclareGone(t.Context(), first, 1)
	require.NoError(t, err)
	require.True(t, gone)
	alive, err = db.Beat(t.Context(), first)
	require.NoError(t, err)
	require.False(t, alive, "a gone server never comes back")
	gone, err = db.DeclareGone(t.Context(), first, 1)
	require.NoError(t, err)
	require.False(t, gone, "one watcher settles it")

	require.NoError(t, db.LeaveServer(t.Context(), second))
	all, err = db.Servers(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
	_, before, err = db.RegisterServer(t.Context(), "host 2", "folder b")
	require.NoError(t, err)
	require.Empty(t, before, "it left nothing")

	_, err = db.SettleGone(t.Context())
	require.NoError(t, err)
	require.NoError(t, db.ForgetServers(t.Context()))
	_, err = db.Pool().Exec(t.Context(), "UPDATE servers SET gone_at = gone_at - interval '31 days'")
	require.NoError(t, err)
	require.NoError(t, db.ForgetServers(t.Context()))
	var left int
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM servers").Scan(&left))
	require.Equal(t, 1, left)
}

func TestServerThatStartsAgainSettlesItsPredecessor(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	old, _, err := db.RegisterServer(t.Context(), "host", "folder")
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	retired, made := map[model.ID]int{}, map[model.ID]bool{}
	for range 4 {
		wg.Go(func() {
			id, before, err := db.RegisterServer(t.Context(), "host", "folder")
			if err != nil {
				t.Errorf("register: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			made[id] = true
			for _, id := range before {
				retired[id]++
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, retired[old])
	require.Len(t, retired, 4, "each but the last")
	all, err := db.Servers(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.True(t, made[all[0].ID])
}
