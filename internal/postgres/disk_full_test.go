package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fullDiskVariable makes the test binary start servers on the small disk that is mounted
// at the folder which the variable names.
const fullDiskVariable = "MAESTRO_TEST_FULL_DISK"

// onFullDisk plays the operator of a server whose disk fills up. It prints what Start says.
func onFullDisk(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	options := Options{DataDir: dir, Settings: map[string]string{"fsync": "off"}}
	run := func() error {
		server, err := Start(ctx, options)
		if err != nil {
			return err
		}
		return server.Stop(ctx)
	}
	fill := filepath.Join(dir, "fill")
	if err := fillBut(fill, 20<<20); err != nil {
		return err
	}
	if err := run(); !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("no place for a database: %w", err)
	} else if _, err := fmt.Println("first:", err); err != nil {
		return err
	}
	if err := os.Remove(fill); err != nil {
		return err
	}
	if err := run(); err != nil {
		return fmt.Errorf("with room: %w", err)
	}
	// Page by page: Maestro's own files go onto it at last, and then those that PostgreSQL
	// makes at its start.
	for rest := 0; ; rest += 4 << 10 {
		if err := fillBut(fill, rest); err != nil {
			return err
		}
		err := run()
		if err == nil {
			return nil
		}
		fmt.Println("later:", err)
		if !errors.Is(err, ErrDiskFull) {
			return fmt.Errorf("no place for its files: %w", err)
		}
		if err := os.Remove(fill); err != nil {
			return err
		}
		if err := run(); err != nil {
			return fmt.Errorf("with room again: %w", err)
		}
	}
}

// fillBut leaves so many bytes of the disk.
func fillBut(path string, rest int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	chunk := make([]byte, 4<<10)
	for err == nil {
		_, err = file.Write(chunk)
	}
	info, err := file.Stat()
	if err == nil {
		err = file.Truncate(max(info.Size()-int64(rest), 0))
	}
	return errors.Join(err, file.Close())
}

// TestFullDisk: Start names the cause and what to do, and goes on once there is room.
// The disk is a small one in memory, in a namespace of mounts of its own.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	script := `mount -t tmpfs -o size=200m,mode=0755 tmpfs "$1"; exec "$2"`
	args := []string{"--mount", "sh", "-euc", script, "sh", dir, os.Args[0]}
	if os.Getuid() != 0 { // PostgreSQL takes no account that is root, not even in a namespace
		user := strconv.Itoa(os.Getuid())
		script = `mount -t tmpfs -o size=200m,mode=0777 tmpfs "$1"; exec unshare --user --map-user="$3" --map-group="$3" "$2"`
		args = []string{"--user", "--map-root-user", "--mount", "sh", "-euc", script, "sh", dir, os.Args[0], user}
	}
	inside := exec.Command("unshare", args...)
	inside.Env = append(os.Environ(), fullDiskVariable+"="+dir)
	said, err := inside.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Regexp(t, `(?m)^first: the embedded PostgreSQL has run out of disk space: \d+ MB are free now for `+dir+`/postgres\. Free some space there.*: initdb: .*No space left on device`, string(said))
	require.Regexp(t, `(?m)^later: the embedded PostgreSQL has run out of disk space: 0 MB are free now for .*: no space left on device$`, string(said))
	require.Regexp(t, `(?m)^later: the embedded PostgreSQL has run out of disk space: 0 MB are free now for .* start again: exit status \d: .*No space left on device$`, string(said))
	require.NotContains(t, string(said), "DATABASE_URL")
}

// The complaint of a log is the full disk, and not what follows from it.
func TestComplaintOfAFullDisk(t *testing.T) {
	t.Parallel()
	w := &logWriter{log: slog.New(slog.DiscardHandler)}
	write := func(text string) {
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
	}
	write("PANIC:  could not write to file \"pg_wal/xlogtemp.7\": No space left on device\nFATAL:  the database system is in recovery mode\n")
	require.Contains(t, w.complaint(), "No space left on device")
	write("LOG:  database system is ready to accept connections\n")
	require.Empty(t, w.complaint(), "it has recovered")
	write("FATAL:  could not open a file\n")
	require.Equal(t, ": could not open a file", w.complaint())
}
