package packages

import (
	"context"
	"log/slog"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// WithRequirements installs what a function's requirements need and is not
// there yet, and then calls store, which stores the function together with the
// change in one transaction; the lock is that of the requirements, for the
// function's version to remember. store is called again when it answers with
// repo.ErrEnvironmentMoved. With restore, the lock of an earlier version, that
// version's packages come back as they were.
func (m *Manager) WithRequirements(ctx context.Context, tenant, function string, texts []string, restore model.Lock, by *string,
	store func(change *repo.EnvironmentChange, lock model.Lock) error,
) error {
	e := &edit{function: function, restore: restore}
	for _, text := range texts {
		r, err := requirement.Parse(text)
		if err != nil {
			return err
		}
		e.requirements = append(e.requirements, r)
	}
	ctx, cancel := context.WithTimeout(ctx, m.opts.Limit)
	defer cancel()
	log := func(line string) {
		m.opts.Log.Debug("install for a function", slog.String("tenant", tenant), slog.String("function", function), slog.String("line", line))
	}
	changed := false
	err := m.inTurn(ctx, tenant, log, func() error {
		return m.change(ctx, tenant, e, by, log, func(p *plan) error {
			var named []string
			for _, r := range e.requirements {
				named = append(named, r.Name)
			}
			changed = true
			return store(&p.change, p.lock.Reach(named...))
		})
	})
	if err != nil {
		return m.explain(err, nil, nil)
	}
	if changed {
		m.opts.Changed(tenant)
	}
	return nil
}
