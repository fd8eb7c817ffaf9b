package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

func TestARequestToStopIsHeardOfAndKept(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	for _, tenant := range []string{"acme", "zenith"} {
		_, err := db.EnsureSubtenant(t.Context(), tenant)
		require.NoError(t, err)
	}
	feed, err := db.ListenForChanges(t.Context())
	require.NoError(t, err)
	defer feed.Close()
	id := model.NewID()
	for n := range int64(2) { // twice is as good as once
		require.NoError(t, db.RequestCancel(t.Context(), "acme", id))
		change, err := feed.Next(t.Context(), time.Minute)
		require.NoError(t, err)
		require.Equal(t, repo.Change{Tenant: "acme", Kind: repo.RunsCancelled, Number: n + 1}, change)
	}
	asked, err := db.CancelRequests(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, []model.ID{id}, asked)
	asked, err = db.CancelRequests(t.Context(), "zenith")
	require.NoError(t, err)
	require.Empty(t, asked)

	require.NoError(t, db.DeleteOldCancelRequests(t.Context()))
	asked, err = db.CancelRequests(t.Context(), "acme")
	require.NoError(t, err)
	require.Len(t, asked, 1, "it is young")
	_, err = db.Pool().Exec(t.Context(), "UPDATE cancels SET asked_at = now() - interval '25 hours'")
	require.NoError(t, err)
	require.NoError(t, db.DeleteOldCancelRequests(t.Context()))
	asked, err = db.CancelRequests(t.Context(), "acme")
	require.NoError(t, err)
	require.Empty(t, asked)
}
