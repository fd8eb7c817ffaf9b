package repo_test

import (
	"context"
	"maps"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
	"maestro/repo/dbsqlc"
)

// sharedPackage is a package of every subtenant.
const sharedPackage = "shared-package"

// sharedInstall is acme's; the others know its id.
var sharedInstall model.ID

func init() {
	maps.Copy(probes, packageProbes)
	maps.Copy(serverWide, map[string]string{
		"InsertInstall":         "writes a new row with its subtenant",
		"InsertEnvironment":     "writes a new row with its subtenant",
		"FailLostInstalls":      "the installs of a server that is gone, of all subtenants",
		"DeleteOldInstalls":     "removes expired rows of all subtenants",
		"DeleteOldEnvironments": "removes expired rows of all subtenants",
	})
}

var packageProbes = map[string]func(context.Context, *dbsqlc.Queries, stranger) (bool, error){
	"GetPackageState": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		row, err := q.GetPackageState(ctx, s.tenant) // its own row, without packages
		return row.Revision > 0 || row.Lock != nil, err
	},
	"BeginPackageState": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.BeginPackageState(ctx, "zenith") // a new row with its subtenant
	},
	"LockPackageState": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.LockPackageState(ctx, s.tenant))
	},
	"SetPackageState": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.SetPackageState(ctx, s.tenant, 1)
	},
	"GetEnvironment": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetEnvironment(ctx, s.tenant, 1))
	},
	"ListRequirements": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListRequirements(ctx, s.tenant))
	},
	"ListRequestedPackages": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListRequestedPackages(ctx, s.tenant))
	},
	"ListPackages": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListPackages(ctx, dbsqlc.ListPackagesParams{Tenant: s.tenant, AllOfThem: true, RowLimit: 10}))
	},
	"GetPackage": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetPackage(ctx, s.tenant, sharedPackage))
	},
	"DeletePackagesBut": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.DeletePackagesBut(ctx, s.tenant, []string{})
	},
	"UpsertPackages": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		if s.tenant == "outsider" {
			return false, nil // it would have a row of its own from then on
		}
		return false, q.UpsertPackages(ctx, dbsqlc.UpsertPackagesParams{
			Tenant: s.tenant, Ids: []pgtype.UUID{repo.UUID(model.NewID())}, Names: []string{sharedPackage}, Versions: []string{"stolen"}, Requirements: []string{""},
		})
	},
	"GetInstall": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetInstall(ctx, s.tenant, repo.UUID(sharedInstall)))
	},
	"BeginInstall": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.BeginInstall(ctx, s.tenant, repo.UUID(sharedInstall))
	},
	"AppendInstallLog": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.AppendInstallLog(ctx, []string{"stolen"}, s.tenant, repo.UUID(sharedInstall))
	},
	"CompleteInstall": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		n, err := q.CompleteInstall(ctx, s.tenant, repo.UUID(sharedInstall))
		return n > 0, err
	},
	"EndInstall": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.EndInstall(ctx, dbsqlc.EndInstallParams{Tenant: s.tenant, ID: repo.UUID(sharedInstall), Status: "failed"})
	},
}

// populatePackages gives a subtenant an environment, a package and an install.
func populatePackages(t *testing.T, db *repo.DB, tenant string) {
	t.Helper()
	_, err := db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{
		Lock:      model.Lock{{Name: sharedPackage, Version: "1", File: "f", SHA256: "aa"}},
		Requested: []repo.RequestedPackage{{Name: sharedPackage, Requirement: sharedPackage}},
	})
	require.NoError(t, err)
	install, err := db.CreateInstall(t.Context(), tenant, sharedPackage, sharedPackage, model.NewID(), nil)
	require.NoError(t, err)
	if tenant == "acme" {
		sharedInstall = install.ID
	}
}
