package environment_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/packages/environment"
	"maestro/internal/testkit"
)

// trees stand for what pip unpacks: files by the name of their package.
type trees struct {
	files   map[string]map[string]string
	fetched atomic.Int32
	fail    error
}

func (f *trees) unpack(_ context.Context, folders map[string]model.LockedPackage, _ int64, _ int, _ func(string)) error {
	for folder, p := range folders {
		f.fetched.Add(1)
		for path, content := range f.files[p.Name] {
			target := filepath.Join(folder, path)
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				return err
			}
			if link, is := strings.CutPrefix(content, "-> "); is {
				if err := os.Symlink(link, target); err != nil {
					return err
				}
				continue
			}
			if err := os.WriteFile(target, []byte(content), 0o644); err != nil {
				return err
			}
		}
		if f.fail != nil {
			return f.fail
		}
	}
	return nil
}

func open(t *testing.T, dir string, f *trees, change ...func(*environment.Options)) *environment.Folders {
	t.Helper()
	options := environment.Options{Dir: dir, Unpack: f.unpack, Log: testkit.Logger(t)}
	for _, set := range change {
		set(&options)
	}
	folders, err := environment.Open(options)
	require.NoError(t, err)
	t.Cleanup(func() { _ = folders.Close() })
	return folders
}

func of(number int, names ...string) model.Environment {
	env := model.Environment{Tenant: "acme", Number: number}
	for _, name := range names {
		env.Lock = append(env.Lock, model.LockedPackage{Name: name, Version: "1", SHA256: strings.Repeat(name[:1], 64)})
	}
	return env
}

func quiet(string) {}

func TestBuildMergesWheels(t *testing.T) {
	t.Parallel()
	f := &trees{files: map[string]map[string]string{
		"a": {"space/a.py": "A", "shared.py": "from a", "bin.so": "x"}, "b": {"space/b.py": "B", "shared.py": "from b"}, "link": {"evil": "-> /etc/passwd"},
	}}
	dir := t.TempDir()
	folders := open(t, dir, f)
	var lines []string
	path, err := folders.Build(t.Context(), of(1, "a", "b"), func(line string) { lines = append(lines, line) })
	require.NoError(t, err)
	for file, want := range map[string]string{"space/a.py": "A", "space/b.py": "B", "shared.py": "from b"} {
		text, err := os.ReadFile(filepath.Join(path, file))
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], "Both a and b contain shared.py")
	again, err := folders.Build(t.Context(), of(1, "a", "b"), quiet)
	require.NoError(t, err)
	require.Equal(t, path, again)
	other, err := folders.Build(t.Context(), of(2, "a"), quiet)
	require.NoError(t, err)
	require.NotEqual(t, path, other)
	require.EqualValues(t, 2, f.fetched.Load(), "each wheel once")
	empty, err := folders.Build(t.Context(), of(3), quiet)
	require.NoError(t, err)
	require.DirExists(t, empty)

	_, err = folders.Build(t.Context(), of(4, "link"), quiet)
	require.ErrorContains(t, err, "neither a file nor a folder")
	_, ready := folders.Path(of(4, "link"))
	require.False(t, ready)
	_, err = folders.Build(t.Context(), model.Environment{Tenant: "../acme", Number: 1}, quiet)
	require.Error(t, err)
}

func TestBuildLeavesNothingWhenItFails(t *testing.T) {
	t.Parallel()
	f := &trees{files: map[string]map[string]string{"a": {"a.py": strings.Repeat("x", 1000)}}, fail: errors.New("no more")}
	dir := t.TempDir()
	folders := open(t, dir, f, func(o *environment.Options) { o.MaxBytes = 500 })
	_, err := folders.Build(t.Context(), of(1, "a"), quiet)
	require.ErrorIs(t, err, f.fail)
	wheels, err := os.ReadDir(filepath.Join(dir, "wheels"))
	require.NoError(t, err)
	require.Empty(t, wheels)
	f.fail = nil
	_, err = folders.Build(t.Context(), of(1, "a"), quiet)
	require.Equal(t, model.CodePackageInstallFailed, model.CodeOf(err), "too large")
	wheels, err = os.ReadDir(filepath.Join(dir, "wheels"))
	require.NoError(t, err)
	require.Empty(t, wheels, "what no environment can hold is not kept")
	_, ready := folders.Path(of(1, "a"))
	require.False(t, ready)
	made, err := os.ReadDir(folders.TempDir())
	require.NoError(t, err)
	require.Len(t, made, 1, "the lock alone")
}

// Several processes on one folder, each building the same at once.
func TestBuildAtOnce(t *testing.T) {
	t.Parallel()
	f := &trees{files: map[string]map[string]string{"a": {"a.py": "A"}, "b": {"b.py": "B"}, "c": {"c.py": "C"}}}
	dir := t.TempDir()
	all := []*environment.Folders{open(t, dir, f), open(t, dir, f)}
	var wait sync.WaitGroup
	for i := range 16 {
		wait.Go(func() {
			env := of(1+i%3, []string{"a", "b", "c"}[i%3:]...)
			path, err := all[i%2].Build(t.Context(), env, quiet)
			if err != nil {
				t.Errorf("build: %v", err)
				return
			}
			if _, err := os.Stat(filepath.Join(path, "c.py")); err != nil {
				t.Errorf("half done: %v", err)
			}
		})
	}
	wait.Wait()
	require.LessOrEqual(t, f.fetched.Load(), int32(6), "each process once at most")
}

// One wheel alone fits, all of them together don't.
func TestLimitsOfAnEnvironment(t *testing.T) {
	t.Parallel()
	f := &trees{files: map[string]map[string]string{
		"a": {"a/b/c.py": "A"}, "b": {"b/1.py": "", "b/2.py": ""}, "c": {"c.py": strings.Repeat("x", 600)}, "d": {"d.py": strings.Repeat("x", 600)},
	}}
	folders := open(t, t.TempDir(), f, func(o *environment.Options) { o.MaxFiles, o.MaxBytes = 5, 1000 })
	for _, names := range [][]string{{"a", "b"}, {"c", "d"}} {
		for i, name := range names {
			_, err := folders.Build(t.Context(), of(1+i, name), quiet)
			require.NoError(t, err)
		}
		_, err := folders.Build(t.Context(), of(9, names...), quiet)
		require.Equal(t, model.CodePackageInstallFailed, model.CodeOf(err), names)
	}
}

// A file of one package and a folder of another cannot have one name, in either
// order.
func TestPackagesThatClash(t *testing.T) {
	t.Parallel()
	f := &trees{files: map[string]map[string]string{"a": {"foo": "file"}, "b": {"foo/x.py": ""}, "c": {"foo": "file"}}}
	folders := open(t, t.TempDir(), f)
	for _, names := range [][]string{{"a", "b"}, {"b", "c"}} {
		_, err := folders.Build(t.Context(), of(1, names...), quiet)
		require.Equal(t, model.CodePackageInstallFailed, model.CodeOf(err), "%v", err)
		require.ErrorContains(t, err, "The packages "+names[0]+" and "+names[1]+" cannot be installed together: foo is a file")
	}
}

// A trial is not in the environment's place until it is kept.
func TestATrial(t *testing.T) {
	t.Parallel()
	f := &trees{files: map[string]map[string]string{"a": {"a.py": "A"}}}
	dir := t.TempDir()
	folders := open(t, dir, f)
	trial, err := folders.Try(t.Context(), of(1, "a"), quiet)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(trial.Path, "a.py"))
	_, ready := folders.Path(of(1, "a"))
	require.False(t, ready)
	tried := trial.Path
	trial.Drop()
	require.NoDirExists(t, tried)
	require.NoDirExists(t, filepath.Join(dir, "environments", "acme"))

	trial, err = folders.Try(t.Context(), of(1, "a"), quiet)
	require.NoError(t, err)
	other, err := folders.Build(t.Context(), of(1, "a"), quiet) // a concurrent build
	require.NoError(t, err)
	kept, err := trial.Keep()
	require.NoError(t, err)
	require.Equal(t, other, kept)
	trial.Drop()
	require.FileExists(t, filepath.Join(kept, "a.py"))

	// The environment exists: a refused install keeps it, and it counts as new again.
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(kept, long, long))
	trial, err = folders.Try(t.Context(), of(1, "a"), quiet)
	require.NoError(t, err)
	require.Equal(t, kept, trial.Path)
	trial.Drop()
	folders.Sweep(func(string, string) bool { return false })
	require.DirExists(t, kept)
	made, err := os.ReadDir(folders.TempDir())
	require.NoError(t, err)
	require.Len(t, made, 1, "the lock alone")
}

// Another Python does not import what this one has unpacked.
func TestAnotherPlatformHasFoldersOfItsOwn(t *testing.T) {
	t.Parallel()
	f := &trees{files: map[string]map[string]string{"a": {"a.py": "A"}}}
	dir := t.TempDir()
	on := func(platform string) *environment.Folders {
		return open(t, dir, f, func(o *environment.Options) { o.Platform = platform })
	}
	one, err := on("cp314-amd64").Build(t.Context(), of(1, "a"), quiet)
	require.NoError(t, err)
	two, err := on("cp315-amd64").Build(t.Context(), of(1, "a"), quiet)
	require.NoError(t, err)
	require.NotEqual(t, one, two)
	require.EqualValues(t, 2, f.fetched.Load())
}

// Beyond its bound the store loses what nothing here uses, the longest unused
// first, and pip's cache all that it has.
func TestTheStoreIsBounded(t *testing.T) {
	t.Parallel()
	f := &trees{files: map[string]map[string]string{}}
	for _, name := range []string{"a", "b", "c", "d"} {
		f.files[name] = map[string]string{name + ".py": strings.Repeat("x", 400)}
	}
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache")
	folders := open(t, dir, f, func(o *environment.Options) { o.MaxStore, o.Cache, o.MaxCache = 1000, cache, 100 })
	for i, name := range []string{"a", "b", "c", "d"} {
		path, err := folders.Build(t.Context(), of(1+i, name), quiet)
		require.NoError(t, err)
		old := time.Now().Add(-time.Duration(10-i) * time.Hour) // a was used first
		require.NoError(t, os.Chtimes(filepath.Join(dir, "wheels", of(1, name).Lock[0].SHA256), old, old))
		require.NoError(t, os.Chtimes(path, old, old))
	}
	require.NoError(t, os.Mkdir(cache, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(cache, "page"), make([]byte, 101), 0o600))
	kept, _ := folders.Path(of(1, "a"))
	keep := func(_, path string) bool { return path == kept }
	folders.Sweep(keep)
	wheels, err := os.ReadDir(filepath.Join(dir, "wheels"))
	require.NoError(t, err)
	require.Len(t, wheels, 2)
	require.Equal(t, "a", wheels[0].Name()[:1], "it is in use")
	require.Equal(t, "d", wheels[1].Name()[:1])
	require.NoDirExists(t, cache)
	folders.Sweep(keep)
	require.DirExists(t, filepath.Join(dir, "wheels", wheels[1].Name()), "that is not too much")
}
