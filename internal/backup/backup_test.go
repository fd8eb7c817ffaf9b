package backup_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/backup"
)

func written(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(folder+"/"+backup.Key, []byte("the key"), 0o600))
	require.NoError(t, os.WriteFile(folder+"/"+backup.Database, bytes.Repeat([]byte("rows "), 10_000), 0o600))
	path := filepath.Join(t.TempDir(), "backup.tar")
	require.NoError(t, os.WriteFile(path+".unfinished", []byte("of a killed process, of a version that wrote there"), 0o600))
	require.NoError(t, backup.Write(path, folder, &backup.Manifest{Version: "1", MadeAt: time.Now().UTC(), Postgres: 15, Schema: 36, Rows: map[string]int64{"functions": 3}}))
	return path
}

func TestArchives(t *testing.T) {
	t.Parallel()
	path := written(t)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	folder := t.TempDir()
	manifest, err := backup.Read(path, folder)
	require.NoError(t, err)
	require.Equal(t, 15, manifest.Postgres)
	require.Equal(t, int64(36), manifest.Schema)
	require.Equal(t, map[string]int64{"functions": 3}, manifest.Rows)
	key, err := os.ReadFile(folder + "/" + backup.Key)
	require.NoError(t, err)
	require.Equal(t, "the key", string(key))

	require.ErrorIs(t, backup.Write(path, folder, &backup.Manifest{}), os.ErrExist, "an archive is not replaced")
	require.NoFileExists(t, filepath.Join(folder, "archive.unfinished"))
}

// An archive with any byte of it changed, or with its end missing, is refused or has the same content.
func TestDamagedArchives(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(written(t))
	require.NoError(t, err)
	read := func(archive []byte) (string, error) {
		path := filepath.Join(t.TempDir(), "damaged.tar")
		require.NoError(t, os.WriteFile(path, archive, 0o600))
		folder := t.TempDir()
		_, err := backup.Read(path, folder)
		content, _ := os.ReadFile(folder + "/" + backup.Database)
		return string(content), err
	}
	intact, err := read(whole)
	require.NoError(t, err)
	for at := 0; at < len(whole); at += 149 {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x20
		content, err := read(damaged)
		require.True(t, err != nil || content == intact, "byte %d", at)
	}
	for _, length := range []int{0, 1, 511, 512, 2048, len(whole) - 2048} {
		_, err := read(whole[:length])
		require.Error(t, err, "%d bytes", length)
	}
}

// Names that lead out of the folder, links and unknown files are refused.
func TestHostileArchives(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]tar.Header{
		"a path":   {Name: "../escaped", Mode: 0o600, Typeflag: tar.TypeReg},
		"absolute": {Name: "/tmp/escaped", Mode: 0o600, Typeflag: tar.TypeReg},
		"a link":   {Name: backup.Key, Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink},
		"a folder": {Name: backup.Key, Typeflag: tar.TypeDir},
		"unknown":  {Name: "other", Mode: 0o600, Typeflag: tar.TypeReg},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			archive := tar.NewWriter(&text)
			require.NoError(t, archive.WriteHeader(&header))
			require.NoError(t, archive.Close())
			path := filepath.Join(t.TempDir(), "hostile.tar")
			require.NoError(t, os.WriteFile(path, text.Bytes(), 0o600))
			folder := t.TempDir()
			_, err := backup.Read(path, folder)
			require.ErrorContains(t, err, "no whole backup")
			left, err := os.ReadDir(folder)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}
