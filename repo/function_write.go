package repo

import (
	"context"
	"math"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// CreateFunction stores a function and its next version; the server-owned
// fields of f are ignored. A name in use is CodeNameTaken. A deleted function
// of that name comes back with its id and continues its history. packages, if
// there is any, is committed with it: ErrEnvironmentMoved when it is outdated.
func (d *DB) CreateFunction(ctx context.Context, tenant string, f model.Function, createdBy *string, packages *EnvironmentChange) (model.Function, error) {
	var made model.Function
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		var err error
		made, err = lockFunction(ctx, q, tenant, f.Name)
		switch {
		case noRows(err):
			made, err = insertFunction(ctx, q, tenant, f, createdBy)
		case err == nil && made.IsActive:
			err = errNameTaken(f.Name)
		case err == nil:
			err = reviveFunction(ctx, q, &made, f, createdBy)
		}
		if err == nil {
			err = applyChange(ctx, q, tenant, packages)
		}
		if err != nil {
			return err
		}
		return note(ctx, q, tenant, FunctionsChanged)
	})
	if violates(err, "functions_tenant_fkey") {
		err = errSubtenantNotFound(tenant)
	}
	if err != nil {
		return model.Function{}, d.fail(err, "create function %s", f.Name)
	}
	return made, nil
}

// UpdateFunction applies change to the active function name and stores what
// came of it: as a new version when the code or a schema differs, not at all
// when nothing does. An error of change is returned as it is. With ifVersion
// the current version must be that one, or it is CodeVersionMismatch. change
// runs inside the transaction that holds the function locked, and must not
// change the fields that the server owns. packages is as for CreateFunction.
func (d *DB) UpdateFunction(ctx context.Context, tenant, name string, change func(*model.Function) error, ifVersion *int, by *string,
	packages *EnvironmentChange,
) (model.Function, error) {
	return d.changeFunction(ctx, tenant, name, ifVersion, by, packages, func(_ *dbsqlc.Queries, f *model.Function) (bool, error) {
		before := *f
		f.Tags = append([]string(nil), f.Tags...) // change may write into it
		if err := change(f); err != nil {
			return false, err
		}
		after := *f
		*f = before
		copyAttributes(f, after)
		copyVersion(f, after)
		return !sameVersion(before, *f), nil
	})
}

// RollbackFunction makes a new version that equals an earlier one:
// CodeFunctionNotFound or CodeVersionNotFound when there is none. packages is as
// for CreateFunction.
func (d *DB) RollbackFunction(ctx context.Context, tenant, name string, version int, by *string, packages *EnvironmentChange) (model.Function, error) {
	if version < 1 || version > math.MaxInt32 {
		return model.Function{}, errVersionNotFound(name, version)
	}
	return d.changeFunction(ctx, tenant, name, nil, by, packages, func(q *dbsqlc.Queries, f *model.Function) (bool, error) {
		old, err := q.GetFunctionVersion(ctx, tenant, name, int32(version))
		if noRows(err) {
			err = errVersionNotFound(name, version)
		}
		copyVersion(f, function(dbsqlc.Function{}, old))
		return true, err
	})
}

// DeleteFunction makes a function inactive; its history stays.
func (d *DB) DeleteFunction(ctx context.Context, tenant, name string) error {
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		if n, err := q.DeactivateFunction(ctx, tenant, name); err != nil || n == 0 {
			return orNotFound(err, errFunctionNotFound(name))
		}
		return note(ctx, q, tenant, FunctionsChanged)
	})
	return d.fail(err, "delete function %s", name)
}

// changeFunction loads and locks an active function, lets change alter it, and
// stores it, as a new version when change says so.
func (d *DB) changeFunction(ctx context.Context, tenant, name string, ifVersion *int, by *string, packages *EnvironmentChange,
	change func(*dbsqlc.Queries, *model.Function) (newVersion bool, err error),
) (model.Function, error) {
	var f model.Function
	err := d.inTx(ctx, func(q *dbsqlc.Queries) error {
		var err error
		f, err = lockFunction(ctx, q, tenant, name)
		if noRows(err) || err == nil && !f.IsActive {
			return errFunctionNotFound(name)
		}
		if err != nil {
			return err
		}
		if ifVersion != nil && *ifVersion != f.Version {
			return model.NewError(model.CodeVersionMismatch,
				"Function %q is at version %d by now, not %d; load it again and repeat the change.", name, f.Version, *ifVersion)
		}
		before := f
		newVersion, err := change(q, &f)
		if err != nil {
			return err
		}
		if err := applyChange(ctx, q, tenant, packages); err != nil {
			return err
		}
		if !newVersion && sameAttributes(before, f) {
			return nil
		}
		if newVersion && len(f.Requirements) > 0 && (packages == nil || len(f.Lock) == 0) {
			// What it requires may have moved since its last version was stored.
			if f.Lock, err = lockFor(ctx, q, tenant, f.Requirements); err != nil {
				return err
			}
		}
		if err := storeFunction(ctx, q, &f, newVersion, by); err != nil {
			return err
		}
		return note(ctx, q, tenant, FunctionsChanged)
	})
	if err != nil {
		return model.Function{}, d.fail(err, "change function %s", name)
	}
	return f, nil
}

func errNameTaken(name string) error {
	return model.NewError(model.CodeNameTaken, "There is a function %q already; change it with PUT, or choose another name.", name)
}
