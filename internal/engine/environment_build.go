package engine

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
)

// A subtenant's packages are a numbered environment, whose folder each server
// has to build for itself. The server that installs has built it before the
// number becomes current; the others hear of the number and build then. Until
// that is done they serve their earlier snapshot: deleted functions are gone at
// once, the others keep their versions, and only calls of functions that are
// new wait. A failed build is retried for as long as its number is the current
// one.

// Packages builds the folders of environments on this server.
type Packages interface {
	// Ready returns the folder if it is there. It does not wait.
	Ready(environment model.Environment) (model.SitePackages, bool)
	// Build returns the folder after it was built, if need be. It may be asked
	// for one environment any number of times, and returns soon after ctx ends.
	Build(ctx context.Context, environment model.Environment) (model.SitePackages, error)
	// Forget drops what there is of a subtenant that is no more. It returns at
	// once.
	Forget(tenant string)
}

// PackagesProblem is a subtenant whose packages could not be built here.
type PackagesProblem struct {
	Tenant   string
	Number   int       // of the environment
	Error    string    // of the latest attempt
	Since    time.Time // the first one that failed
	Attempts int       // that failed
	Serving  bool      // its functions of before are served; false: none can be run
}

// How long a build that failed rests, at first and at most. It doubles each
// time.
const (
	buildAgain     = 2 * time.Second
	buildAgainMost = 5 * time.Minute
)

// build is the building of one environment, in the background.
type build struct {
	environment model.Environment
	server      context.Context // of all builds
	ctx         context.Context
	cancel      context.CancelFunc
	tried       chan struct{} // closed when the first attempt is over, or it was cancelled

	mu       sync.Mutex // guards what follows
	done     bool       // the folder is there
	err      error      // of the latest attempt, while it rests
	since    time.Time
	attempts int
	again    time.Time // when the next attempt begins
}

// environment reads the subtenant's current one.
func (c *catalogue) environment(ctx context.Context, tenant string) (model.Environment, error) {
	environment, err := c.store.Environment(ctx, tenant)
	if c.packages == nil {
		environment = model.Environment{LaneSetting: environment.LaneSetting, Paused: environment.Paused, Notified: environment.Notified}
	}
	return environment, err
}

// sameEnvironment also tells environments apart after a subtenant was deleted and
// created again, when the numbers begin with 1 again.
func sameEnvironment(a, b model.Environment) bool {
	return a.Number == b.Number && a.CreatedAt.Equal(b.CreatedAt)
}

// ensureBuilt returns the folder of an environment, or its build, which it begins
// when there is none. s.loading is held.
func (c *catalogue) ensureBuilt(s *shelf, environment model.Environment) (model.SitePackages, *build) {
	b := s.build.Load()
	site, found := model.SitePackages{}, environment.Number == 0
	if !found {
		site, found = c.packages.Ready(environment) // a current one is checked too: its folder may have been deleted
	}
	if !found && b != nil && sameEnvironment(b.environment, environment) && !b.isDone() {
		return model.SitePackages{}, b
	}
	if b != nil { // it is done, or not needed any more
		b.cancel()
		s.build.Store(nil)
	}
	if found {
		return site, nil
	}
	return model.SitePackages{}, c.begin(s, environment)
}

// begin starts the build of an environment. s.loading is held.
func (c *catalogue) begin(s *shelf, environment model.Environment) *build {
	b := &build{environment: environment, server: c.building, tried: make(chan struct{})}
	b.ctx, b.cancel = context.WithCancel(c.building)
	s.build.Store(b)
	if s.gone.Load() {
		b.cancel()
	}
	c.beginning.Lock()
	defer c.beginning.Unlock()
	if c.building.Err() != nil {
		close(b.tried)
		return b
	}
	c.builds.Go(func() { c.conduct(s, b) })
	return b
}

// conduct builds until that succeeds or is not needed any more.
func (c *catalogue) conduct(s *shelf, b *build) {
	defer b.cancel()
	log := c.log.With(slog.String("tenant", s.tenant), slog.Int("environment", b.environment.Number))
	pauses := backoff.Backoff{First: buildAgain, Longest: buildAgainMost}
	for first := true; ; first = false {
		pause := pauses.Next()
		_, err := c.packages.Build(b.ctx, b.environment)
		switch {
		case err == nil:
			b.succeed()
			if !first {
				log.Info("the packages of a subtenant are built now")
			}
		case b.ctx.Err() == nil:
			b.fail(err, pause)
			if first {
				log.Error("the packages of a subtenant can't be built here; its functions stay as they are, and it is tried again", slog.Any("error", err))
			}
		}
		if first && err != nil {
			close(b.tried)
		}
		if err == nil {
			s.changed()
			if first {
				close(b.tried) // after the change, so that the waiting runs find the packages
			}
			return
		}
		if !backoff.Sleep(b.ctx, pause) {
			return
		}
	}
}

func (b *build) succeed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done, b.err = true, nil
}

func (b *build) fail(err error, rest time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.attempts == 0 {
		b.since = time.Now()
	}
	b.attempts++
	b.err, b.again = err, time.Now().Add(rest)
}

func (b *build) isDone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done
}

// wait returns when the state may have changed. The error, with CodeUnavailable,
// says that it has not: the build has failed, or takes too long.
func (b *build) wait(ctx context.Context) error {
	select {
	case <-b.tried:
	case <-ctx.Done():
		return errPackagesAwaited(ctx.Err())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.server.Err() != nil:
		return stopping()
	case b.done || b.ctx.Err() != nil: // it is there, or another one is needed by now
		return nil
	}
	e := model.NewError(model.CodeUnavailable, "The packages of this subtenant can't be installed on this server at present; try again later.")
	e.RetryAfter, e.Cause = min(max(time.Until(b.again), time.Second), time.Minute), b.err
	return e
}

func errPackagesAwaited(cause error) error {
	e := model.NewError(model.CodeUnavailable, "The packages of this subtenant are still being installed on this server; try again in a moment.")
	e.RetryAfter, e.Cause = 5*time.Second, cause
	return e
}

// prepare begins to build the packages of a subtenant that has run here, so that
// its next call need not wait for that as long.
func (c *catalogue) prepare(tenant string) {
	known, ok := c.tenants.Load(tenant)
	if !ok || c.packages == nil || known.(*shelf).latest.Load() == nil {
		return
	}
	c.beginning.Lock()
	defer c.beginning.Unlock()
	if c.building.Err() == nil {
		c.builds.Go(func() { _, _, _ = c.present(c.building, known.(*shelf)) }) // the next call finds out what failed
	}
}

// lookAfter rebuilds packages whose folders have been deleted.
func (c *catalogue) lookAfter() {
	c.tenants.Range(func(_, value any) bool {
		s := value.(*shelf)
		last := s.latest.Load()
		if c.packages == nil || last == nil || last.environment.Number == 0 {
			return true
		}
		if _, ready := c.packages.Ready(last.environment); !ready {
			s.changed()
			c.prepare(s.tenant)
		}
		return true
	})
}

// hold makes the snapshot for refs that does without the packages of a build:
// a function that refs lacks is gone, one with a new version keeps that of last,
// and a new one waits for the build.
func (c *catalogue) hold(last *snapshot, refs []model.FunctionRef, awaited *build) *snapshot {
	newer := map[string]bool{}
	kept := make([]model.FunctionRef, 0, len(refs))
	for _, ref := range refs {
		known := last.functions[ref.Name]
		switch {
		case known == nil || known.ref.ID != ref.ID:
			newer[ref.Name] = true
		case known.ref.VersionID == ref.VersionID:
			kept = append(kept, ref)
		default:
			kept = append(kept, known.ref)
		}
	}
	held := c.follow(last, kept)
	held.environment, held.site = last.environment, last.site
	held.awaited, held.newer = awaited, newer
	return held
}

// problems lists the builds that have failed and not succeeded since.
func (c *catalogue) problems() []PackagesProblem {
	var list []PackagesProblem
	c.tenants.Range(func(_, value any) bool {
		s := value.(*shelf)
		b := s.build.Load()
		if b == nil {
			return true
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.attempts > 0 && !b.done {
			list = append(list, PackagesProblem{
				Tenant: s.tenant, Number: b.environment.Number, Error: b.err.Error(),
				Since: b.since, Attempts: b.attempts, Serving: s.latest.Load() != nil,
			})
		}
		return true
	})
	slices.SortFunc(list, func(a, b PackagesProblem) int { return strings.Compare(a.Tenant, b.Tenant) })
	return list
}

// stop ends all builds. None is begun from now on.
func (c *catalogue) stop() {
	c.beginning.Lock()
	defer c.beginning.Unlock()
	c.cancel()
}
