package packages

import (
	"context"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
)

// Install begins to install a package for a subtenant, instead of whatever
// version of it was asked for before, and returns the operation: Wait waits
// for it. What is there already is over at once.
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
		m.conduct(working, tenant, install.ID, want, by)
		m.finish(install.ID, over)
	}()
	return install, nil
}

func errForbidden() error {
	return model.NewError(model.CodePackagesDisabled, "This server does not install or remove packages (ALLOW_PACKAGE_INSTALLATION=false).")
}

func (m *Manager) begin(id model.ID) (over chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	over = make(chan struct{})
	m.installs[id] = over
	return over
}

func (m *Manager) finish(id model.ID, over chan struct{}) {
	m.mu.Lock()
	delete(m.installs, id)
	m.mu.Unlock()
	close(over)
}

// Wait returns an operation once it is over, or as it is when ctx ends. One of
// another server is not waited for.
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

// conduct takes an install from its turn to its end. That is committed together
// with what it has changed: no crash comes between the two.
func (m *Manager) conduct(ctx context.Context, tenant string, id model.ID, want requirement.Requirement, by *string) {
	progress := m.follow(tenant, id)
	c := &change{
		m: m, tenant: tenant, edit: &edit{install: &want}, by: by, log: progress.add, begun: progress.running,
		commit: func(ctx context.Context, p *plan) error {
			progress.store() // whoever finds it completed finds all of its log
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
	progress.end(ctx, err)
}
