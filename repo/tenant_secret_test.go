package repo_test

import (
	"context"
	"maps"
	"time"

	"maestro/repo/dbsqlc"
)

func init() {
	maps.Copy(probes, map[string]func(context.Context, *dbsqlc.Queries, stranger) (bool, error){
		"PutSecret": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			err := q.PutSecret(ctx, dbsqlc.PutSecretParams{
				Tenant: s.tenant, Name: sharedSecret, Sealed: []byte("stolen"), CreatedAt: time.Now(),
			})
			if err == nil { // it has one of its own now, which the next probes must not find
				_, err = q.DeleteSecret(ctx, s.tenant, sharedSecret)
			}
			return false, err
		},
		"DeleteSecret": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return touched(q.DeleteSecret(ctx, s.tenant, sharedSecret))
		},
		"ListSecrets": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListSecrets(ctx, dbsqlc.ListSecretsParams{Tenant: s.tenant, RowLimit: 10}))
		},
		"ListSecretReaders": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListSecretReaders(ctx, s.tenant, []string{sharedSecret}))
		},
		"NoteSecretReads": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return false, q.NoteSecretReads(ctx, dbsqlc.NoteSecretReadsParams{Tenants: []string{s.tenant}, Names: []string{sharedSecret}, ReadAts: []time.Time{time.Now()}, Readers: []string{"by"}})
		},
		"ListSealedSecrets": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
			return many(q.ListSealedSecrets(ctx, s.tenant))
		},
	})
}
