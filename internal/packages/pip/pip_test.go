package pip_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython/kit"
	"maestro/internal/model"
	"maestro/internal/packages/pip"
	"maestro/internal/packages/requirement"
	"maestro/internal/testkit"
	"maestro/internal/testkit/index"
)

func runner(t *testing.T, indexURL string, change ...func(*pip.Options)) *pip.Runner {
	t.Helper()
	home, dir := testkit.KitHome(t), t.TempDir()
	options := pip.Options{
		Python: kit.Executable(home), PipPath: kit.PipPath(home), CacheDir: filepath.Join(dir, "cache"), TempDir: filepath.Join(dir, "temp"), IndexURL: indexURL,
	}
	for _, set := range change {
		set(&options)
	}
	return pip.New(options)
}

func parse(t *testing.T, texts ...string) (all []requirement.Requirement) {
	t.Helper()
	for _, text := range texts {
		r, err := requirement.Parse(text)
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

func quiet(string) {}

// What an environment may hold, as the server has it.
const (
	mostBytes = 512 << 20
	mostFiles = 50_000
)

func TestResolveAndUnpack(t *testing.T) {
	t.Parallel()
	ix := index.New(t,
		index.Wheel{Name: "app", Version: "1", Requires: []string{`lib[fast]>=1`, `not-here; sys_platform == "win32"`, `more; extra == "all"`}, Extras: []string{"all"}},
		index.Wheel{Name: "lib", Version: "1"}, index.Wheel{Name: "lib", Version: "2", Requires: []string{`speed; extra == "fast"`, `slow; extra == "slow"`}, Extras: []string{"fast", "slow"}},
		index.Wheel{Name: "speed", Version: "3", Files: map[string]string{"speed/__init__.py": "A = 1\n", "speed/broken.py": "not python ("}},
		index.Wheel{Name: "more", Version: "4"}, index.Wheel{Name: "slow", Version: "5"},
	)
	r := runner(t, ix.URL())
	lock, err := r.Resolve(t.Context(), parse(t, "app[all]"), nil, quiet)
	require.NoError(t, err)
	needs := map[string][]string{}
	for _, p := range lock {
		require.Len(t, p.SHA256, 64)
		needs[p.Name] = p.Needs
	}
	require.Equal(t, map[string][]string{"app": {"lib", "more"}, "lib": {"speed"}, "speed": {}, "more": {}}, needs)

	pinned, err := r.Resolve(t.Context(), parse(t, "app"), model.Lock{{Name: "lib", Version: "1"}}, quiet)
	require.NoError(t, err)
	require.Equal(t, "1", pinned.Find("lib").Version)
	require.Nil(t, pinned.Find("more"))
	none, err := r.Resolve(t.Context(), nil, nil, quiet)
	require.NoError(t, err)
	require.Empty(t, none)

	one, two := t.TempDir(), t.TempDir()
	require.NoError(t, r.Unpack(t.Context(), map[string]model.LockedPackage{one: *lock.Find("speed"), two: *lock.Find("lib")}, mostBytes, mostFiles, quiet))
	compiled, err := filepath.Glob(filepath.Join(one, "speed", "__pycache__", "__init__.*.pyc"))
	require.NoError(t, err)
	require.Len(t, compiled, 1)
	code, err := os.ReadFile(compiled[0])
	require.NoError(t, err)
	require.Equal(t, []byte{1, 0, 0, 0}, code[4:8], "by a hash that is not looked at, not by a timestamp")
	require.FileExists(t, filepath.Join(two, "lib.py"))
	require.FileExists(t, filepath.Join(two, "lib-2.dist-info", "METADATA"))
}

func TestConflictsNameTheirCauses(t *testing.T) {
	t.Parallel()
	ix := index.New(t, index.Wheel{Name: "a", Version: "1", Requires: []string{"c<2"}}, index.Wheel{Name: "b", Version: "1", Requires: []string{"c>=2"}},
		index.Wheel{Name: "c", Version: "1"}, index.Wheel{Name: "c", Version: "2"})
	r := runner(t, ix.URL())
	var conflict *pip.ConflictError
	_, err := r.Resolve(t.Context(), parse(t, "a", "b"), nil, quiet)
	require.ErrorAs(t, err, &conflict)
	require.ElementsMatch(t, []pip.Cause{{Package: "a 1", Requires: "c<2"}, {Package: "b 1", Requires: "c>=2"}}, conflict.Causes)
	_, err = r.Resolve(t.Context(), parse(t, "c>=2"), model.Lock{{Name: "c", Version: "1"}}, quiet)
	require.ErrorAs(t, err, &conflict)
	require.Contains(t, conflict.Causes, pip.Cause{Requires: "c==1", Pinned: true})
}

func TestAChildSeesNothingOfTheServer(t *testing.T) { //nolint:paralleltest // it sets the environment
	t.Setenv("DATABASE_URL", "postgres://secret")
	t.Setenv("SECRET_KEY", "secret")
	t.Setenv("PIP_RETRIES", "1")
	dir := t.TempDir()
	said := filepath.Join(dir, "environment")
	program := filepath.Join(dir, "python") // stands for Python, and tells what it gets
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\nenv > "+said+"\necho \"$@\" >> "+said+"\n"), 0o755))
	r := runner(t, "http://user:pa55word@index.example/simple", func(o *pip.Options) { o.Guard, o.Python = o.Python, program })
	_, err := r.Resolve(t.Context(), parse(t, "a"), nil, quiet)
	require.Error(t, err, "it has written no report")
	text, err := os.ReadFile(said)
	require.NoError(t, err)
	require.NotContains(t, string(text), "secret")
	require.Contains(t, string(text), "PIP_INDEX_URL=http://user:pa55word@index.example/simple")
	require.Contains(t, string(text), "PIP_RETRIES=1")
	_, arguments, found := strings.Cut(string(text), "install --dry-run")
	require.True(t, found)
	require.NotContains(t, arguments, "pa55word", "arguments are visible to all users of the machine")
}

func TestAChildEndsWithItsTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pids := filepath.Join(dir, "pids")
	program := filepath.Join(dir, "python")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\nsleep 1000 &\necho $! >> "+pids+".new\nmv "+pids+".new "+pids+"\nwait\n"), 0o755))
	r := runner(t, "http://127.0.0.1:1/simple", func(o *pip.Options) { o.Guard, o.Python = o.Python, program })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := r.Resolve(ctx, parse(t, "a"), nil, quiet)
		ended <- err
	}()
	var pid string
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(pids)
		pid = strings.TrimSpace(string(text))
		return err == nil
	}, 20*time.Second, 5*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Eventually(t, func() bool { // what pip had started is gone too, or waits to be buried
		state, err := os.ReadFile("/proc/" + pid + "/stat")
		return err != nil || strings.Contains(string(state), ") Z ")
	}, 20*time.Second, 5*time.Millisecond)
}

// A package that has no wheel is built, when that is allowed: this one has none
// on PyPI.
func TestSourceBuilds(t *testing.T) {
	t.Parallel()
	var unreachable *pip.UnreachableError
	var refused *pip.Error
	r := runner(t, "")
	_, err := r.Resolve(t.Context(), parse(t, "docopt==0.6.2"), nil, quiet)
	if errors.As(err, &unreachable) {
		t.Skipf("PyPI can't be reached from here: %v", err)
	}
	require.ErrorAs(t, err, &refused)
	r = runner(t, "", func(o *pip.Options) { o.AllowSource = true })
	lock, err := r.Resolve(t.Context(), parse(t, "docopt==0.6.2"), nil, quiet)
	require.NoError(t, err)
	require.Contains(t, lock.Find("docopt").File, ".tar.gz")
	folder := t.TempDir()
	require.NoError(t, r.Unpack(t.Context(), map[string]model.LockedPackage{folder: *lock.Find("docopt")}, mostBytes, mostFiles, quiet))
	cmd := exec.CommandContext(t.Context(), kit.Executable(testkit.KitHome(t)), "-c", "import docopt; print(docopt.__version__)")
	cmd.Env = []string{"PYTHONPATH=" + folder}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "0.6.2\n", string(out))
}
