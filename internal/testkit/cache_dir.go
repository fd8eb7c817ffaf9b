package testkit

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// cacheDir is the folder that this account's test processes share. Other
// accounts can pass through it (as root PostgreSQL runs under another) but not
// write to it.
func cacheDir(name string) (string, error) {
	root := filepath.Join(os.TempDir(), "maestro-testkit-"+strconv.Itoa(os.Geteuid()))
	dir := filepath.Join(root, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("create the tests' folder: %w", err)
	}
	info, err := os.Lstat(root)
	if err != nil {
		return "", fmt.Errorf("check the tests' folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("%s belongs to another user or is accessible to others: remove it", root)
	}
	return dir, nil
}

// DataDir creates a folder for one test that other accounts can pass through,
// unlike those of t.TempDir: an embedded PostgreSQL started as root needs
// that.
func DataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "maestro-test-")
	if err != nil {
		t.Fatalf("make a data folder: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatalf("open the data folder: %v", err)
	}
	return dir
}

// CacheDir is a folder of this account's test processes, for what takes long to make.
func CacheDir(t testing.TB, name string) string {
	t.Helper()
	dir, err := cacheDir(name)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
