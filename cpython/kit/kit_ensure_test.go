package kit

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets this test binary stand for the other processes: started with
// this variable it calls Ensure once and prints the home.
func TestMain(m *testing.M) {
	if dir := os.Getenv("MAESTRO_TEST_ENSURE"); dir != "" {
		home, err := Ensure(context.Background(), dir, func(line string) { os.Stderr.WriteString(line + "\n") })
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Stdout.WriteString(home)
		os.Exit(0)
	}
	// One folder for all tests that need a whole kit; a few seconds to make.
	var err error
	if sharedDir, err = os.MkdirTemp("", "maestro-kit-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(sharedDir)
	os.Exit(code)
}

var sharedDir string

// shared makes the kit in sharedDir the hard way: by three processes and three
// goroutines at once. Exactly one of them may have unpacked it.
var shared = sync.OnceValues(func() (home string, unpacked int) {
	var (
		group sync.WaitGroup
		guard sync.Mutex
		homes = map[string]bool{}
	)
	note := func(home, progress string) {
		guard.Lock()
		defer guard.Unlock()
		homes[home] = true
		unpacked += strings.Count(progress, "unpacking Python")
	}
	for range 3 {
		group.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "MAESTRO_TEST_ENSURE="+sharedDir)
			var progress strings.Builder
			cmd.Stderr = &progress
			out, err := cmd.Output()
			if err != nil {
				panic(progress.String())
			}
			note(string(out), progress.String())
		})
		group.Go(func() {
			var progress strings.Builder
			home, err := Ensure(context.Background(), sharedDir, func(line string) { progress.WriteString(line + "\n") })
			if err != nil {
				panic(err)
			}
			note(home, progress.String())
		})
	}
	group.Wait()
	if len(homes) != 1 {
		panic("several homes")
	}
	for home = range homes {
	}
	return home, unpacked
})

func TestEnsureManyAtOnceUnpackOnce(t *testing.T) {
	t.Parallel()
	home, unpacked := shared()
	require.Equal(t, 1, unpacked)
	require.NoError(t, Check(home))
	require.Equal(t, filepath.Join(sharedDir, "python"), filepath.Dir(home))

	left, err := filepath.Glob(filepath.Join(sharedDir, "python", scratchPrefix+"*"))
	require.NoError(t, err)
	require.Empty(t, left, "nothing of the unpacking stays")
}

func TestEnsureSecondCallOnlyReads(t *testing.T) {
	t.Parallel()
	home, _ := shared()
	again, err := Ensure(t.Context(), sharedDir, func(line string) { t.Errorf("a slow part in a warm call: %s", line) })
	require.NoError(t, err)
	require.Equal(t, home, again)
}

func TestKitRuns(t *testing.T) {
	t.Parallel()
	home, _ := shared()
	run := func(args ...string) string {
		cmd := exec.Command(Executable(home), args...)
		cmd.Env = []string{"PYTHONPATH=" + PipPath(home), "PYTHONDONTWRITEBYTECODE=1"}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	require.Contains(t, run("-m", "pip", "--version"), "pip 26.")
	// The byte code is used as it is, and names the file where it now is.
	require.Equal(t, home+"/lib/python3.14/json/__init__.py True\n", run("-X", "importtime=0", "-c",
		"import json, os; print(json.loads.__code__.co_filename, os.path.exists(json.__cached__))"))
	require.NoError(t, verify(home), "a run of it changed it")
}

func TestKitIsReadableByOthers(t *testing.T) {
	t.Parallel()
	home, _ := shared()
	require.NoError(t, filepath.WalkDir(home, func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := os.Stat(path)
		require.NoError(t, err)
		want := os.FileMode(0o044)
		if entry.IsDir() || strings.HasPrefix(entry.Name(), "python3") && filepath.Base(filepath.Dir(path)) == "bin" {
			want = 0o055
		}
		require.Equal(t, want, info.Mode()&want, path)
		return nil
	}))
}

func TestEnsureRepairsDamage(t *testing.T) {
	t.Parallel()
	shared()
	// A folder of its own: copied, with times, which also shows that a home may
	// be copied.
	dir := t.TempDir()
	out, err := exec.Command("cp", "-a", filepath.Join(sharedDir, "python"), dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	home := filepath.Join(dir, "python", folderName())
	require.NoError(t, verify(home))

	older := filepath.Join(dir, "python", "3.14.0-0123")
	require.NoError(t, os.Mkdir(older, 0o755))
	half := filepath.Join(dir, "python", scratchPrefix+"left")
	require.NoError(t, os.Mkdir(half, 0o755))

	source := filepath.Join(home, "lib/python3.14/json/__init__.py")
	whole, err := os.ReadFile(source)
	require.NoError(t, err)

	require.NoError(t, os.Truncate(source, 10))
	var progress []string
	again, err := Ensure(t.Context(), dir, func(line string) { progress = append(progress, line) })
	require.NoError(t, err)
	require.Equal(t, home, again)
	require.Contains(t, strings.Join(progress, "\n"), "replacing the damaged Python")
	content, err := os.ReadFile(source)
	require.NoError(t, err)
	require.Equal(t, whole, content)
	require.DirExists(t, older, "another version is left alone")
	require.NoDirExists(t, half)
}

func TestVerifyFindsEveryDamage(t *testing.T) {
	t.Parallel()
	damages := map[string]func(source, link, manifest string) error{
		"a file is gone":       func(source, _, _ string) error { return os.Remove(source) },
		"a file is cut":        func(source, _, _ string) error { return os.Truncate(source, 3) },
		"an edit, same size":   func(source, _, _ string) error { return os.WriteFile(source, []byte("x = 2\n"), 0o755) },
		"a folder in place":    func(source, _, _ string) error { return errors.Join(os.Remove(source), os.Mkdir(source, 0o755)) },
		"not executable":       func(source, _, _ string) error { return os.Chmod(source, 0o644) },
		"a link goes astray":   func(_, link, _ string) error { return errors.Join(os.Remove(link), os.Symlink("/bin/sh", link)) },
		"the manifest is gone": func(_, _, manifest string) error { return os.Remove(manifest) },
		"the manifest is cut":  func(_, _, manifest string) error { return os.Truncate(manifest, 40) },
		"the manifest, edited": func(_, _, manifest string) error {
			list, err := os.ReadFile(manifest)
			return errors.Join(err, os.WriteFile(manifest, append([]byte("755 1 0 y\n"), list...), 0o644))
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			source, link := filepath.Join(home, "bin", "a"), filepath.Join(home, "bin", "b")
			require.NoError(t, os.Mkdir(filepath.Dir(source), 0o755))
			require.NoError(t, os.WriteFile(source, []byte("x = 1\n"), 0o755))
			require.NoError(t, os.Symlink("a", link))
			require.NoError(t, writeManifest(home))
			require.NoError(t, verify(home))
			require.NoError(t, damage(source, link, filepath.Join(home, manifestName)))
			require.Error(t, verify(home))
		})
	}
}

func TestVerifyHashesFilesWithAnotherTime(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := filepath.Join(home, "a.py")
	require.NoError(t, os.WriteFile(path, []byte("x = 1\n"), 0o644))
	require.NoError(t, writeManifest(home))
	require.NoError(t, verify(home))
	require.NoError(t, os.Chtimes(path, time.Now(), time.Now()))
	require.NoError(t, verify(home), "a copy without its times is whole")
	require.NoError(t, os.WriteFile(path, []byte("x = 2\n"), 0o644))
	require.ErrorContains(t, verify(home), "content differs")
}

func TestEnsureStopsWaitingWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "python"), 0o755))
	held, err := os.Create(filepath.Join(dir, "python", ".lock"))
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(held.Fd()), syscall.LOCK_EX))
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Ensure(ctx, dir, func(line string) {
		require.Contains(t, line, "waiting for another process")
		cancel()
	})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, held.Close())
}

func TestEnsureSaysWhyItCannot(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := Ensure(t.Context(), file, nil)
	require.ErrorContains(t, err, "create the folder for Python")
}

func TestCheckRefusesAnIncompletePython(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, Check(t.TempDir()), "no Python 3.14 built as a shared library")
	home, _ := shared()
	partial := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(partial, "lib"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(home, Library), filepath.Join(partial, Library)))
	require.ErrorContains(t, Check(partial), "not a complete Python 3.14")
	require.Empty(t, PipPath(partial))
}

// TestPinnedHashes compares the hashes in the source with what the module
// says, for both platforms: they are changed together with its version.
func TestPinnedHashes(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/kluctl/go-embed-python").Output()
	if err != nil || len(out) < 2 {
		t.Skip("no module cache to compare with")
	}
	module := strings.TrimSpace(string(out))
	for list, source := range map[string]string{
		"python/internal/data/linux-amd64/files.json": "kit_version_linux_amd64.go",
		"python/internal/data/linux-arm64/files.json": "kit_version_linux_arm64.go",
		"pip/internal/data/files.json":                "kit_version.go",
	} {
		raw, err := os.ReadFile(filepath.Join(module, list))
		require.NoError(t, err)
		var files struct {
			ContentHash string `json:"contentHash"`
		}
		require.NoError(t, json.Unmarshal(raw, &files))
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		require.Contains(t, string(text), files.ContentHash, source)
	}
	raw, err := os.ReadFile(filepath.Join(module, "python/internal/data/PYTHON_VERSION"))
	require.NoError(t, err)
	require.Contains(t, string(raw), `"`+Version+`"`)
}

func BenchmarkEnsureWarm(b *testing.B) {
	shared()
	for b.Loop() {
		if _, err := Ensure(b.Context(), sharedDir, nil); err != nil {
			b.Fatal(err)
		}
	}
}
