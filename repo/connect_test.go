package repo_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/postgres"
	"maestro/internal/testkit"
	"maestro/repo"
)

func TestOpenNamesTheFault(t *testing.T) {
	t.Parallel()
	_, err := repo.Open(t.Context(), "postgres://u:hunter2@127.0.0.1:port/db", repo.Options{})
	require.ErrorContains(t, err, "read the database URL")
	require.NotContains(t, err.Error(), "hunter2")

	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	_, err = repo.Open(t.Context(), "postgres://u:hunter2@"+closed.Addr().String()+"/db?sslmode=disable", repo.Options{})
	require.ErrorContains(t, err, "connect to the database")
	require.NotContains(t, err.Error(), "hunter2")
}

func TestOpenWaitsForTheServer(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	server := startServer(t, dir)
	url := server.URL()
	require.NoError(t, server.Stop(t.Context()))
	opened := make(chan error, 1)
	go func() {
		db, err := repo.Open(t.Context(), url, repo.Options{Wait: time.Minute})
		if err == nil {
			db.Close()
		}
		opened <- err
	}()
	startServer(t, dir)
	require.NoError(t, <-opened)
}

func TestServerAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	server := startServer(t, testkit.DataDir(t))
	db, err := repo.Open(t.Context(), server.URL(), repo.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	require.NoError(t, db.Ping(t.Context()))
	require.NoError(t, server.Stop(t.Context()))
	for range 3 { // the first finds a broken connection, the others none
		err = db.Ping(t.Context())
		requireCode(t, model.CodeUnavailable, err)
		_, err = db.Function(t.Context(), "acme", "f")
		requireCode(t, model.CodeUnavailable, err)
	}
	var known *model.Error
	require.ErrorAs(t, err, &known)
	require.Positive(t, known.RetryAfter)
	require.NotContains(t, known.Detail, "socket", "nothing of the inside is told")
}

func startServer(t *testing.T, dir string) *postgres.Server {
	t.Helper()
	server, err := postgres.Start(t.Context(), postgres.Options{
		DataDir: dir, Log: testkit.Logger(t), Settings: map[string]string{"fsync": "off"},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return server
}

// What a caller can start is bounded by the database, also when this server is
// gone by then.
func TestStatementsAreBounded(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	db, err := repo.Open(t.Context(), url, repo.Options{Longest: 50 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	_, err = db.Pool().Exec(t.Context(), "SELECT pg_sleep(60)")
	require.ErrorContains(t, err, "statement timeout")
	require.True(t, repo.IsAway(err))
	for name, want := range map[string]string{"main": "50ms", "lists": "15s", "directory": "15s", "queue": "0"} {
		var shown string
		require.NoError(t, db.PoolOf(name).QueryRow(t.Context(), "SHOW statement_timeout").Scan(&shown))
		require.Equal(t, want, shown, name)
	}
}
