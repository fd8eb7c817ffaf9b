package packages

import (
	"context"
	"errors"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/pip"
	"maestro/internal/packages/probe"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// tries bounds how often a change is worked out anew because another server
// was faster.
const tries = 5

// plan is a change that is ready to be committed.
type plan struct {
	change repo.EnvironmentChange
	lock   model.Lock // of the environment as it will be
}

// change brings a subtenant's packages to what e says: it works out a plan
// and has it committed, again when the environment has moved meanwhile. log
// takes what is worth telling whoever waits.
func (m *Manager) change(ctx context.Context, tenant string, e *edit, by *string, log func(string), commit func(*plan) error) error {
	for try := 1; ; try++ {
		p, err := m.plan(ctx, tenant, e, by, log)
		if err != nil {
			return err
		}
		err = commit(p)
		if !errors.Is(err, repo.ErrEnvironmentMoved) {
			return err
		}
		if try == tries {
			busy := model.NewError(model.CodeUnavailable, "The packages of this subtenant are being changed by others all the time; try again in a moment.")
			busy.Cause = err
			return busy
		}
		log("The subtenant's packages were changed meanwhile; beginning anew.")
	}
}

// plan works out what the environment becomes, and builds and probes it. It
// takes the subtenant's turn if there is anything to install.
func (m *Manager) plan(ctx context.Context, tenant string, e *edit, by *string, log func(string)) (*plan, error) {
	state, err := m.opts.DB.PackageState(ctx, tenant)
	if err != nil {
		return nil, err
	}
	known, _, err := rootsAfter(&state, &edit{})
	if err != nil {
		return nil, err
	}
	roots, requested, err := rootsAfter(&state, e)
	if err != nil {
		return nil, err
	}
	lock := state.Environment.Lock
	switch {
	case e.remove != "":
		if err := removable(&state, known, e.remove); err != nil {
			return nil, err
		}
		lock = lock.Reach(names(roots)...)
	case !fits(lock, known, roots) || !restored(lock, e.restore):
		if m.opts.Forbidden {
			return nil, m.forbidden(lock, known, roots)
		}
		if lock, err = m.resolve(ctx, &state, e, roots, log); err != nil {
			return nil, err
		}
	}
	if lock.Digest() != state.Environment.Lock.Digest() {
		if lock, err = m.build(ctx, tenant, &state.Environment, lock, log); err != nil {
			return nil, err
		}
	}
	return &plan{
		change: repo.EnvironmentChange{Base: state.Revision, Lock: lock, Requested: requested, By: by},
		lock:   lock,
	}, nil
}

// restored reports whether a lock has everything of another one as it is there.
func restored(lock, wanted model.Lock) bool {
	for _, p := range wanted {
		if found := lock.Find(p.Name); found == nil || found.SHA256 != p.SHA256 {
			return false
		}
	}
	return true
}

// resolve finds the lock for roots. What is installed stays as it is, as long
// as it fits.
func (m *Manager) resolve(ctx context.Context, state *repo.PackageState, e *edit, roots []root, log func(string)) (model.Lock, error) {
	wanted := make([]requirement.Requirement, len(roots))
	for i, r := range roots {
		wanted[i] = r.Requirement
	}
	if err := m.allowed(names(roots)); err != nil { // before pip asks anyone
		return nil, err
	}
	pins := pinsFor(state.Environment.Lock, e)
	lock, err := m.opts.Pip.Resolve(ctx, wanted, pins, log)
	var conflict *pip.ConflictError
	if errors.As(err, &conflict) && len(pins) > len(e.restore) {
		log("What is installed stands in the way; looking for other versions of it.")
		lock, err = m.opts.Pip.Resolve(ctx, wanted, e.restore, log)
	}
	if err != nil {
		return nil, m.explain(err, roots, state.Environment.Lock)
	}
	if len(lock) > m.opts.Most {
		return nil, model.NewError(model.CodePackageInstallFailed, "That would be %d packages; a subtenant can have %d at most.", len(lock), m.opts.Most)
	}
	var all []string
	for i, p := range lock {
		all = append(all, p.Name)
		// The same version stays the same wheel: perhaps another one was refused.
		for _, known := range []*model.LockedPackage{state.Environment.Lock.Find(p.Name), e.restore.Find(p.Name)} {
			if known != nil && known.Version == p.Version {
				lock[i].File, lock[i].SHA256 = known.File, known.SHA256
			}
		}
	}
	return lock, m.allowed(all)
}

// pinsFor are the packages that should stay as they are: those of the current
// lock but for what e asks for, and those that e brings back.
func pinsFor(lock model.Lock, e *edit) model.Lock {
	pins := model.Lock{}
	for _, p := range lock {
		if e.restore.Find(p.Name) == nil && (e.install == nil || p.Name != e.install.Name) {
			pins = append(pins, p)
		}
	}
	pins = append(pins, e.restore...)
	slices.SortFunc(pins, func(a, b model.LockedPackage) int { return strings.Compare(a.Name, b.Name) })
	return pins
}

// build makes the next environment's folder and tries what is new in it. The
// lock that comes back may have other wheels of the same versions.
func (m *Manager) build(ctx context.Context, tenant string, now *model.Environment, lock model.Lock, log func(string)) (model.Lock, error) {
	next := model.Environment{Tenant: tenant, Number: now.Number + 1, Lock: lock}
	findings, refused, err := m.opts.Make(ctx, &next, now.Lock, log)
	if err != nil {
		return nil, m.explain(err, nil, lock)
	}
	for _, f := range findings {
		if f.Kind != probe.OK {
			log(f.String())
		}
	}
	if refused != nil {
		return nil, model.NewError(model.CodePackageUnsupported, "%s", refused.String())
	}
	return next.Lock, nil
}

// allowed refuses what PACKAGE_ALLOW_LIST does not name.
func (m *Manager) allowed(names []string) error {
	if len(m.opts.Allowed) == 0 {
		return nil
	}
	var others []string
	for _, name := range names {
		if !contains(m.opts.Allowed, name) && !contains(others, name) {
			others = append(others, name)
		}
	}
	if len(others) == 0 {
		return nil
	}
	return model.NewError(model.CodePackageNotAllowed,
		"This server does not allow every package, and not %s. Whoever runs it can add to PACKAGE_ALLOW_LIST.", inWords(others))
}
