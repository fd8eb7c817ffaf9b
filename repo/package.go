package repo

import (
	"context"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// ListPackages returns a subtenant's packages by name, those that came along
// with others only when all is set, and the cursor of the next page.
func (d *DB) ListPackages(ctx context.Context, tenant string, all bool, page Page) ([]model.Package, string, error) {
	after, err := page.after(1)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.catalog.ListPackages(ctx, dbsqlc.ListPackagesParams{
		Tenant: tenant, After: after[0], AllOfThem: all, RowOffset: int32(page.Offset), RowLimit: page.limit(),
	})
	if err != nil {
		return nil, "", d.fail(err, "list packages of %s", tenant)
	}
	rows, next := cut(page, rows, func(r dbsqlc.InstalledPackage) []string { return []string{r.Name} })
	return each(rows, packageOf), next, nil
}

// Package returns a package by its normalised name, or CodePackageNotFound.
func (d *DB) Package(ctx context.Context, tenant, name string) (model.Package, error) {
	row, err := d.q.GetPackage(ctx, tenant, name)
	if noRows(err) {
		return model.Package{}, model.NewError(model.CodePackageNotFound, "The package %q is not installed.", name)
	}
	return packageOf(row), d.fail(err, "load package %s", name)
}

// ProcessPackages returns the packages of some subtenants that need the process
// lane, with their names and reasons alone.
func (d *DB) ProcessPackages(ctx context.Context, tenants ...string) (map[string]model.Lock, error) {
	rows, err := d.q.ListProcessPackages(ctx, tenants)
	if err != nil {
		return nil, d.fail(err, "list the packages that need the process lane")
	}
	found := map[string]model.Lock{}
	for _, row := range rows {
		found[row.Tenant] = append(found[row.Tenant], model.LockedPackage{Name: row.Name, NeedsProcess: row.NeedsProcess})
	}
	return found, nil
}

func packageOf(r dbsqlc.InstalledPackage) model.Package {
	p := model.Package{ID: r.ID.Bytes, Name: r.Name, Version: r.Version, InstalledAt: r.InstalledAt, InstalledBy: r.InstalledBy}
	if r.Requirement != nil {
		p.Requirement = *r.Requirement
	}
	return p
}
