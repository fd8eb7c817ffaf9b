package packages

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"maestro/internal/model"
	"maestro/internal/packages/pip"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

const (
	// tries bounds how often a change is planned again because a concurrent
	// change was committed first. Most retries cost nothing: the built folder
	// still fits.
	tries = 20
	// commitPatience bounds a commit. A commit is not interrupted, because its
	// outcome would be unknown.
	commitPatience = 30 * time.Second
)

// change is one change of a subtenant's packages, from its begin to its
// commit.
type change struct {
	m      *Manager
	tenant string
	edit   *edit
	by     *string
	log    func(string) // takes messages for the caller
	begun  func()       // called when its turn has come; nil: not needed
	// patience bounds the wait for its turn; 0: no bound.
	patience time.Duration
	commit   func(ctx context.Context, p *plan) error

	release func() // releases its turn; nil while it has none
	last    *plan  // the plan that it has built; nil: none yet
}

// plan is the next state of an environment.
type plan struct {
	state     repo.PackageState
	known     []root // the roots that the current environment was built for
	roots     []root
	requested []repo.RequestedPackage
	resolve   bool       // the lock must still be resolved
	lock      model.Lock // of the next environment
	built     bool       // the folder exists
}

// changed is the plan's change of the database.
func (p *plan) changed(by *string) repo.EnvironmentChange {
	return repo.EnvironmentChange{Base: p.state.Revision, Lock: p.lock, Requested: p.requested, By: by}
}

// needsWork reports whether packages must be resolved or a folder built.
func (p *plan) needsWork() bool {
	return p.resolve || !p.built && !p.lock.Equal(p.state.Environment.Lock)
}

// run brings the subtenant's packages to the state that the edit describes: it
// makes and commits a plan, and starts again if the environment has changed
// meanwhile. Only a plan that needs work takes a turn; its time limit begins
// then. The error is user-facing.
func (c *change) run(ctx context.Context) error {
	defer func() {
		if c.release != nil {
			c.release()
		}
	}()
	timed, end := c.m.limit(ctx)
	defer func() { end() }()
	for try := 1; ; try++ {
		p, err := c.plan(timed)
		if err == nil && p.needsWork() && c.release == nil {
			end()
			if err := c.takeTurn(ctx); err != nil {
				return err
			}
			timed, end = c.m.limit(ctx)
			continue // a concurrent change may have done the work
		}
		if err == nil && p.needsWork() {
			err = c.work(timed, p)
		}
		if err == nil {
			err = timed.Err()
		}
		if err == nil {
			err = c.settle(timed, p)
		}
		if !errors.Is(err, repo.ErrEnvironmentMoved) {
			return c.m.explain(ended(timed, err))
		}
		if try == tries {
			busy := model.NewError(model.CodeUnavailable, "The packages of this subtenant are changed concurrently too often. Try again in a moment.")
			busy.Cause = err
			return busy
		}
		c.log("The subtenant's packages were changed by another install; starting again.")
	}
}

// limit applies the time limit of an install to ctx.
func (m *Manager) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, m.opts.Limit, model.NewError(model.CodePackageInstallFailed,
		"The install took longer than %v and was stopped; nothing was changed.", m.opts.Limit))
}

// takeTurn waits for the subtenant's turn.
func (c *change) takeTurn(ctx context.Context) error {
	waiting, end := ctx, context.CancelFunc(func() {})
	if c.patience > 0 {
		busy := model.NewError(model.CodeUnavailable, "This install waited for other installs for %v and did not begin; nothing was changed. Try again when they have ended.", c.patience)
		busy.RetryAfter = 10 * time.Second
		waiting, end = context.WithTimeoutCause(ctx, c.patience, busy)
	}
	defer end()
	release, err := c.m.slots.take(waiting, c.tenant, func() { c.log("Waiting for other installs to end.") })
	if err != nil {
		return c.m.explain(ended(waiting, err))
	}
	c.release = release
	if c.begun != nil {
		c.begun()
	}
	return nil
}

// settle commits a plan.
func (c *change) settle(ctx context.Context, p *plan) error {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
	defer end()
	return c.commit(ctx, p)
}

// plan computes the next state of the environment, as far as it can be
// derived from the installed packages.
func (c *change) plan(ctx context.Context) (*plan, error) {
	m, e := c.m, c.edit
	state, err := m.opts.DB.PackageState(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	p := &plan{state: state, lock: state.Environment.Lock}
	if p.known, _, err = rootsAfter(&state, &edit{}); err != nil {
		return nil, err
	}
	if p.roots, p.requested, err = rootsAfter(&state, e); err != nil {
		return nil, err
	}
	switch {
	case e.remove != "":
		if err := removable(&state, p.known, e.remove); err != nil {
			return nil, err
		}
		p.lock = p.lock.Reach(names(p.roots)...)
	case !restored(p.lock, e.restore):
		if m.opts.Forbidden {
			return nil, forbidden(others(p.lock, e.restore))
		}
		p.resolve = true
	case !fits(p.lock, p.known, p.roots):
		settled, met, unmet, err := m.present(ctx, state.Environment, p.roots)
		switch {
		case err != nil:
			return nil, err
		case met:
			p.lock = settled
		case m.opts.Forbidden:
			return nil, forbidden(unmet)
		default:
			p.resolve = true
		}
	}
	if c.last != nil && p.needsWork() {
		if p.built, err = m.serves(ctx, c.last, p); err != nil {
			return nil, err
		}
		if p.built {
			p.lock, p.resolve = c.last.lock, false
		}
	}
	return p, nil
}

// serves reports whether the folder built for one plan fits another one: only
// requirements that it already meets were added.
func (m *Manager) serves(ctx context.Context, last, next *plan) (bool, error) {
	a, b := &last.state.Environment, &next.state.Environment
	if a.Number != b.Number || !a.CreatedAt.Equal(b.CreatedAt) || len(last.lock.Reach(names(next.roots)...)) != len(last.lock) {
		return false, nil
	}
	if fits(last.lock, last.roots, next.roots) {
		return true, nil
	}
	made := model.Environment{Tenant: a.Tenant, Number: a.Number + 1, Lock: last.lock}
	settled, met, _, err := m.present(ctx, made, next.roots)
	return met && settled.Equal(last.lock), err
}

// work resolves the lock, if necessary, and builds and probes its folder.
func (c *change) work(ctx context.Context, p *plan) (err error) {
	if p.resolve {
		if p.lock, err = c.m.resolve(ctx, c.edit, p, c.log); err != nil {
			return err
		}
	}
	if !p.lock.Equal(p.state.Environment.Lock) {
		if p.lock, err = c.m.build(ctx, &p.state.Environment, p.lock, c.log); err != nil {
			return err
		}
	}
	p.resolve, p.built = false, true
	c.last = p
	return nil
}

// restored reports whether a lock contains every package of another one in the same version.
func restored(lock, wanted model.Lock) bool { return len(others(lock, wanted)) == 0 }

// others lists the packages of another lock that a lock does not contain.
func others(lock, wanted model.Lock) (missing []string) {
	for _, p := range wanted {
		if found := lock.Find(p.Name); found == nil || found.SHA256 != p.SHA256 {
			missing = append(missing, p.Name+" "+p.Version)
		}
	}
	return missing
}

// lookTime bounds the check of the installed packages.
const lookTime = 30 * time.Second

// present checks whether an environment already meets roots, and returns the
// resulting lock. Versions, extras and markers are interpreted by packaging,
// in a child process. If that fails and pip may be run instead, the answer is no.
func (m *Manager) present(ctx context.Context, env model.Environment, roots []root) (settled model.Lock, met bool, unmet []string, err error) {
	var wanted []requirement.Requirement
	for _, r := range roots {
		if env.Lock.Find(r.Name) == nil && r.Marker == "" && !contains(unmet, r.Text) {
			unmet = append(unmet, r.Text)
		}
		wanted = append(wanted, r.Requirement)
	}
	if len(unmet) > 0 {
		return nil, false, unmet, nil
	}
	site, ready := m.Ready(env)
	if !ready && !m.opts.Forbidden {
		return nil, false, nil, nil
	}
	if !ready {
		if site, err = m.Build(ctx, env); err != nil {
			return nil, false, nil, err
		}
	}
	select {
	case m.looks <- struct{}{}:
		defer func() { <-m.looks }()
	case <-ctx.Done():
		return nil, false, nil, ctx.Err()
	}
	looking, end := context.WithTimeout(ctx, lookTime)
	defer end()
	settled, unmet, err = m.opts.Pip.Settle(looking, wanted, env.Lock, site.Path)
	switch {
	case err == nil:
		return settled, len(unmet) == 0, unmet, nil
	case ctx.Err() != nil:
		return nil, false, nil, ctx.Err()
	case !m.opts.Forbidden:
		return nil, false, nil, nil
	}
	blind := model.NewError(model.CodeUnavailable, "This server cannot check the installed packages at present; nothing was changed. Try again later.")
	blind.Cause = err
	return nil, false, nil, blind
}

// resolve finds the lock for a plan. Installed versions are kept as long as
// they fit.
func (m *Manager) resolve(ctx context.Context, e *edit, p *plan, log func(string)) (model.Lock, error) {
	wanted := make([]requirement.Requirement, len(p.roots))
	for i, r := range p.roots {
		wanted[i] = r.Requirement
	}
	if err := m.allowed(names(p.roots)); err != nil { // before pip contacts an index
		return nil, err
	}
	now := p.state.Environment.Lock
	pins := pinsFor(now, e)
	lock, err := m.opts.Pip.Resolve(ctx, wanted, pins, log)
	var conflict *pip.ConflictError
	if errors.As(err, &conflict) && len(pins) > len(e.restore) {
		log("The installed versions conflict with the requirements; resolving other versions.")
		lock, err = m.opts.Pip.Resolve(ctx, wanted, e.restore, log)
	}
	if errors.As(err, &conflict) {
		return nil, model.NewError(model.CodePackageConflict, "%s", conflictInWords(conflict, p, e))
	}
	if err != nil {
		return nil, err
	}
	if len(lock) > m.opts.Most {
		return nil, model.NewError(model.CodePackageInstallFailed, "The install would result in %d packages; a subtenant can have at most %d.", len(lock), m.opts.Most)
	}
	var all []string
	for i := range lock {
		all = append(all, lock[i].Name)
		// The same version keeps its wheel: another one may have been refused.
		keep(&lock[i], now.Find(lock[i].Name))
		keep(&lock[i], e.restore.Find(lock[i].Name))
	}
	return lock, m.allowed(all)
}

// keep makes a package retain its wheel, its notes and its lane.
func keep(p, known *model.LockedPackage) {
	if known != nil && known.Version == p.Version {
		p.File, p.SHA256, p.Notes, p.NeedsProcess = known.File, known.SHA256, known.Notes, known.NeedsProcess
	}
}

// pinsFor are the packages that should keep their version: those of the
// current lock except the ones that e requests, and those that e restores.
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

// allowed refuses packages that PACKAGE_ALLOW_LIST does not name.
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
		"This server does not allow the packages %s. Ask its operator to add them to PACKAGE_ALLOW_LIST.", inWords(others))
}
