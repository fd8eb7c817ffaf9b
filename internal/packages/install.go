package packages

import (
	"context"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
)

// Install begins to install a package for a subtenant, in place of any version
// of it that was requested before, and returns the operation; Wait waits for
// it. If the package is installed already, the operation ends immediately.
func (m *Manager) Install(ctx context.Context, tenant string, want requirement.Requirement, by *string) (model.PackageInstall, error) {
	if m.opts.Forbidden {
		return model.PackageInstall{}, errForbidden()
	}
	if err := m.allowed([]string{want.Name}); err != nil {
		return model.PackageInstall{}, err
	}
	working, leave, err := m.enter(context.WithoutCancel(ctx), tenant)
	if err != nil {
		return model.PackageInstall{}, err
	}
	install, err := m.opts.DB.CreateInstall(ctx, tenant, want.Name, want.Text, m.opts.Server, by)
	if err != nil {
		leave()
		return model.PackageInstall{}, err
	}
	over := m.begin(install.ID)
	go func() {
		defer leave()
		completed := m.conduct(working, tenant, install.ID, want, by)
		m.finish(install.ID, over, completed)
	}()
	return install, nil
}

func errForbidden() error {
	return model.NewError(model.CodePackagesDisabled, "Installing and removing packages is disabled on this server (ALLOW_PACKAGE_INSTALLATION=false).")
}

func (m *Manager) begin(id model.ID) (over chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	over = make(chan struct{})
	m.installs[id] = over
	return over
}

func (m *Manager) finish(id model.ID, over chan struct{}, completed bool) {
	m.mu.Lock()
	if completed {
		m.ended.Completed++
	} else {
		m.ended.Failed++
	}
	delete(m.installs, id)
	m.mu.Unlock()
	close(over)
}

// Wait returns an operation when it has ended, or its state when ctx ends. It
// does not wait for an operation of another server.
func (m *Manager) Wait(ctx context.Context, tenant string, id model.ID) (model.PackageInstall, error) {
	m.mu.Lock()
	over := m.installs[id]
	m.mu.Unlock()
	if over != nil {
		select {
		case <-over:
		case <-ctx.Done():
		}
	}
	return m.opts.DB.Install(context.WithoutCancel(ctx), tenant, id)
}

// conduct runs an install from its turn to its end, which is committed
// together with its change: a crash cannot separate the two. It reports whether
// the install has succeeded.
func (m *Manager) conduct(ctx context.Context, tenant string, id model.ID, want requirement.Requirement, by *string) (completed bool) {
	progress := m.follow(tenant, id)
	c := &change{
		m: m, tenant: tenant, edit: &edit{install: &want}, by: by, log: progress.add, begun: progress.running,
		commit: func(ctx context.Context, p *plan) error {
			progress.store() // a completed install must have its whole log
			next := p.changed(by)
			next.Install = id
			_, err := m.opts.DB.ApplyEnvironment(ctx, tenant, next)
			return err
		},
	}
	err := c.run(ctx)
	if err == nil {
		m.opts.Changed(tenant)
	}
	return progress.end(ctx, err)
}
