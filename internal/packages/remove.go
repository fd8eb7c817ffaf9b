package packages

import (
	"context"
	"log/slog"
	"slices"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// Remove removes a requested package, and the dependencies that only it needs.
// A package that others need stays, as a dependency.
func (m *Manager) Remove(ctx context.Context, tenant, name string, by *string) error {
	if m.opts.Forbidden {
		return errForbidden()
	}
	quiet := func(line string) {
		m.opts.Log.Debug("remove a package", slog.String("tenant", tenant), slog.String("line", line))
	}
	return m.attend(ctx, tenant, &change{edit: &edit{remove: name}, by: by, log: quiet, commit: func(ctx context.Context, p *plan) error {
		_, err := m.opts.DB.ApplyEnvironment(ctx, tenant, p.changed(by))
		return err
	}})
}

// removable refuses to remove packages that functions or other packages require.
func removable(state *repo.PackageState, roots []root, name string) error {
	var functions []string
	for _, f := range state.Functions {
		for _, text := range f.Requirements {
			if r, err := requirement.Parse(text); err == nil && r.Name == name && !contains(functions, f.Function) {
				functions = append(functions, f.Function)
			}
		}
	}
	if len(functions) > 0 {
		return model.NewError(model.CodePackageRequired,
			"The package %s is required by %s; change the requirements there first.", name, inWords(functions))
	}
	if slices.ContainsFunc(state.Requested, func(r repo.RequestedPackage) bool { return r.Name == name }) {
		return nil
	}
	if state.Environment.Lock.Find(name) == nil {
		return model.NewError(model.CodePackageNotFound, "The package %q is not installed.", name)
	}
	if others := askers(roots, state.Environment.Lock, name); len(others) > 0 {
		return model.NewError(model.CodePackageRequired, "The package %s is a dependency of others; remove these instead: %s.", name, inWords(others))
	}
	return nil // it was left by a function that was deleted or no longer requires it
}
