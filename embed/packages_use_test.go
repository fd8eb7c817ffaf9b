package embed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// siteOf is the fake folder of that number; 0 has none.
func siteOf(tenant string, number int) model.SitePackages {
	if number == 0 {
		return model.SitePackages{}
	}
	return model.SitePackages{Number: number, Path: fmt.Sprintf("/sites/%s/%d", tenant, number)}
}

// runWith makes a call that names packages.
func runWith(ctx context.Context, h *Host, tenant string, p *model.Program, packages model.SitePackages) (model.Outcome, error) {
	return h.Call(ctx, model.Call{
		Tenant: tenant, Program: p, Input: []byte("null"), Host: noSiblings{}, Deadline: time.Now().Add(time.Minute), Packages: packages,
	})
}

// seesSite is a program that answers with its interpreter's folder.
func seesSite() *model.Program {
	return fakeProgram(func(c fakeCall) string { return strconv.Quote(c.site) })
}

// sees makes a call and returns the folder that it has found.
func sees(t *testing.T, h *Host, tenant string, packages model.SitePackages) string {
	t.Helper()
	outcome, err := runWith(t.Context(), h, tenant, seesSite(), packages)
	require.NoError(t, err)
	require.Nil(t, outcome.Failure)
	site, err := strconv.Unquote(string(outcome.Output))
	require.NoError(t, err)
	return site
}

func TestPackagesOfACall(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	require.Empty(t, sees(t, h, "a", siteOf("a", 0)))
	require.Equal(t, "/sites/a/1", sees(t, h, "a", siteOf("a", 1)), "newer ones mean another interpreter")
	require.Equal(t, "/sites/a/1", sees(t, h, "a", siteOf("a", 1)))
	require.Equal(t, 2, generationOf(h, "a"), "the same ones do not")
	require.Equal(t, "/sites/a/4", sees(t, h, "a", siteOf("a", 4)))
	require.Equal(t, "/sites/a/4", sees(t, h, "a", siteOf("a", 3)), "a late call runs with the newer ones")
	require.Equal(t, "/sites/a/4", sees(t, h, "a", siteOf("a", 0)))
	require.Equal(t, "/sites/b/2", sees(t, h, "b", siteOf("b", 2)), "another subtenant has its own")
	require.Equal(t, "/sites/a/4", sees(t, h, "a", siteOf("a", 4)))
	require.Equal(t, 3, generationOf(h, "a"))
	eventually(t, func() bool { return h.Stats().InterpretersEnded == 2 }, "the former ones are ended")
	require.Equal(t, 2, h.Stats().InterpretersLive)
}

// Calls in flight finish in the old interpreter, those that wait and those that
// come are done in the new one.
func TestNewPackagesWhileCallsRun(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 8, TenantThreads: 8})
	old := newBlocker()
	done := make(chan string)
	go func() {
		outcome, _ := runWith(t.Context(), h, "a", old.program, siteOf("a", 1))
		done <- string(outcome.Output)
	}()
	<-old.first
	require.Equal(t, "/sites/a/2", sees(t, h, "a", siteOf("a", 2)))
	require.Equal(t, "/sites/a/2", sees(t, h, "a", siteOf("a", 1)))
	require.Equal(t, map[string]bool{"/sites/a/1": true, "/sites/a/2": true}, h.SitesInUse())
	stats := h.Stats()
	require.Zero(t, stats.InterpretersEnded, "a call is in the old one")
	require.Zero(t, stats.Stuck())
	close(old.release)
	require.Equal(t, `"released"`, <-done)
	eventually(t, func() bool { return h.Stats().InterpretersEnded == 1 }, "then the old one is ended")
	require.Equal(t, map[string]bool{"/sites/a/2": true}, h.SitesInUse())
}

// A call that waits for a thread when newer packages come is done with those.
func TestNewPackagesWhileCallsWait(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 1})
	other := newBlocker()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = run(t.Context(), h, "other", other.program, "null") })
	<-other.first
	for number := range 4 {
		wg.Go(func() {
			outcome, err := runWith(t.Context(), h, "a", seesSite(), siteOf("a", number))
			if err != nil || string(outcome.Output) != `"/sites/a/3"` {
				t.Errorf("number %d: %s, %v", number, outcome.Output, err)
			}
		})
		eventually(t, func() bool { return h.Stats().Waiting == number+1 }, "it waits")
	}
	close(other.release)
	wg.Wait()
}

// Packages that come while a call is being stopped: its interpreter is retired
// with it in it, and the next call does not wait for the stop.
func TestNewPackagesWhileACallIsStopped(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{StuckAfter: time.Minute, WedgedAfter: time.Minute})
	started, release := make(chan struct{}), make(chan struct{})
	hog := fakeProgram(func(fakeCall) string { close(started); <-release; return `"late"` }) // keeps the GIL
	cancelOnce(t, started, h, "a", hog)
	require.Equal(t, "/sites/a/1", sees(t, h, "a", siteOf("a", 1)))
	close(release)
	eventually(t, func() bool { return h.Stats().InterpretersEnded == 1 }, "the old one is ended")
}

func TestFolderOfPackagesCannotBeRead(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	for range 3 {
		_, err := runWith(t.Context(), h, "a", seesSite(), model.SitePackages{Number: 1, Path: noSuchSite})
		require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
		require.ErrorContains(t, err, "cannot be given its packages")
	}
	require.LessOrEqual(t, generationOf(h, "a"), 2, "that is no way to get interpreters made")
	require.Equal(t, "/sites/a/2", sees(t, h, "a", siteOf("a", 2)), "newer packages help")
	require.Equal(t, "/sites/b/1", sees(t, h, "b", siteOf("b", 1)), "others are not concerned")
}

// Who comes after Forget with a call that was cancelled before it brings back
// nothing of the subtenant: another one of that name may be there.
func TestCancelledCallsBringNothingBack(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	outcome, err := runWith(ended, h, "a", seesSite(), siteOf("a", 7))
	require.NoError(t, err)
	require.Equal(t, model.FailureCancelled, outcome.Failure.Kind)
	require.Empty(t, h.SitesInUse())
	require.Equal(t, "/sites/a/1", sees(t, h, "a", siteOf("a", 1)))
	h.Forget("a")
	require.Empty(t, sees(t, h, "a", siteOf("a", 0)), "a subtenant of the same name is a new one")
}

func TestSitesOfIdleSubtenants(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{IdleAfter: 5 * time.Millisecond})
	require.Equal(t, "/sites/a/1", sees(t, h, "a", siteOf("a", 1)))
	eventually(t, func() bool { return h.Stats().Tenants == 0 && h.Stats().InterpretersEnded == 1 }, "it is idle")
	require.Empty(t, h.SitesInUse())
	require.Equal(t, "/sites/a/1", sees(t, h, "a", siteOf("a", 1)))
}

// Packages change under load, calls are stopped, subtenants fall idle and are
// forgotten: no call finds packages that are older than those it named, none
// those of another subtenant, and no interpreter is left.
func TestPackagesStress(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{IdleAfter: 5 * time.Millisecond, MinThreads: 1, ThreadIdleAfter: 5 * time.Millisecond, WaitLimit: time.Minute})
	const tenants = 4
	var newest [tenants]atomic.Int64
	p := fakeProgram(func(c fakeCall) string {
		c.allowThreads(func() {})
		return strconv.Quote(c.site)
	})
	stuck := newBlocker()
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 2))
			for range 300 {
				at := random.IntN(tenants)
				tenant := fmt.Sprint(at)
				number := newest[at].Load()
				switch random.IntN(40) {
				case 0:
					number = newest[at].Add(1)
				case 1:
					number = max(0, number-2)
				case 2:
					_, _ = runFor(h, tenant, stuck.program, time.Millisecond)
					continue
				case 3:
					h.Forget(tenant)
				}
				outcome, err := runWith(t.Context(), h, tenant, p, siteOf(tenant, int(number)))
				if err != nil || outcome.Failure != nil {
					continue // forgotten meanwhile
				}
				site, _ := strconv.Unquote(string(outcome.Output))
				found := 0
				if site != "" {
					found, _ = strconv.Atoi(filepath.Base(site))
				}
				if found < int(number) || site != siteOf(tenant, found).Path {
					t.Errorf("a call of %s that needs %d found %q", tenant, number, site)
				}
			}
		})
	}
	wg.Wait()
	eventually(t, func() bool {
		s := h.Stats()
		return s.ThreadsBusy+s.Tenants+s.InterpretersLive+s.InterpretersEnding+s.Stuck() == 0 && s.InterpretersEnded+s.InterpretersWarm == s.InterpretersCreated
	}, "nothing is left")
	require.Empty(t, h.SitesInUse())
}
