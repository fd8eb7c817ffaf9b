package engine

import (
	"context"

	"maestro/internal/model"
)

// version returns what it takes to run a version of a function, with the
// settings of the present: its time limit and its bound of runs, whether it is
// switched off, paused or quarantined. It is compiled for each run.
func (c *catalogue) version(ctx context.Context, tenant, name string, number int) (*function, error) {
	current, err := c.function(ctx, tenant, name) // waits for packages, and refuses what can't be run
	if err != nil || current.Version == number {
		return current, err
	}
	stored, err := c.store.Function(ctx, tenant, name)
	if err != nil {
		return nil, err
	}
	old, err := c.store.FunctionVersion(ctx, tenant, name, number)
	if err != nil {
		return nil, err
	}
	stored.Version, stored.VersionID, stored.Code = old.Version, old.ID, old.Code
	stored.InputSchema, stored.OutputSchema, stored.Requirements, stored.Lock = old.InputSchema, old.OutputSchema, old.Requirements, old.Lock
	now, _, err := c.present(ctx, c.shelf(tenant))
	if err != nil {
		return nil, err
	}
	for i := range old.Lock {
		if needed := &old.Lock[i]; now == nil || now.environment.Lock.Find(needed.Name) == nil {
			return nil, model.NewError(model.CodePackageConflict,
				"Version %d of %q needs the package %s, which is not installed now, so nothing ran. Roll back to it, or install %s.", number, name, needed.Name, needed.Name)
		}
	}
	f, err := newFunction(ctx, c.lane, stored, nil)
	if err != nil {
		return nil, err
	}
	f.meter = current.meter
	return f, nil
}
