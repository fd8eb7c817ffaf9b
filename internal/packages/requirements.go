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
	e := &edit{restore: restore}
	if err := e.require(function, texts); err != nil {
		return err
	}
	return m.withRequirements(ctx, tenant, e, by, func(ctx context.Context, change *repo.EnvironmentChange) error {
		var named []string
		for _, r := range e.functions[function] {
			named = append(named, r.Name)
		}
		return store(ctx, change, change.Lock.Reach(named...))
	})
}

// WithAllRequirements is WithRequirements for several functions at once: all of
// their requirements are installed, or none.
func (m *Manager) WithAllRequirements(ctx context.Context, tenant string, wanted []repo.FunctionRequirements, by *string,
	store func(ctx context.Context, change *repo.EnvironmentChange) error,
) error {
	e := &edit{}
	for _, f := range wanted {
		if err := e.require(f.Function, f.Requirements); err != nil {
			return err
		}
	}
	return m.withRequirements(ctx, tenant, e, by, store)
}

// require replaces the requirements of a function.
func (e *edit) require(function string, texts []string) error {
	parsed := make([]requirement.Requirement, len(texts))
	for i, text := range texts {
		var err error
		if parsed[i], err = requirement.Parse(text); err != nil {
			return err
		}
	}
	if e.functions == nil {
		e.functions = map[string][]requirement.Requirement{}
	}
	e.functions[function] = parsed
	return nil
}

func (m *Manager) withRequirements(ctx context.Context, tenant string, e *edit, by *string,
	store func(ctx context.Context, change *repo.EnvironmentChange) error,
) error {
	log := func(line string) {
		m.opts.Log.Debug("install for functions", slog.String("tenant", tenant), slog.String("functions", e.inWords()), slog.String("line", line))
	}
	return m.attend(ctx, tenant, &change{edit: e, by: by, log: log, commit: func(ctx context.Context, p *plan) error {
		next := p.changed(by)
		return store(ctx, &next)
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
