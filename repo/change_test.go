package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func TestChangesAreToldAndCounted(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	feed, err := db.ListenForChanges(t.Context())
	require.NoError(t, err)
	t.Cleanup(feed.Close)
	before, err := feed.Sum(t.Context())
	require.NoError(t, err)

	createFunction(t, db, tenant, "f")
	hook, err := db.CreateWebhook(t.Context(), tenant, newHook("a"))
	require.NoError(t, err)
	require.NoError(t, db.PutSecret(t.Context(), tenant, "KEY", []byte("sealed")))
	require.NoError(t, db.DeleteSecret(t.Context(), tenant, "KEY"))
	for _, lane := range []model.LaneName{model.LaneProcess, model.LaneProcess} { // the second time it stays
		_, err = db.UpdateSubtenant(t.Context(), tenant, func(t *model.Subtenant) error { t.Lane = lane; return nil })
		require.NoError(t, err)
	}
	require.NoError(t, db.NoteAccessChanged(t.Context(), tenant))
	require.NoError(t, db.DeleteWebhook(t.Context(), tenant, hook.ID))
	requireCode(t, model.CodeSecretNotFound, db.DeleteSecret(t.Context(), tenant, "KEY"))
	require.NoError(t, db.DeleteSubtenant(t.Context(), tenant))

	told := []repo.Change{
		{Tenant: tenant, Kind: repo.FunctionsChanged, Number: 1},
		{Tenant: tenant, Kind: repo.WebhooksChanged, Number: 1},
		{Tenant: tenant, Kind: repo.SecretsChanged, Number: 1},
		{Tenant: tenant, Kind: repo.SecretsChanged, Number: 2},
		{Tenant: tenant, Kind: repo.PackagesChanged, Number: 1},
		{Tenant: tenant, Kind: repo.AccessChanged, Number: 1},
		{Tenant: tenant, Kind: repo.WebhooksChanged, Number: 2},
		{Tenant: tenant, Kind: repo.SubtenantGone, Number: 1},
	}
	for _, want := range told {
		change, err := feed.Next(t.Context(), 20*time.Second)
		require.NoError(t, err)
		require.Equal(t, want, change)
	}
	_, err = feed.Next(t.Context(), time.Millisecond)
	require.ErrorIs(t, err, repo.ErrQuiet, "what did not happen is not told, and waiting in vain harms nothing")
	after, err := feed.Sum(t.Context())
	require.NoError(t, err)
	require.Equal(t, before+int64(len(told)), after)
	all, err := feed.All(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []repo.Change{told[0], told[3], told[4], told[5], told[6], told[7]}, all)
}
