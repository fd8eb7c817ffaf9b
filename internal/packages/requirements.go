package packages

import (
	"context"
	"log/slog"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// WithRequirements installs the missing requirements of a function, and then
// calls store, which stores the function together with the change in one
// transaction; the lock is that of the requirements, to be stored with the
// function's version. store is called again when it returns
// repo.ErrEnvironmentMoved, and must use the context that it gets. With
// restore, the lock of an earlier version, that version's packages are
// restored exactly. It may take as long as an install, and in addition
// Options.Patience to begin.
func (m *Manager) WithRequirements(ctx context.Context, tenant, function string, texts []string, restore model.Lock, by *string,
	store func(ctx context.Context, change *repo.EnvironmentChange, lock model.Lock) error,
) error {
	e := &edit{function: function, restore: restore}
	for _, text := range texts {
		r, err := requirement.Parse(text)
		if err != nil {
			return err
		}
		e.requirements = append(e.requirements, r)
	}
	log := func(line string) {
		m.opts.Log.Debug("install for a function", slog.String("tenant", tenant), slog.String("function", function), slog.String("line", line))
	}
	return m.attend(ctx, tenant, &change{edit: e, by: by, log: log, commit: func(ctx context.Context, p *plan) error {
		var named []string
		for _, r := range e.requirements {
			named = append(named, r.Name)
		}
		next := p.changed(by)
		return store(ctx, &next, p.lock.Reach(named...))
	}})
}

// attend makes a change whose caller waits for it.
func (m *Manager) attend(ctx context.Context, tenant string, c *change) error {
	ctx, leave, err := m.enter(ctx, tenant)
	if err != nil {
		return err
	}
	defer leave()
	c.m, c.tenant, c.patience = m, tenant, m.opts.Patience
	if err := c.run(ctx); err != nil {
		return err
	}
	m.opts.Changed(tenant)
	return nil
}
