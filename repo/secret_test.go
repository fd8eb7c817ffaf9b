package repo_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func TestSecretLife(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	require.NoError(t, db.PutSecret(t.Context(), tenant, "B", []byte{0, 1, 0xff}))
	require.NoError(t, db.PutSecret(t.Context(), tenant, "A", []byte("first")))
	first, next, err := db.ListSecrets(t.Context(), tenant, repo.Page{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, "A", first[0].Name)
	require.Equal(t, first[0].CreatedAt, first[0].UpdatedAt)
	second, next, err := db.ListSecrets(t.Context(), tenant, repo.Page{Limit: 1, Cursor: next})
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, "B", second[0].Name)

	require.NoError(t, db.PutSecret(t.Context(), tenant, "A", []byte("second")))
	again, _, err := db.ListSecrets(t.Context(), tenant, repo.Page{})
	require.NoError(t, err)
	require.Len(t, again, 2)
	require.Equal(t, first[0].CreatedAt, again[0].CreatedAt)
	require.True(t, again[0].UpdatedAt.After(first[0].UpdatedAt))
	sealed, err := db.SealedSecrets(t.Context(), tenant)
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"A": []byte("second"), "B": {0, 1, 0xff}}, sealed)

	require.NoError(t, db.DeleteSecret(t.Context(), tenant, "A"))
	requireCode(t, model.CodeSecretNotFound, db.DeleteSecret(t.Context(), tenant, "A"))
	sealed, err = db.SealedSecrets(t.Context(), tenant)
	require.NoError(t, err)
	require.Len(t, sealed, 1)
	requireCode(t, model.CodeSubtenantNotFound, db.PutSecret(t.Context(), "missing", "A", []byte("x")))
}
