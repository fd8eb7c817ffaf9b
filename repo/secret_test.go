package repo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

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

// Servers note the reads that each has seen, in any order: the latest stays.
func TestTheLastReadOfASecret(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	require.NoError(t, db.PutSecret(t.Context(), tenant, "A", []byte("a")))
	require.NoError(t, db.PutSecret(t.Context(), tenant, "B", []byte("b")))
	at := time.Date(2026, 11, 30, 12, 5, 0, 0, time.UTC)
	last := func() (all []*time.Time) {
		found, _, err := db.ListSecrets(t.Context(), tenant, repo.Page{})
		require.NoError(t, err)
		for i := range found {
			all = append(all, found[i].LastReadAt)
		}
		return all
	}
	require.Equal(t, []*time.Time{nil, nil}, last())
	require.NoError(t, db.NoteSecretReads(t.Context(), nil))
	require.NoError(t, db.NoteSecretReads(t.Context(), []repo.SecretRead{{Tenant: tenant, Name: "A", At: at}, {Tenant: tenant, Name: "gone", At: at}, {Tenant: "gone", Name: "A", At: at}}))
	require.Equal(t, at, last()[0].UTC())
	require.Nil(t, last()[1])
	require.NoError(t, db.NoteSecretReads(t.Context(), []repo.SecretRead{{Tenant: tenant, Name: "B", At: at}, {Tenant: tenant, Name: "A", At: at.Add(-time.Minute)}}))
	require.Equal(t, at, last()[0].UTC(), "another server is behind")
	require.Equal(t, at, last()[1].UTC())
	require.NoError(t, db.NoteSecretReads(t.Context(), []repo.SecretRead{{Tenant: tenant, Name: "A", At: at.Add(time.Minute)}}))
	require.Equal(t, at.Add(time.Minute), last()[0].UTC())
	require.NoError(t, db.PutSecret(t.Context(), tenant, "A", []byte("another")))
	require.Equal(t, at.Add(time.Minute), last()[0].UTC(), "another value is the same secret")
}

// Two servers that note the same secrets in opposite orders wait for each other, and
// neither fails.
func TestServersNoteReadsAtOnce(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	var up, down []repo.SecretRead
	for i := range 50 {
		name := fmt.Sprintf("KEY_%02d", i)
		require.NoError(t, db.PutSecret(t.Context(), tenant, name, []byte("x")))
		up = append(up, repo.SecretRead{Tenant: tenant, Name: name})
		down = append([]repo.SecretRead{{Tenant: tenant, Name: name}}, down...)
	}
	start := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	var all errgroup.Group
	for _, reads := range [][]repo.SecretRead{up, down} {
		all.Go(func() error {
			for minute := range 40 {
				for i := range reads {
					reads[i].At = start.Add(time.Duration(minute) * time.Minute)
				}
				if err := db.NoteSecretReads(context.Background(), reads); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	found, _, err := db.ListSecrets(t.Context(), tenant, repo.Page{Limit: 100})
	require.NoError(t, err)
	for _, s := range found {
		require.Equal(t, start.Add(39*time.Minute), s.LastReadAt.UTC())
	}
}
