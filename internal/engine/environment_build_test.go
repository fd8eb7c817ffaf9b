package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// shop is a Store of one subtenant whose state a test sets, and the Packages of
// a server that builds when the test lets it. These tests are about the order
// of things in time, which no database can be part of.
type shop struct {
	mu          sync.Mutex // guards what follows
	functions   map[string]model.Function
	environment model.Environment
	ready       map[int]bool
	fails       error
	began       []int       // numbers of the builds that were begun
	times       []time.Time // at which
	cancelled   []int
	forgotten   []string
	release     map[int]chan struct{} // a build waits for it, if there is one
	meanwhile   func()                // happens once, between two reads
}

func newShop() *shop {
	return &shop{functions: map[string]model.Function{}, ready: map[int]bool{}, release: map[int]chan struct{}{}}
}

func (s *shop) FunctionNames(context.Context, string) ([]model.FunctionRef, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refs []model.FunctionRef
	for _, name := range slices.Sorted(maps.Keys(s.functions)) {
		f := s.functions[name]
		refs = append(refs, model.FunctionRef{ID: f.ID, Name: name, Version: f.Version, VersionID: f.VersionID, UpdatedAt: f.UpdatedAt})
	}
	if happens := s.meanwhile; happens != nil {
		s.meanwhile = nil
		happens()
	}
	return refs, nil
}

func (s *shop) Function(_ context.Context, _, name string) (model.Function, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.functions[name]
	if !ok {
		return f, notFound(name)
	}
	return f, nil
}

func (s *shop) FunctionVersion(_ context.Context, _, name string, version int) (model.FunctionVersion, error) {
	return model.FunctionVersion{}, model.NewError(model.CodeVersionNotFound, "Function %q has no version %d.", name, version)
}

func (s *shop) Environment(context.Context, string) (model.Environment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.environment, nil
}

func (s *shop) Ready(e model.Environment) (model.SitePackages, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return siteOf(e.Number), s.ready[e.Number]
}

func (s *shop) Build(ctx context.Context, e model.Environment) (model.SitePackages, error) {
	s.mu.Lock()
	s.began = append(s.began, e.Number)
	s.times = append(s.times, time.Now())
	release := s.release[e.Number]
	s.mu.Unlock()
	if release != nil {
		select {
		case <-release:
		case <-ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		s.cancelled = append(s.cancelled, e.Number)
		return model.SitePackages{}, ctx.Err()
	}
	s.ready[e.Number] = s.fails == nil
	return siteOf(e.Number), s.fails
}

func (s *shop) Forget(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten = append(s.forgotten, tenant)
}

// with changes the shop's state.
func (s *shop) with(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// put stores a function's next version.
func (s *shop) put(names ...string) {
	for _, name := range names {
		f := s.functions[name]
		if f.ID.IsZero() {
			f.ID = model.NewID()
		}
		f.Name, f.Code, f.VersionID = name, "echo", model.NewID()
		f.Version++
		s.functions[name] = f
	}
}

// holdBuild makes the builds of a number wait for the returned function.
func (s *shop) holdBuild(number int) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.release[number] = gate
	return func() { close(gate) }
}

func siteOf(number int) model.SitePackages {
	if number == 0 {
		return model.SitePackages{}
	}
	return model.SitePackages{Number: number, Path: fmt.Sprint("/sites/", number)}
}

// setupShop makes a catalogue over a shop. Its log is returned as well.
func setupShop(t *testing.T) (*shop, *catalogue, *bytes.Buffer) {
	t.Helper()
	s, log := newShop(), &bytes.Buffer{}
	c := newCatalogue(Options{Store: s, Lane: &script{}, Packages: s, Log: slog.New(slog.NewTextHandler(log, nil)), PackagesWait: time.Minute})
	t.Cleanup(func() {
		c.stop()
		c.builds.Wait()
	})
	return s, c, log
}

// version returns the version of a function that would run now, or the error's
// code.
func version(t *testing.T, c *catalogue, name string) string {
	t.Helper()
	f, err := c.function(t.Context(), "acme", name)
	if err != nil {
		return string(model.CodeOf(err))
	}
	return fmt.Sprint(f.Version)
}

func siteNow(t *testing.T, c *catalogue) int {
	t.Helper()
	now, _, err := c.present(t.Context(), c.shelf("acme"))
	require.NoError(t, err)
	require.Equal(t, siteOf(now.site.Number), now.site)
	return now.site.Number
}

func TestPackagesThatAreThereAreServedAtOnce(t *testing.T) {
	t.Parallel()
	s, c, _ := setupShop(t)
	s.with(func() { s.put("f") })
	require.Equal(t, "1", version(t, c, "f"))
	require.Zero(t, siteNow(t, c))
	for number := 1; number <= 3; number++ {
		s.with(func() { s.environment.Number, s.ready[number] = number, true })
		c.changed("acme")
		require.Equal(t, number, siteNow(t, c))
		require.Equal(t, "1", version(t, c, "f"))
	}
	require.Empty(t, s.began)
}

func TestTheOldStateIsServedWhilePackagesAreBuilt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := setupShop(t)
		s.with(func() { s.put("same", "changed", "deleted", "unloaded", "anew") })
		for _, name := range []string{"same", "changed", "deleted", "anew"} {
			require.Equal(t, "1", version(t, c, name))
		}
		release := s.holdBuild(1)
		s.with(func() {
			s.environment.Number = 1
			s.put("changed", "unloaded", "new")
			delete(s.functions, "deleted")
			delete(s.functions, "anew")
			s.put("anew") // of the same name, another function
		})
		c.changed("acme")
		answers := make(chan string, 3)
		for _, name := range []string{"new", "unloaded", "anew"} {
			go func() { answers <- name + " " + version(t, c, name) }()
		}
		synctest.Wait()
		require.Equal(t, "1", version(t, c, "same"))
		require.Equal(t, "1", version(t, c, "changed"), "its new version may need the packages")
		require.Equal(t, "function_not_found", version(t, c, "deleted"))
		require.Equal(t, "function_not_found", version(t, c, "never there"))
		require.Zero(t, siteNow(t, c))
		now, _, err := c.present(t.Context(), c.shelf("acme"))
		require.NoError(t, err)
		require.Equal(t, []string{"changed", "same", "unloaded"}, now.names)
		require.Empty(t, answers, "the others wait")

		s.with(func() { // what needs no packages arrives all the same
			f := s.functions["same"]
			f.UpdatedAt = time.Now()
			limit := 7.0
			f.TimeoutSeconds = &limit
			s.functions["same"] = f
		})
		c.changed("acme")
		f, err := c.function(t.Context(), "acme", "same")
		require.NoError(t, err)
		require.Equal(t, 7*time.Second, f.timeout)
		require.Equal(t, []int{1}, s.began, "built once for all callers")

		release()
		require.ElementsMatch(t, []string{"new 1", "unloaded 2", "anew 1"}, []string{<-answers, <-answers, <-answers})
		require.Equal(t, "2", version(t, c, "changed"))
		require.Equal(t, 1, siteNow(t, c))
		require.Equal(t, []int{1}, s.began)
		require.Empty(t, c.problems())
	})
}

func TestEverythingWaitsWhenNothingWasServedBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := setupShop(t)
		release := s.holdBuild(4)
		s.with(func() { s.put("f"); s.environment.Number = 4 })
		answers := make(chan string, 50)
		for range 50 {
			go func() { answers <- version(t, c, "f") }()
		}
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := c.function(ctx, "acme", "f")
		require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(begun), "as long as the caller has")
		require.Empty(t, answers)
		for range 50 {
			require.Equal(t, "unavailable", <-answers)
		}
		require.Equal(t, time.Minute, time.Since(begun), "and not for ever")
		var coded *model.Error
		require.ErrorAs(t, err, &coded)
		require.Positive(t, coded.RetryAfter)
		go func() { answers <- version(t, c, "f") }()
		synctest.Wait()
		release()
		require.Equal(t, "1", <-answers)
		require.Equal(t, []int{4}, s.began)
	})
}

func TestABuildThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, log := setupShop(t)
		s.with(func() { s.put("f") })
		require.Equal(t, "1", version(t, c, "f"))
		begun := time.Now()
		s.with(func() { s.environment.Number, s.fails = 1, errors.New("no index"); s.put("f", "new") })
		c.changed("acme")
		require.Equal(t, "unavailable", version(t, c, "new"), "a waiting run is told at once")
		require.Equal(t, "unavailable", version(t, c, "new"))
		require.Zero(t, time.Since(begun))
		require.Equal(t, "1", version(t, c, "f"))
		_, err := c.function(t.Context(), "acme", "new")
		var coded *model.Error
		require.ErrorAs(t, err, &coded)
		require.Equal(t, buildAgain, coded.RetryAfter)
		require.ErrorContains(t, coded.Cause, "no index")

		time.Sleep(time.Hour) // of the bubble
		synctest.Wait()
		problems := c.problems()
		require.Len(t, problems, 1)
		attempts := problems[0].Attempts
		require.Equal(t, PackagesProblem{Tenant: "acme", Number: 1, Error: "no index", Since: begun, Attempts: attempts, Serving: true}, problems[0])
		require.InDelta(t, 20, attempts, 2, "ever less often")
		require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), "said once")
		require.Equal(t, "1", version(t, c, "f"))
		s.with(func() {
			rest := buildAgain
			for i := range len(s.times) - 1 {
				require.Equal(t, rest, s.times[i+1].Sub(s.times[i]))
				rest = min(2*rest, buildAgainMost)
			}
			s.fails = nil
		})
		time.Sleep(buildAgainMost)
		synctest.Wait()
		require.Equal(t, "1", version(t, c, "new"))
		require.Equal(t, "2", version(t, c, "f"))
		require.Equal(t, 1, siteNow(t, c))
		require.Empty(t, c.problems())
	})
}

// Another server builds the folder while the attempts here fail: it is used at
// the next change.
func TestPackagesThatAnotherServerBuilt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := setupShop(t)
		s.with(func() { s.put("f"); s.environment.Number, s.fails = 1, errors.New("no index") })
		require.Equal(t, "unavailable", version(t, c, "f"))
		require.False(t, c.problems()[0].Serving)
		s.with(func() { s.ready[1] = true })
		c.changed("acme")
		require.Equal(t, "1", version(t, c, "f"))
		require.Equal(t, 1, siteNow(t, c))
		require.Empty(t, c.problems())
		time.Sleep(time.Hour)
		require.Len(t, s.began, 1, "our own attempts are over")
	})
}

func TestNewerPackagesWhileOthersAreBuilt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := setupShop(t)
		s.with(func() { s.put("f") })
		require.Equal(t, "1", version(t, c, "f"))
		_ = s.holdBuild(1)
		release := s.holdBuild(2)
		s.with(func() { s.put("new"); s.environment.Number = 1 })
		c.changed("acme")
		answer := make(chan string, 1)
		go func() { answer <- version(t, c, "new") }()
		synctest.Wait()
		s.with(func() { s.environment.Number = 2 })
		c.changed("acme")
		require.Equal(t, "1", version(t, c, "f"))
		synctest.Wait()
		require.Equal(t, []int{1}, s.cancelled, "it is not needed any more")
		require.Empty(t, answer, "the run waits for the newer ones")
		release()
		require.Equal(t, "1", <-answer)
		require.Equal(t, 2, siteNow(t, c))
		require.Equal(t, []int{1, 2}, s.began)
	})
}

// A subtenant that was deleted and made anew begins with number 1 again.
func TestTheSameNumberOfAnotherSubtenant(t *testing.T) {
	t.Parallel()
	s, c, _ := setupShop(t)
	s.with(func() {
		s.put("f")
		s.environment, s.ready[1] = model.Environment{Number: 1, CreatedAt: time.Unix(1, 0)}, true
	})
	require.Equal(t, 1, siteNow(t, c))
	s.with(func() { s.environment.CreatedAt, s.ready[1] = time.Unix(2, 0), false })
	c.changed("acme")
	require.Equal(t, "1", version(t, c, "f"))
	c.builds.Wait()
	require.Equal(t, []int{1}, s.began)
}

// A version that another server has stored, and of which this one has not yet
// heard, is not run with the packages of before.
func TestAVersionThatIsNewerThanTheSnapshot(t *testing.T) {
	t.Parallel()
	s, c, _ := setupShop(t)
	s.with(func() { s.put("f") })
	require.Zero(t, siteNow(t, c))
	s.with(func() { s.put("f"); s.environment.Number, s.ready[1] = 1, true })
	require.Equal(t, "2", version(t, c, "f"))
	require.Equal(t, 1, siteNow(t, c))
}

func TestStoppingEndsTheBuilds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := setupShop(t)
		_ = s.holdBuild(1)
		s.with(func() { s.put("f"); s.environment.Number = 1 })
		answer := make(chan string, 1)
		go func() { answer <- version(t, c, "f") }()
		synctest.Wait()
		c.stop()
		c.builds.Wait()
		require.Equal(t, "unavailable", <-answer)
		require.Equal(t, "unavailable", version(t, c, "f"))
		s.with(func() { s.environment.Number = 2 })
		c.changed("acme")
		require.Equal(t, "unavailable", version(t, c, "f"))
		require.Equal(t, []int{1}, s.began)
	})
}

func TestForgettingEndsTheBuild(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := setupShop(t)
		_ = s.holdBuild(1)
		s.with(func() { s.put("f"); s.environment.Number = 1 })
		answer := make(chan string, 1)
		go func() { answer <- version(t, c, "f") }()
		synctest.Wait()
		s.with(func() { s.functions, s.environment = nil, model.Environment{} })
		c.forget("acme")
		require.Equal(t, "function_not_found", <-answer)
		synctest.Wait()
		require.Equal(t, []int{1}, s.cancelled)
	})
}

// A subtenant's state changes while many callers ask for it, and builds are slow
// or fail: a caller never gets an older state than an earlier one got, nor
// packages that are older than the state.
func TestPackagesUnderChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := setupShop(t)
		s.with(func() { s.put("f") })
		// The version of f is always one more than the number it needs.
		var wg sync.WaitGroup
		over := make(chan struct{})
		for range 8 {
			wg.Go(func() {
				for seen := 0; ; {
					select {
					case <-over:
						return
					case <-time.After(time.Millisecond):
					}
					f, err := c.function(t.Context(), "acme", "f")
					if err != nil {
						t.Errorf("it was known before: %v", err)
						return
					}
					site := c.shelf("acme").latest.Load().site.Number
					if f.Version < seen || site < f.Version-1 {
						t.Errorf("version %d with packages %d, after version %d", f.Version, site, seen)
					}
					seen = f.Version
				}
			})
		}
		time.Sleep(5 * time.Millisecond)
		for number := 1; number <= 40; number++ {
			release := s.holdBuild(number)
			s.with(func() {
				s.put("f")
				s.environment.Number = number
				s.fails = nil
				if number%3 == 0 {
					s.fails = errors.New("at times")
				}
			})
			c.changed("acme")
			// Never at the moment of the next change: a version that is replaced before any caller
			// has loaded it cannot be had any more while the packages of the next one fail.
			time.AfterFunc(10*time.Millisecond+500*time.Microsecond, release)
			time.Sleep(time.Duration(5+number) * time.Millisecond)
		}
		s.with(func() { s.fails = nil })
		time.Sleep(time.Minute)
		require.Equal(t, "41", version(t, c, "f"))
		close(over)
		wg.Wait()
	})
}
