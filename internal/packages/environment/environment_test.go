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

func (f *trees) unpack(_ context.Context, folders map[string]model.LockedPackage, _ func(string)) error {
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
	require.Contains(t, lines[0], "Both a and b bring shared.py")
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
