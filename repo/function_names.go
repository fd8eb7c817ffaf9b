package repo

import (
	"context"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// UsedNames are the names that the current code of a function or module
// uses without defining them.
type UsedNames struct {
	Function  string // the name of the function or module
	VersionID model.ID
	Read      bool // false: its code has not been read for names yet
	Uses      []string
	Imports   []string
}

// UsersOf returns the functions and modules whose current code uses or imports
// any of the names, and those whose code has not been read for that yet.
func (d *DB) UsersOf(ctx context.Context, tenant string, names []string) ([]UsedNames, error) {
	rows, err := d.q.ListCallers(ctx, tenant, names)
	return each(rows, func(r dbsqlc.ListCallersRow) UsedNames {
		return UsedNames{Function: r.Name, VersionID: r.VersionID.Bytes, Read: r.Uses != nil, Uses: r.Uses, Imports: r.Imports}
	}), d.fail(err, "list the users of functions of %s", tenant)
}

// VersionCode returns the code of a version.
func (d *DB) VersionCode(ctx context.Context, tenant string, version model.ID) (string, error) {
	code, err := d.q.GetVersionCode(ctx, tenant, uuid(version))
	return code, d.fail(err, "load the code of version %s", version)
}

// secretsRead stands among the stored secrets of a version whose code was also read for
// names that it computes. Earlier servers did not, and their entries are read again.
const secretsRead = "+"

// NoteNames keeps the names that a version's code uses and imports, and those of the
// secrets that it reads.
func (d *DB) NoteNames(ctx context.Context, tenant string, version model.ID, found *model.Inspection) error {
	err := d.q.NoteNames(ctx, dbsqlc.NoteNamesParams{
		Tenant: tenant, VersionID: uuid(version), Uses: tagsOf(found.Uses), Imports: tagsOf(found.Imports), Secrets: append(tagsOf(found.Secrets), secretsRead),
	})
	return d.fail(err, "note the names of version %s", version)
}
