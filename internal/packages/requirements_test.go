package packages_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/internal/testkit/index"
	"maestro/repo"
)

func TestRequirementsOfFunctions(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "alpha", Version: "1"}, index.Wheel{Name: "alpha", Version: "2"}, index.Wheel{Name: "beta", Version: "1", Requires: []string{"alpha<2"}},
	)
	require.NoError(t, b.define("acme", "f", "alpha==1"))
	require.Equal(t, map[string]string{"alpha": "1"}, b.versions("acme"))
	asked, _, err := b.db.ListPackages(t.Context(), "acme", false, repo.Page{})
	require.NoError(t, err)
	require.Empty(t, asked, "it was not requested directly")
	f, err := b.db.Function(t.Context(), "acme", "f")
	require.NoError(t, err)
	require.Len(t, f.Lock, 1)

	// Both sides of a conflict are named, in either order.
	err = b.define("acme", "g", "alpha>=2")
	require.Equal(t, model.CodePackageConflict, model.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "alpha==1 of the function f")
	require.ErrorContains(t, err, "alpha>=2 of the function g")
	_, err = b.db.Function(t.Context(), "acme", "g")
	require.Equal(t, model.CodeFunctionNotFound, model.CodeOf(err))
	detail := b.refused("acme", "alpha==2", model.CodePackageConflict)
	require.Contains(t, detail, "alpha==1 of the function f")
	require.Contains(t, detail, "alpha==2 of POST /packages")

	err = b.Remove(t.Context(), "acme", "alpha", nil)
	require.Equal(t, model.CodePackageRequired, model.CodeOf(err))
	require.ErrorContains(t, err, "required by f")

	// A new version of f wants another one; a rollback brings the first one back.
	require.NoError(t, b.define("acme", "f", "alpha"))
	require.Equal(t, "1", b.versions("acme")["alpha"], "the installed version stays, as long as it fits")
	require.NoError(t, b.define("acme", "f", "alpha>=2"))
	require.Equal(t, "2", b.versions("acme")["alpha"])
	old, err := b.db.FunctionVersion(t.Context(), "acme", "f", 2)
	require.NoError(t, err)
	require.Equal(t, []string{"alpha"}, old.Requirements)
	err = b.WithRequirements(t.Context(), "acme", "f", old.Requirements, old.Lock, nil, func(ctx context.Context, change *repo.EnvironmentChange, _ model.Lock) error {
		_, err := b.db.RollbackFunction(ctx, "acme", "f", 2, nil, change)
		return err
	})
	require.NoError(t, err)
	require.Equal(t, "1", b.versions("acme")["alpha"])
	b.installed("acme", "beta")
	require.Equal(t, map[string]string{"alpha": "1", "beta": "1"}, b.versions("acme"))
}

// Installed packages are enough for the same requirement in other words, and
// the lock records their new dependent.
func TestInstalledRequirementsContactNoIndex(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "alpha", Version: "1.5", Requires: []string{`gamma>=2; extra == "x"`, `delta; extra == "y"`}, Extras: []string{"x", "y"}},
		index.Wheel{Name: "gamma", Version: "3"}, index.Wheel{Name: "old", Version: "2rc1"},
	)
	require.NoError(t, b.define("acme", "f", "alpha"))
	b.installed("acme", "gamma")
	b.installed("acme", "old==2rc1")
	b.index.Fail(index.Broken)
	require.NoError(t, b.define("acme", "f", "alpha[x]>=1,<2", "old>=1", `nothing; sys_platform == "win32"`))
	f, err := b.db.Function(t.Context(), "acme", "f")
	require.NoError(t, err)
	require.Equal(t, []string{"gamma"}, f.Lock.Find("alpha").Needs)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(b.define("acme", "g", "alpha>=2")))
	require.Equal(t, model.CodeUnavailable, model.CodeOf(b.define("acme", "g", "alpha[y]")))

	require.NoError(t, b.Remove(t.Context(), "acme", "gamma", nil), "it was asked for")
	require.Equal(t, map[string]string{"alpha": "1.5", "gamma": "3", "old": "2rc1"}, b.versions("acme"), "and alpha[x] needs it")
	require.Equal(t, "3", b.python("acme", "import gamma; print(gamma.VERSION)"))
}

// Packages left by a deleted function are removed on request.
func TestUnneededPackagesCanBeRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, index.Wheel{Name: "alpha", Version: "1", Requires: []string{"beta"}}, index.Wheel{Name: "beta", Version: "1"}, index.Wheel{Name: "gamma", Version: "1"})
	require.NoError(t, b.define("acme", "f", "alpha"))
	require.NoError(t, b.define("acme", "g", "gamma"))
	require.Equal(t, model.CodePackageRequired, model.CodeOf(b.Remove(t.Context(), "acme", "beta", nil)))
	require.NoError(t, b.db.DeleteFunction(t.Context(), "acme", "f"))
	require.NoError(t, b.Remove(t.Context(), "acme", "beta", nil))
	require.Equal(t, map[string]string{"gamma": "1"}, b.versions("acme"))
	require.Equal(t, model.CodePackageNotFound, model.CodeOf(b.Remove(t.Context(), "acme", "alpha", nil)))
}

// A conflict names the sides of each of its causes, and no others.
func TestConflictsNameTheirSides(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "requests", Version: "1"}, index.Wheel{Name: "requests-oauthlib", Version: "1", Requires: []string{"shared>=2"}},
		index.Wheel{Name: "left", Version: "1", Requires: []string{"shared<2"}},
		index.Wheel{Name: "shared", Version: "1"}, index.Wheel{Name: "shared", Version: "2"},
		index.Wheel{Name: "outer", Version: "1", Requires: []string{"Inner_Part"}}, index.Wheel{Name: "Inner_Part", Version: "1", Requires: []string{"shared>=2"}},
		index.Wheel{Name: "torn", Version: "1", Requires: []string{"shared<2", "requests-oauthlib"}},
	)
	b.installed("acme", "requests==1")
	b.installed("acme", "left")
	detail := b.refused("acme", "requests-oauthlib==1", model.CodePackageConflict)
	require.Contains(t, detail, "requests-oauthlib==1 of POST /packages")
	require.Contains(t, detail, "left of POST /packages")
	require.NotContains(t, detail, "requests==1 of")

	require.NoError(t, b.define("acme", "f", "left", "requests"))
	err := b.define("acme", "g", "outer")
	require.Equal(t, model.CodePackageConflict, model.CodeOf(err))
	require.ErrorContains(t, err, "outer of the function g", "a package that is not installed yet")
	require.ErrorContains(t, err, "left of the function f")
	require.NotContains(t, err.Error(), "requests")

	detail = b.refused("zenith", "torn", model.CodePackageConflict)
	require.Contains(t, detail, "torn of POST /packages cannot be installed")
}

// Concurrent changes of one subtenant on two servers do not lose each other's
// results.
func TestTwoServersInstallAtOnce(t *testing.T) {
	t.Parallel()
	var wheels []index.Wheel
	for i := range 6 {
		wheels = append(wheels, index.Wheel{Name: fmt.Sprintf("pack%d", i), Version: "1"})
	}
	b := setup(t, nil, wheels...)
	other := &bench{t: t, db: b.db, dir: t.TempDir(), home: b.home, index: b.index}
	other.start(nil)
	var all sync.WaitGroup
	for i := range 6 {
		server := []*bench{b, other}[i%2]
		all.Go(func() { server.installed("acme", fmt.Sprintf("pack%d", i)) })
	}
	all.Wait()
	require.Len(t, b.versions("acme"), 6)

	// The other server makes the same folder from the lock.
	env, err := b.db.Environment(t.Context(), "acme")
	require.NoError(t, err)
	third := &bench{t: t, db: b.db, dir: t.TempDir(), home: b.home, index: b.index}
	third.start(nil)
	_, ready := third.Ready(env)
	require.False(t, ready)
	site, err := third.Build(t.Context(), env)
	require.NoError(t, err)
	require.Equal(t, env.Number, site.Number)
	require.Equal(t, "1", third.python("acme", "import pack5; print(pack5.VERSION)"))
}

func TestSweepRemovesUnusedFolders(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, index.Wheel{Name: "alpha", Version: "1"}, index.Wheel{Name: "alpha", Version: "2"})
	b.installed("acme", "alpha==1")
	first := b.path("acme")
	b.installed("acme", "alpha==2")
	second := b.path("acme")
	b.folders.Sweep(func(string, string) bool { return false })
	require.DirExists(t, first, "it is new: its commit may follow")
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(first, long, long))
	require.NoError(t, os.Chtimes(second, long, long))
	b.folders.Sweep(func(tenant, path string) bool { return tenant == "acme" && path == second })
	require.NoDirExists(t, first)
	require.DirExists(t, second)
	b.Forget("acme")
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Dir(second))
		return os.IsNotExist(err)
	}, 20*time.Second, 5*time.Millisecond)
}

// What a server has left in the making that is gone is cleared away, what a
// living one makes is not, and an install whose server is gone has failed. (That
// a kill leaves no more than this, cmd/maestro tests.)
func TestWhatAnInstallLeftIsClearedAway(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, index.Wheel{Name: "alpha", Version: "1"}, index.Wheel{Name: "beta", Version: "1"})
	b.installed("acme", "alpha")
	left := filepath.Join(b.dir, "packages", "temp", "1-left")
	require.NoError(t, os.MkdirAll(filepath.Join(left, "environment-half"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(left, "lock"), nil, 0o600))
	b.index.Fail(index.Stalled)
	want, err := requirement.Parse("beta")
	require.NoError(t, err)
	install, err := b.Install(t.Context(), "acme", want, nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return b.index.Fetched("beta") > 0 }, 30*time.Second, 10*time.Millisecond)

	after := &bench{t: t, db: b.db, dir: b.dir, home: b.home, index: b.index}
	after.start(nil) // beside the first, which is still at work on the same folder
	require.NoDirExists(t, left)
	temp, err := os.ReadDir(filepath.Join(b.dir, "packages", "temp"))
	require.NoError(t, err)
	require.Len(t, temp, 2, "what a living one makes is left alone")
	require.Equal(t, "1", after.python("acme", "import alpha; print(alpha.VERSION)"))

	servers, err := b.db.Servers(t.Context())
	require.NoError(t, err)
	for _, s := range servers {
		_, err := b.db.DeclareGone(t.Context(), s.ID, s.Beats)
		require.NoError(t, err)
	}
	require.NoError(t, b.db.FailLostInstalls(t.Context()))
	install, err = b.db.Install(t.Context(), "acme", install.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusFailed, install.Status)
	text, err := json.Marshal(install.Problem.Detail)
	require.NoError(t, err)
	require.Contains(t, string(text), "stopped before the install was complete")
}
