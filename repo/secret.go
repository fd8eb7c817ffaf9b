package repo

import (
	"context"
	"slices"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// Secret is what may be told of a secret: all but its value.
type Secret struct {
	Name                 string
	CreatedAt, UpdatedAt time.Time
	LastReadAt           *time.Time // to the minute; nil: never, as far as is known
	LastReadBy           *string    // the function that read it then; nil: the server itself, or not known
}

// SecretReader is a function or module whose current code reads secrets.
type SecretReader struct {
	Function  string // the name of the function or module
	Kind      model.FunctionKind
	Version   int
	VersionID model.ID
	Read      bool     // false: its code has not been read for names yet
	Secrets   []string // the names, sorted; also of others than were asked for, and model.AnySecret
}

// SecretRead is the minute in which a secret was last read.
type SecretRead struct {
	Tenant, Name string
	At           time.Time
	By           string // the function that read it; "": none, but the server
}

// PutSecret stores a secret's encrypted value, in place of an earlier one.
func (d *DB) PutSecret(ctx context.Context, tenant, name string, sealed []byte) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		err := q.PutSecret(ctx, dbsqlc.PutSecretParams{Tenant: tenant, Name: name, Sealed: sealed, CreatedAt: now()})
		if err != nil {
			return err
		}
		return note(ctx, q, tenant, SecretsChanged)
	})
	if violates(err, "secrets_tenant_fkey") {
		err = errSubtenantNotFound(tenant)
	}
	return d.fail(err, "store secret %s", name)
}

// ListSecrets returns secrets by name and the cursor of the next page.
func (d *DB) ListSecrets(ctx context.Context, tenant string, page Page) ([]Secret, string, error) {
	after, err := page.after(1)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.catalog.ListSecrets(ctx, dbsqlc.ListSecretsParams{
		Tenant: tenant, After: after[0], RowOffset: int32(page.Offset), RowLimit: page.limit(),
	})
	if err != nil {
		return nil, "", d.fail(err, "list secrets of %s", tenant)
	}
	rows, next := cut(page, rows, func(r dbsqlc.ListSecretsRow) []string { return []string{r.Name} })
	return each(rows, func(r dbsqlc.ListSecretsRow) Secret { return Secret(r) }), next, nil
}

// SealedSecrets returns the encrypted values of all of a subtenant's secrets
// by name.
func (d *DB) SealedSecrets(ctx context.Context, tenant string) (map[string][]byte, error) {
	rows, err := d.q.ListSealedSecrets(ctx, tenant)
	if err != nil {
		return nil, d.fail(err, "load secrets of %s", tenant)
	}
	sealed := make(map[string][]byte, len(rows))
	for _, row := range rows {
		sealed[row.Name] = row.Sealed
	}
	return sealed, nil
}

// SecretReaders returns the functions and modules whose current code reads any of the
// secrets or computes names, and those whose code has not been read for that yet.
func (d *DB) SecretReaders(ctx context.Context, tenant string, names []string) ([]SecretReader, error) {
	rows, err := d.catalog.ListSecretReaders(ctx, tenant, names)
	return each(rows, func(r dbsqlc.ListSecretReadersRow) SecretReader {
		at := slices.Index(r.Secrets, secretsRead)
		if at >= 0 {
			r.Secrets = slices.Delete(r.Secrets, at, at+1)
		}
		return SecretReader{
			Function: r.Name, Kind: model.FunctionKind(r.Kind), Version: int(r.Version), VersionID: r.VersionID.Bytes, Read: at >= 0, Secrets: r.Secrets,
		}
	}), d.fail(err, "list the readers of secrets of %s", tenant)
}

// NoteSecretReads keeps when secrets were last read, each of which is there once. The
// latest time that any server notes stays; secrets that are gone are left out.
func (d *DB) NoteSecretReads(ctx context.Context, all []SecretRead) error {
	if len(all) == 0 {
		return nil
	}
	var tenants, names, bys []string
	var ats []time.Time
	for _, r := range all {
		tenants, names, ats, bys = append(tenants, r.Tenant), append(names, r.Name), append(ats, r.At), append(bys, r.By)
	}
	return d.fail(d.q.NoteSecretReads(ctx, dbsqlc.NoteSecretReadsParams{Tenants: tenants, Names: names, ReadAts: ats, Readers: bys}), "note the last reads of secrets")
}

// DeleteSecret removes a secret, or answers CodeSecretNotFound.
func (d *DB) DeleteSecret(ctx context.Context, tenant, name string) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if n, err := q.DeleteSecret(ctx, tenant, name); err != nil || n == 0 {
			return orNotFound(err, model.NewError(model.CodeSecretNotFound, "There is no secret %q.", name))
		}
		return note(ctx, q, tenant, SecretsChanged)
	})
	return d.fail(err, "delete secret %s", name)
}
