package postgres

import (
	"bufio"
	"context"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// roleVariable makes the test binary play a Maestro that is killed later: it
// starts a server in the folder that the variable names, and waits.
const roleVariable = "MAESTRO_TEST_SERVE_POSTGRES"

func TestMain(m *testing.M) {
	if dir := os.Getenv(roleVariable); dir != "" {
		server, err := Start(context.Background(), Options{DataDir: dir})
		if err != nil {
			_, _ = os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString(server.URL() + "\n")
		select {}
	}
	if dir := os.Getenv(fullDiskVariable); dir != "" {
		if err := onFullDisk(dir); err != nil {
			_, _ = os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestServerStartsStopsAndKeepsItsData(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	var said []string
	server := start(t, Options{DataDir: dir, Progress: func(line string) { said = append(said, line) }})
	require.Len(t, said, 1, "making a database is announced")
	query(t, server.URL(), "CREATE TABLE kept AS SELECT 42 AS answer")
	require.Equal(t, "on", query(t, server.URL(), "SHOW synchronous_commit"))
	require.Equal(t, "4MB", query(t, server.URL(), "SHOW wal_segment_size"), "a new segment holds up commits for as long as it takes to fill")
	require.Equal(t, "", query(t, server.URL(), "SHOW listen_addresses"), "no TCP port")
	require.Equal(t, "UTF8", query(t, server.URL(), "SHOW server_encoding"))
	stop(t, server)
	stop(t, server) // twice is fine

	server = start(t, Options{DataDir: dir, Progress: func(line string) { said = append(said, line) }})
	require.Len(t, said, 1, "the second start makes nothing")
	require.Equal(t, "42", query(t, server.URL(), "SELECT answer::text FROM kept"))
}

func TestSecondServerOnOneFolderIsRefused(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	start(t, Options{DataDir: dir})
	_, err := Start(t.Context(), Options{DataDir: dir})
	require.ErrorContains(t, err, "is in use by another Maestro")
	require.ErrorContains(t, err, "DATA_DIR")
	require.NotContains(t, err.Error(), "\n")
}

func TestServerOutlivesNoKilledParentAndRecovers(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), roleVariable+"="+dir)
	output, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	url, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	url = strings.TrimSpace(url)
	require.Contains(t, url, "postgres://", "the child says where its server is")
	query(t, url, "CREATE TABLE kept AS SELECT 42 AS answer")

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	// No wait here: the next server starts while the old one is ending.
	server := start(t, Options{DataDir: dir})
	require.Equal(t, "42", query(t, server.URL(), "SELECT answer::text FROM kept"))
}

func TestServerComesBackWhenItsPostmasterIsKilled(t *testing.T) {
	t.Parallel()
	server := start(t, Options{DataDir: folder(t)})
	first := server.pid.Load()
	require.NoError(t, syscall.Kill(int(first), syscall.SIGKILL))
	require.Eventually(t, func() bool {
		return server.pid.Load() != first && server.isReady()
	}, 30*time.Second, 10*time.Millisecond)
	require.Equal(t, "1", query(t, server.URL(), "SELECT '1'"))
}

// TestStaleFilesThatNameAnotherProcess: after a power cut both files of PostgreSQL may
// name a pid that another process of its account has by now, and that must live.
func TestStaleFilesThatNameAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	server := start(t, Options{DataDir: dir})
	stop(t, server)
	other := exec.Command("sleep", "600")
	other.SysProcAttr = &syscall.SysProcAttr{Credential: server.account}
	other.Dir = "/"
	require.NoError(t, other.Start())
	t.Cleanup(func() {
		require.NoError(t, other.Process.Kill())
		require.Error(t, other.Wait(), "it has lived until here")
	})
	for _, content := range []string{itoa(other.Process.Pid) + "\n" + server.dataDir + "\n", ""} { // and one that was not written to the end
		for _, stale := range []string{filepath.Join(server.dataDir, "postmaster.pid"), filepath.Join(server.socketDir, socketName+".lock")} {
			require.NoError(t, os.WriteFile(stale, []byte(content), 0o600))
			if server.account != nil {
				require.NoError(t, os.Chown(stale, int(server.account.Uid), int(server.account.Gid)))
			}
			stop(t, start(t, Options{DataDir: dir}))
		}
	}
	require.NoError(t, other.Process.Signal(syscall.Signal(0)))
}

func TestLongFolderGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("long-", 30))
	server := start(t, Options{DataDir: dir})
	require.LessOrEqual(t, len(server.socketDir+socketName), longestSocket)
	require.Equal(t, "1", query(t, server.URL(), "SELECT '1'"))
	t.Cleanup(func() { _ = os.RemoveAll(server.socketDir) })
}

func TestForeignSocketFolderIsRefused(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(home, "socket"), 0o777))
	require.NoError(t, os.Chmod(filepath.Join(home, "socket"), 0o777))
	_, err := makeSocketDir(home, nil)
	require.ErrorContains(t, err, "open to others")
}

func TestClosedParentFolderIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives its server to another account")
	}
	closed := filepath.Join(folder(t), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	_, err := Start(t.Context(), Options{DataDir: filepath.Join(closed, "data")})
	require.ErrorContains(t, err, closed+" is closed to it")
	require.ErrorContains(t, err, "set DATA_DIR")
}

func TestFailingServerSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Options{DataDir: folder(t), Settings: map[string]string{"max_connections": "none"}})
	require.ErrorContains(t, err, `invalid value for parameter "max_connections"`)
	require.NotContains(t, err.Error(), "\n")
}

// The password is in a file that only this process's account can read, and nothing
// connects without it, the account of PostgreSQL included.
func TestPasswordOfTheServer(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	server := start(t, Options{DataDir: dir})
	path := filepath.Join(dir, passwordFile)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	password, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, server.URL(), strings.TrimSpace(string(password)))
	refused := func(password string) {
		at, err := url.Parse(server.URL())
		require.NoError(t, err)
		at.User = url.UserPassword(superuser, password)
		_, err = pgx.Connect(t.Context(), at.String())
		require.ErrorContains(t, err, "password")
	}
	refused("wrong")
	refused("")
	require.Equal(t, "scram-sha-256", query(t, server.URL(), "SELECT auth_method FROM pg_hba_file_rules"))
	stop(t, server)

	// One that was deleted is replaced.
	require.NoError(t, os.Remove(path))
	server = start(t, Options{DataDir: dir})
	require.Equal(t, "1", query(t, server.URL(), "SELECT '1'"))
	refused(strings.TrimSpace(string(password)))
	stop(t, server)

	require.NoError(t, os.WriteFile(path, []byte("short\n"), 0o600))
	_, err = Start(t.Context(), Options{DataDir: dir})
	require.ErrorContains(t, err, path+" holds no password")
}

// A cluster of a version without a password gets one at the start, even if its
// server was killed.
func TestClusterWithoutAPassword(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	server := start(t, Options{DataDir: dir})
	query(t, server.URL(), "CREATE TABLE kept AS SELECT 42 AS answer")
	query(t, server.URL(), "ALTER ROLE "+superuser+" PASSWORD NULL")
	cluster, pid := server.dataDir, int(server.pid.Load())
	stop(t, server)
	for _, path := range []string{filepath.Join(dir, passwordFile), filepath.Join(cluster, markFile), filepath.Join(dir, "postgres", accessFile)} {
		require.NoError(t, os.Remove(path))
	}
	require.NoError(t, os.WriteFile(filepath.Join(cluster, "postmaster.pid"), []byte(itoa(pid)+"\n"+cluster+"\n"), 0o600))
	server = start(t, Options{DataDir: dir})
	require.Equal(t, "42", query(t, server.URL(), "SELECT answer::text FROM kept"))
	require.Equal(t, "scram-sha-256", query(t, server.URL(), "SELECT auth_method FROM pg_hba_file_rules"))
}

func TestManyStartsAndStopsAtOnce(t *testing.T) {
	t.Parallel()
	server := start(t, Options{DataDir: folder(t)})
	failures := make(chan error, 8)
	for range cap(failures) {
		go func() { failures <- server.Stop(context.Background()) }()
	}
	for range cap(failures) {
		require.NoError(t, <-failures)
	}
}

// folder makes a folder that other accounts can reach too, which t.TempDir's
// can't be: as root the server runs under another.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "maestro-postgres-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

func start(t *testing.T, options Options) *Server {
	t.Helper()
	if options.Log == nil {
		options.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	options.Settings = map[string]string{"fsync": "off"}
	server, err := Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, server) })
	return server
}

func stop(t *testing.T, server *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, server.Stop(ctx))
}

// query runs one statement and returns its one text, if it has any.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), sql)
	require.NoError(t, err)
	defer rows.Close()
	var answer string
	for rows.Next() {
		require.NoError(t, rows.Scan(&answer))
	}
	require.NoError(t, rows.Err())
	return answer
}
