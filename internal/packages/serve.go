package packages

import (
	"context"
	"log/slog"

	"maestro/internal/model"
)

// Ready returns an environment's folder if it exists on this server.
func (m *Manager) Ready(env model.Environment) (model.SitePackages, bool) {
	if env.Number == 0 {
		return model.SitePackages{}, true
	}
	path, ok := m.opts.Folders.Path(env)
	return model.SitePackages{Number: env.Number, Path: path}, ok
}

// Build builds an environment's folder on this server, from a lock that
// another server has committed and whose modules were probed there. A few are
// built at a time, in addition to the installs: a start with many subtenants
// would otherwise request all of them from an index at once.
func (m *Manager) Build(ctx context.Context, env model.Environment) (model.SitePackages, error) {
	if env.Number == 0 {
		return model.SitePackages{}, nil
	}
	if site, ready := m.Ready(env); ready {
		return site, nil
	}
	leave, err := m.builds.take(ctx, func() {})
	if err != nil {
		return model.SitePackages{}, err
	}
	defer leave()
	ctx, cancel := m.limit(ctx)
	defer cancel()
	path, err := m.opts.Folders.Build(ctx, env, func(line string) {
		m.opts.Log.Debug("build an environment", slog.String("tenant", env.Tenant), slog.Int("number", env.Number), slog.String("line", line))
	})
	if err != nil {
		return model.SitePackages{}, ended(ctx, err)
	}
	return model.SitePackages{Number: env.Number, Path: path}, nil
}

// Forget stops the installs of a deleted subtenant, and removes its folders.
// It does not wait for the disk.
func (m *Manager) Forget(tenant string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for w := range m.working {
		if w.tenant == tenant {
			w.cancel(model.NewError(model.CodeSubtenantNotFound, "The subtenant %q has been deleted.", tenant))
		}
	}
	if !m.closed { // else the next server's sweep removes them
		m.underWay.Go(func() { m.opts.Folders.Forget(tenant) })
	}
}
