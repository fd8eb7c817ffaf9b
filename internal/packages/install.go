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
	install, err := m.opts.DB.CreateInstall(ctx, tenant, want.Name, want.Text, m.opts.Server, by)
	if err != nil {
		return model.PackageInstall{}, err
	}
	over, err := m.begin(install.ID)
	if err != nil {
		return model.PackageInstall{}, err
	}
	go func() {
		defer m.underWay.Done()
		m.conduct(tenant, install.ID, want, by)
		m.finish(install.ID, over)
	}()
	return install, nil
}

func errForbidden() error {
	return model.NewError(model.CodePackagesDisabled, "This server does not install or remove packages (ALLOW_PACKAGE_INSTALLATION=false).")
}

func (m *Manager) begin(id model.ID) (over chan struct{}, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errStopping()
	}
	over = make(chan struct{})
	m.installs[id] = over
	m.underWay.Add(1)
	return over, nil
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

// conduct takes an install from its turn to its end.
func (m *Manager) conduct(tenant string, id model.ID, want requirement.Requirement, by *string) {
	ctx, cancel := context.WithTimeout(m.ctx, m.opts.Limit)
	defer cancel()
	progress := m.follow(tenant, id)
	err := m.inTurn(ctx, tenant, progress.add, func() error {
		progress.running()
		return m.change(ctx, tenant, &edit{install: &want}, by, progress.add, func(p *plan) error {
			_, err := m.opts.DB.ApplyEnvironment(ctx, tenant, p.change)
			return err
		})
	})
	if err == nil {
		m.opts.Changed(tenant)
	}
	progress.end(m.explain(err, nil, nil))
}

// inTurn does something when the subtenant's turn has come.
func (m *Manager) inTurn(ctx context.Context, tenant string, log func(string), do func() error) error {
	give, err := m.slots.take(ctx, tenant, func() { log("Waiting for other installs to end.") })
	if err != nil {
		return err
	}
	defer give()
	return do()
}
