package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/postgres"
	"maestro/internal/testkit"
	"maestro/repo"
)

// spooled is how many records wait in the files of a data folder.
func spooled(t *testing.T, dir string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "spool", "*.jsonl"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		n += bytes.Count(text, []byte("\n"))
	}
	return n
}

// Runs that end while PostgreSQL is away are kept on disk. A server that is
// killed before it is back has done them all the same: they are neither crashed
// nor done again.
func TestRunsInTheSpoolOutliveTheirServer(t *testing.T) {
	t.Parallel()
	database, dir := testkit.DataDir(t), testkit.DataDir(t)
	server, err := postgres.Start(t.Context(), postgres.Options{DataDir: database, Log: testkit.Logger(t)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop(t.Context()) })
	env := func() []string {
		return []string{"DATABASE_URL=" + server.URL(), "SECRET_KEY=" + strings.Repeat("k", 40), "CENSUS_JWT_SECRET=" + jwtSecret}
	}
	b := newBegun(t)
	p := launch(t, dir, env()...)
	t.Cleanup(func() { p.stop(t) })
	c := p.client(t, "acme")
	c.define("once", b.function("once"))
	c.define("again", b.function("again"), "retry", map[string]any{"max_attempts": 5, "backoff_seconds": 0.1})
	const runs = 4
	for i := range runs - 1 {
		r := c.send("POST", "/api/v1/executions", map[string]any{
			"function_name": []string{"once", "again"}[i%2], "mode": "async", "input_data": map[string]any{"ms": 1500},
		})
		require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
	}
	answered := make(chan int, 1)
	go func() {
		r, _ := c.try("POST", "/api/v1/executions", map[string]any{"function_name": "once", "input_data": map[string]any{"ms": 1500}})
		answered <- r.status
	}()
	db, err := repo.Open(t.Context(), server.URL(), repo.Options{Name: "spool", Log: testkit.Logger(t)})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(outcomes(t, db)) == runs }, 30*time.Second, 5*time.Millisecond, "the synchronous one has a row too")
	db.Close()
	require.Eventually(t, func() bool { return b.count() == runs }, 30*time.Second, 5*time.Millisecond)

	require.NoError(t, server.Stop(t.Context()))
	require.Equal(t, http.StatusOK, <-answered, "the response is sent once the record is on disk")
	require.Eventually(t, func() bool { return spooled(t, dir) == runs }, time.Minute, 20*time.Millisecond)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGKILL))
	<-p.done

	server, err = postgres.Start(t.Context(), postgres.Options{DataDir: database, Log: testkit.Logger(t)})
	require.NoError(t, err)
	p = start(t, dir, env()...)
	require.Equal(t, float64(runs), seriesOf(scrape(t, p.client(t, "acme"), "")["maestro_recorder_replayed_records_total"])[""], "those of the start count")
	db, err = repo.Open(t.Context(), server.URL(), repo.Options{Name: "spool", Log: testkit.Logger(t)})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	all := outcomes(t, db)
	require.Len(t, all, runs)
	for id, outcome := range all {
		require.Equal(t, "completed 1", outcome, id)
	}
	b.onceEach(t, all)
	require.Zero(t, spooled(t, dir))
}
