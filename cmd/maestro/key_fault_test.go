package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/repo"
)

// keyHolders starts two servers that lose their idempotency keys after two
// seconds of silence, and returns them with a client of each.
func keyHolders(t *testing.T) (one, two *program, db *repo.DB) {
	t.Helper()
	url := testkit.DatabaseURL(t)
	env := []string{"DATABASE_URL=" + url, "SECRET_KEY=" + strings.Repeat("k", 40), "CENSUS_JWT_SECRET=" + jwtSecret, leaseVariable + "=2"}
	one, two = start(t, testkit.DataDir(t), env...), start(t, testkit.DataDir(t), env...)
	db, err := repo.Open(t.Context(), url, repo.Options{Name: "keys", Log: testkit.Logger(t)})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return one, two, db
}

// ask sends a request to a server that may be killed meanwhile; the reply is
// closed without one then.
func (p *program) ask(t *testing.T, body map[string]any) <-chan reply {
	c, answered := p.client(t, "acme"), make(chan reply, 1)
	go func() {
		defer close(answered)
		if r, err := c.try("POST", "/api/v1/executions", body, "Idempotency-Key", "k"); err == nil {
			answered <- r
		}
	}()
	return answered
}

func (p *program) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	<-p.done
}

// A server is killed while it runs a request with a key: the next one with that
// key waits for the lease, runs, and its answer is kept.
func TestAServerIsKilledWithAKey(t *testing.T) {
	t.Parallel()
	one, two, _ := keyHolders(t)
	two.client(t, "acme").define("f", `import os, time
def f(input):
    with open("begun", "a") as file:
        file.write("x")
    while not os.path.exists("go"):
        time.sleep(0.01)
    return "done"
`)
	runs := func() int {
		first, _ := os.ReadFile(one.folder("acme", "begun"))
		second, _ := os.ReadFile(two.folder("acme", "begun"))
		return len(first) + len(second)
	}
	body := map[string]any{"function_name": "f"}
	first := one.ask(t, body)
	require.Eventually(t, func() bool { return runs() == 1 }, time.Minute, 10*time.Millisecond)
	repeated := two.ask(t, body)
	one.kill(t)
	_, answered := <-first
	require.False(t, answered)
	require.Eventually(t, func() bool { return runs() == 2 }, time.Minute, 10*time.Millisecond, "the outcome of the first run is unknown")
	require.NoError(t, os.WriteFile(two.folder("acme", "go"), nil, 0o600))
	second := <-repeated
	require.Equal(t, http.StatusOK, second.status, "%s", second.body)
	third := <-two.ask(t, body)
	require.Equal(t, "true", third.header.Get("Idempotent-Replayed"))
	require.Equal(t, string(second.body), string(third.body))
	require.Equal(t, 2, runs())
}

// A server is killed while the database stores an asynchronous run: it
// is there once, whether the database goes on with that or not.
func TestAServerIsKilledWhileARunIsAccepted(t *testing.T) {
	t.Parallel()
	one, two, db := keyHolders(t)
	two.client(t, "acme").define("f", "def f(input):\n    return 1\n")
	body := map[string]any{"function_name": "f", "mode": "async"}
	lock, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = lock.Rollback(t.Context()) }()
	_, err = lock.Exec(t.Context(), "LOCK TABLE queued_runs IN SHARE MODE")
	require.NoError(t, err)
	waiting := func(n int) {
		t.Helper()
		require.Eventually(t, func() bool {
			var count int
			err := db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE '%INSERT INTO queued_runs%'`).Scan(&count)
			return err == nil && count >= n
		}, time.Minute, 20*time.Millisecond)
	}
	first := one.ask(t, body)
	waiting(1)
	one.kill(t)
	_, answered := <-first
	require.False(t, answered)
	repeated := two.ask(t, body)
	waiting(2) // the database does not know yet that the first one's server is gone
	require.NoError(t, lock.Rollback(t.Context()))
	second := <-repeated
	require.Equal(t, http.StatusAccepted, second.status, "%s", second.body)
	third := <-two.ask(t, body)
	require.Equal(t, string(second.body), string(third.body))
	require.Eventually(t, func() bool {
		all := outcomes(t, db)
		return len(all) == 1 && all[second.json(t)["execution_id"].(string)] == "completed 1"
	}, time.Minute, 20*time.Millisecond)
}
