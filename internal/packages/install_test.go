package packages_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/packages"
	"maestro/internal/packages/pip"
	"maestro/internal/packages/probe"
	"maestro/internal/packages/requirement"
	"maestro/internal/testkit/index"
)

func TestInstallAndRemove(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "alpha", Version: "1.0", Requires: []string{"Beta_Lib>=1", `gamma; extra == "more"`}, Extras: []string{"more"}},
		index.Wheel{Name: "alpha", Version: "2.0", Requires: []string{"Beta_Lib>=1"}},
		index.Wheel{Name: "Beta_Lib", Version: "1.5"},
		index.Wheel{Name: "gamma", Version: "3.0"},
		index.Wheel{Name: "delta", Version: "1", Yanked: true},
		index.Wheel{Name: "delta", Version: "0.9"},
	)
	b.installed("acme", "alpha[more]==1.0")
	require.Equal(t, map[string]string{"alpha": "1.0", "beta-lib": "1.5", "gamma": "3.0"}, b.versions("acme"))
	require.Equal(t, "1.0 1.5 3.0", b.python("acme", "import alpha, beta_lib, gamma; print(alpha.VERSION, beta_lib.VERSION, gamma.VERSION)"))
	require.Equal(t, []string{"acme"}, b.changed)
	require.NotEmpty(t, b.lines)

	// Another version takes its place, and what came along for the other is gone.
	b.installed("acme", "alpha==2.0")
	require.Equal(t, map[string]string{"alpha": "2.0", "beta-lib": "1.5"}, b.versions("acme"))
	b.installed("acme", "alpha")
	require.Equal(t, "2.0", b.versions("acme")["alpha"], "it is there, and stays as it is")

	b.installed("acme", "delta")
	require.Equal(t, "0.9", b.versions("acme")["delta"], "a yanked version is not chosen")
	require.Empty(t, b.versions("zenith"))
	require.Equal(t, 1, b.index.Fetched("Beta_Lib"))
	b.installed("zenith", "beta.lib")
	require.Equal(t, 1, b.index.Fetched("beta-lib"), "a wheel is fetched once for all")

	err := b.Remove(t.Context(), "acme", "beta-lib", nil)
	require.Equal(t, model.CodePackageRequired, model.CodeOf(err))
	require.ErrorContains(t, err, "alpha")
	require.Equal(t, model.CodePackageNotFound, model.CodeOf(b.Remove(t.Context(), "acme", "gamma", nil)))
	b.index.Fail(index.Broken)
	require.NoError(t, b.Remove(t.Context(), "acme", "alpha", nil), "no index is contacted")
	require.Equal(t, map[string]string{"delta": "0.9"}, b.versions("acme"))
	require.NoError(t, b.Remove(t.Context(), "acme", "delta", nil))
	require.Empty(t, b.versions("acme"))
	require.Equal(t, map[string]string{"beta-lib": "1.5"}, b.versions("zenith"))
}

func TestTwoTenantsHaveTwoVersionsAndFilesOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, index.Wheel{Name: "alpha", Version: "1"}, index.Wheel{Name: "alpha", Version: "2"})
	var both sync.WaitGroup
	both.Go(func() { b.installed("acme", "alpha==1") })
	both.Go(func() { b.installed("zenith", "alpha==2") })
	both.Wait()
	const program = "import alpha; print(alpha.VERSION)"
	require.Equal(t, "1", b.python("acme", program))
	require.Equal(t, "2", b.python("zenith", program))

	// Files that one subtenant writes into its packages do not appear in another's.
	b.installed("zenith", "alpha==1")
	file := filepath.Join(b.path("acme"), "alpha.py")
	require.NoError(t, os.WriteFile(file, []byte("VERSION = 'evil'\n"), 0o644))
	source := func(tenant string) string { // the imported module is compiled already, and does not show it
		t.Helper()
		text, err := os.ReadFile(filepath.Join(b.path(tenant), "alpha.py"))
		require.NoError(t, err)
		return string(text)
	}
	require.Equal(t, "VERSION = \"1\"\n", source("zenith"))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.EqualValues(t, 1, info.Sys().(*syscall.Stat_t).Nlink)
	_, err = b.db.EnsureSubtenant(t.Context(), "third")
	require.NoError(t, err)
	b.installed("third", "alpha==1")
	require.Equal(t, "VERSION = \"1\"\n", source("third"))
}

func TestWhatTheProbeFinds(t *testing.T) {
	t.Parallel()
	extension := func(name string, way index.Import) index.Wheel {
		return index.Wheel{Name: name, Version: "1", Binary: index.Extension(t, name, way)}
	}
	b := setup(t, embedded,
		extension("good", index.OwnGIL), extension("one", index.OneOnly), extension("crash", index.Crash), extension("abort", index.Abort), extension("leave", index.Exit),
		index.Wheel{Name: "wrapped", Version: "1", Files: map[string]string{"wrapped/__init__.py": "try:\n    import one\nexcept ImportError as e:\n    raise RuntimeError('see above') from e\n"}, Requires: []string{"one"}},
		index.Wheel{Name: "fallback", Version: "1", Files: map[string]string{
			"fallback/__init__.py":  "try:\n    from fallback import speedups\nexcept ImportError:\n    speedups = None\n",
			"_fallback/__init__.py": "raise ModuleNotFoundError('no speedups here')\n",
		}, Binary: index.Extension(t, "fallback.speedups", index.OneOnly)},
		index.Wheel{Name: "optional", Version: "1", Files: map[string]string{"optional.py": "print('hello')\n", "optional_extra.py": "import not_there\n"}},
		index.Wheel{Name: "quits", Version: "1", Files: map[string]string{"quits.py": "import os\nos._exit(0)\n"}},
		index.Wheel{Name: "hidden", Version: "1", Files: map[string]string{"hidden/__init__.py": ""}, Binary: index.Extension(t, "hidden.inner", index.Crash)},
	)
	b.installed("acme", "good")
	detail := b.refused("acme", "one", model.CodePackageUnsupported)
	require.Contains(t, detail, "module one of the package one")
	require.Contains(t, detail, "does not support loading in subinterpreters")
	for name, words := range map[string]string{
		"crash": "SIGSEGV", "abort": "SIGABRT", "leave": "status 0", "hidden": "hidden.inner",
	} {
		require.Contains(t, b.refused("acme", name, model.CodePackageUnsupported), words, name)
	}
	require.Contains(t, b.refused("acme", "wrapped", model.CodePackageUnsupported), "does not support loading in subinterpreters")
	fallback := b.install("acme", "fallback")
	require.Equal(t, model.StatusCompleted, fallback.Status)
	require.Contains(t, strings.Join(fallback.Log, "\n"), "fallback.speedups", "what does not work is told")
	optional := b.install("acme", "optional")
	require.Equal(t, model.StatusCompleted, optional.Status)
	require.Contains(t, strings.Join(optional.Log, "\n"), "No module named 'not_there'")
	quits := b.install("acme", "quits") // Python code can't end the server: its import fails, and no more
	require.Equal(t, model.StatusCompleted, quits.Status)
	require.Contains(t, strings.Join(quits.Log, "\n"), "os._exit() is not available")
	require.Equal(t, map[string]string{"good": "1", "fallback": "1", "optional": "1", "quits": "1"}, b.versions("acme"))
}

func TestModulesThatDoNotComeToAnEnd(t *testing.T) {
	t.Parallel()
	var b *bench
	b = setup(t, func(o *packages.Options, _ *pip.Options) {
		ending := o.Probe
		o.DefaultLane = model.LaneEmbedded
		o.Probe = func(ctx context.Context, in probe.Interpreter, path string, modules []probe.Module) ([]probe.Finding, error) {
			if name := modules[0].Name; name != "loops" && name != "sleeps" {
				return ending(ctx, in, path, modules)
			}
			return probe.Run(ctx, b.probing(in, 4*time.Second), path, modules)
		}
	},
		index.Wheel{Name: "loops", Version: "1", Binary: index.Extension(t, "loops", index.Loop)},
		index.Wheel{Name: "sleeps", Version: "1", Files: map[string]string{"sleeps.py": "import time\ntime.sleep(1000)\n"}},
		index.Wheel{Name: "threads", Version: "1", Files: map[string]string{"threads.py": "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\n"}},
		index.Wheel{Name: "forges", Version: "1", Files: map[string]string{
			"forges/__init__.py": "import os\ntry:\n    os.write(3, b'{\"module\": \"other\"}\\n')\nexcept OSError:\n    pass\nimport forges.inner\n",
		}, Binary: index.Extension(t, "forges.inner", index.Abort)},
	)
	for _, name := range []string{"loops", "sleeps"} {
		require.Contains(t, b.refused("acme", name, model.CodePackageUnsupported), "was not imported within 4s", name)
	}
	b.refused("acme", "forges", model.CodePackageUnsupported)
	b.installed("acme", "threads") // a thread that it leaves is the function's own matter
}

func TestFailingInstallsSayWhyAndChangeNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "alpha", Version: "1"},
		index.Wheel{Name: "beta", Version: "1"},
		index.Wheel{Name: "old", Version: "1", RequiresPython: "<3"},
		index.Wheel{Name: "sdist", Version: "1", Source: true},
		index.Wheel{Name: "escape", Version: "1", Files: map[string]string{"../../evil.py": "", "escape.py": ""}},
		index.Wheel{Name: "left", Version: "1", Requires: []string{"shared<2"}},
		index.Wheel{Name: "right", Version: "1", Requires: []string{"shared>=2"}},
		index.Wheel{Name: "shared", Version: "1"}, index.Wheel{Name: "shared", Version: "2"},
	)
	b.installed("acme", "alpha")
	require.Contains(t, b.refused("acme", "nothing-of-that-name", model.CodePackageInstallFailed), "No matching distribution")
	require.Contains(t, b.refused("acme", "alpha==7", model.CodePackageInstallFailed), "alpha==7")
	b.refused("acme", "old", model.CodePackageInstallFailed)
	require.Contains(t, b.refused("acme", "sdist", model.CodePackageInstallFailed), "wheel")
	b.refused("acme", "escape", model.CodePackageInstallFailed)
	_, err := os.Stat(filepath.Join(b.dir, "evil.py"))
	require.ErrorIs(t, err, os.ErrNotExist)

	b.installed("acme", "left")
	conflict := b.refused("acme", "right", model.CodePackageConflict)
	require.Contains(t, conflict, "left of POST /packages")
	require.Contains(t, conflict, "right of POST /packages")
	require.Contains(t, conflict, "shared")

	b.index.Fail(index.Tampered)
	require.Contains(t, b.refused("acme", "beta", model.CodePackageInstallFailed), "HASH")
	b.index.Fail(index.Broken)
	b.refused("acme", "beta", model.CodeUnavailable)
	b.index.Fail(index.Sound)
	b.installed("acme", "beta")
}

func TestAStoppedInstallChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, index.Wheel{Name: "alpha", Version: "1"})
	b.index.Fail(index.Stalled)
	want, err := requirement.Parse("alpha")
	require.NoError(t, err)
	install, err := b.Install(t.Context(), "acme", want, nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return b.index.Fetched("alpha") > 0 }, 2*time.Minute, 10*time.Millisecond)
	at, cancel := context.WithCancel(t.Context())
	cancel()
	now, err := b.Wait(at, "acme", install.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusRunning, now.Status, "an ended wait returns the progress")
	require.NoError(t, b.Close(t.Context()))
	now, err = b.Wait(t.Context(), "acme", install.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusFailed, now.Status)
	require.Contains(t, now.Problem.Detail, "stopped")
	_, err = b.Install(t.Context(), "acme", want, nil)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
	require.Empty(t, b.versions("acme"))
}

func TestLimitsOfSizeAndCount(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("# nothing but comments\n", 1<<20) // 23 MB, some KB as a wheel
	b := setup(t, func(o *packages.Options, p *pip.Options) { o.Most, p.MaxBytes = 2, 8<<20 },
		index.Wheel{Name: "huge", Version: "1", Files: map[string]string{"huge.py": huge, "huge2.py": huge, "huge3.py": huge, "huge4.py": huge}},
		index.Wheel{Name: "many", Version: "1", Requires: []string{"many2"}}, index.Wheel{Name: "many2", Version: "1", Requires: []string{"many3"}},
		index.Wheel{Name: "many3", Version: "1"},
	)
	require.Contains(t, b.refused("acme", "huge", model.CodePackageInstallFailed), "8 MB")
	require.Contains(t, b.refused("acme", "many", model.CodePackageInstallFailed), "at most 2")
	b.installed("acme", "many2")
}

func TestWhatTheSettingsForbid(t *testing.T) {
	t.Parallel()
	wheels := []index.Wheel{{Name: "alpha", Version: "1", Requires: []string{"beta"}}, {Name: "beta", Version: "1"}}
	b := setup(t, func(o *packages.Options, _ *pip.Options) { o.Allowed = []string{"alpha"} }, wheels...)
	require.Contains(t, b.refused("acme", "alpha", model.CodePackageNotAllowed), "beta")
	want, err := requirement.Parse("gamma")
	require.NoError(t, err)
	_, err = b.Install(t.Context(), "acme", want, nil)
	require.Equal(t, model.CodePackageNotAllowed, model.CodeOf(err))

	b = setup(t, nil, wheels...)
	b.installed("acme", "alpha")
	b.start(func(o *packages.Options, _ *pip.Options) { o.Forbidden = true })
	_, err = b.Install(t.Context(), "acme", want, nil)
	require.Equal(t, model.CodePackagesDisabled, model.CodeOf(err))
	require.Equal(t, model.CodePackagesDisabled, model.CodeOf(b.Remove(t.Context(), "acme", "alpha", nil)))
	err = b.define("acme", "f", "gamma")
	require.Equal(t, model.CodePackagesDisabled, model.CodeOf(err))
	require.ErrorContains(t, err, "gamma")
	require.NoError(t, b.define("acme", "f", "alpha"), "it is there")
	require.NoError(t, b.define("acme", "f", "alpha>=1", "alpha~=1.0", "beta!=2"), "regardless of the wording")
	err = b.define("acme", "f", "alpha>=1", "alpha>1")
	require.Equal(t, model.CodePackagesDisabled, model.CodeOf(err))
	require.ErrorContains(t, err, "requires the installation of alpha>1")
	err = b.WithRequirements(t.Context(), "acme", "f", []string{"alpha"}, model.Lock{{Name: "alpha", Version: "0.9", SHA256: "aa"}}, nil, nil)
	require.Equal(t, model.CodePackagesDisabled, model.CodeOf(err))
	require.ErrorContains(t, err, "requires the installation of alpha 0.9")
}

// What packages say may be anything.
func TestWordsThatTheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "rude", Version: "1", Files: map[string]string{
			"rude/__init__.py": "", "_rude/__init__.py": "raise ValueError('a\\0b\\udcff' + 'long ' * 10_000)\n", "rude_too.py": "raise ImportError('a\\0b')\n",
		}},
	)
	install := b.install("acme", "rude")
	require.Equal(t, model.StatusCompleted, install.Status, "%v", install.Problem)
	text := strings.Join(install.Log, "\n")
	require.Contains(t, text, "rude_too")
	for _, line := range install.Log {
		require.Less(t, len(line), 2100)
	}
	require.NoError(t, b.define("acme", "f", "rude"))
	f, err := b.db.Function(t.Context(), "acme", "f")
	require.NoError(t, err)
	require.Contains(t, strings.Join(f.Lock.Notes(), "\n"), "rude_too", "the function that requires it gets the note too")
}

func TestCredentialsAreShownNowhere(t *testing.T) {
	t.Parallel()
	ix := index.New(t, index.Wheel{Name: "alpha", Version: "1"}, index.Wheel{Name: "beta", Version: "1"})
	ix.Protect("me", "p@ssw0rd")
	require.Contains(t, ix.URL(), "me:p%40ssw0rd@", "which pip decodes")
	var server lockedBuffer
	from := func(address string) func(*packages.Options, *pip.Options) {
		return func(o *packages.Options, p *pip.Options) {
			p.IndexURL, o.Log = address, slog.New(slog.NewTextHandler(&server, &slog.HandlerOptions{Level: slog.LevelDebug}))
		}
	}
	b := setup(t, from(ix.URL()))
	b.installed("acme", "alpha")
	require.NoError(t, b.define("acme", "f", "beta"))
	said := []string{
		b.refused("acme", "nothing", model.CodePackageInstallFailed),
		fmt.Sprint(b.define("acme", "g", "nothing")),
	}
	b.start(from("http://me:p%40ssw0rd@127.0.0.1:1/simple/")) // an address without a server
	said = append(said, b.refused("acme", "gamma", model.CodeUnavailable), fmt.Sprint(b.define("acme", "g", "gamma")))
	// pip masks much by itself, this one nothing.
	talks := filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.WriteFile(talks, []byte("#!/bin/sh\nexec >&2\necho Retrying $PIP_INDEX_URL as me:p@ssw0rd\necho ERROR: neither p@ssw0rd nor p%40ssw0rd is let in at $PIP_INDEX_URL\nexit 1\n"), 0o755))
	b.start(func(o *packages.Options, p *pip.Options) {
		from(ix.URL())(o, p)
		p.Python = talks
	})
	said = append(said, b.refused("acme", "gamma", model.CodePackageInstallFailed), fmt.Sprint(b.define("acme", "g", "gamma")))
	require.Contains(t, said[len(said)-2], "is let in")
	b.mu.Lock()
	said = append(append(said, b.lines...), server.String())
	b.mu.Unlock()
	rows, err := b.db.Pool().Query(t.Context(), `SELECT i::text FROM package_installs i UNION ALL SELECT e::text FROM environments e
		UNION ALL SELECT p::text FROM installed_packages p UNION ALL SELECT v::text FROM function_versions v`)
	require.NoError(t, err)
	stored, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(stored), 5)
	all := strings.Join(append(said, stored...), "\n")
	require.Contains(t, all, "Retrying", "the lines in which pip names where it goes")
	require.NotContains(t, all, "ssw0rd", "in any form")
}

// lockedBuffer keeps what a server logs.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
