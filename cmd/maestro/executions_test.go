package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// id is the id of the newest execution.
func (c *client) newest() string {
	c.t.Helper()
	var all []struct{ ID string }
	require.NoError(c.t, json.Unmarshal([]byte(c.ok("executions", "list", "--limit", "1", "--json")), &all))
	require.Len(c.t, all, 1)
	return all[0].ID
}

func TestExecutionsInATerminal(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.define("total", "def total(input):\n    print('adding', len(input))\n    return sum(map(price, input))\n")
	c.define("price", "def price(input):\n    return float(input)\n")
	require.Contains(t, c.ok("executions", "list"), "No execution matches.")

	got := c.maestro("[1, 2.5]", "functions", "run", "total", "--input", "-")
	require.Equal(t, "3.5\n", got.stdout)
	first := c.newest()
	require.Equal(t, "execution "+first+"\n", got.stderr)
	tree := c.ok("executions", "show", first, "--values")
	for _, want := range []string{"completed  manual", "✓ total v1", "├─ ✓ price v1", "└─ ✓ price v1", "in  [1,2.5]", "out 3.5", "%"} {
		require.Contains(t, tree, want)
	}
	require.NotContains(t, tree, "\x1b", "plain where it is piped")
	logs := c.ok("logs", first)
	require.Contains(t, logs, "total adding 2")
	require.Equal(t, logs, c.ok("logs"), "the newest")
	require.Equal(t, logs, c.ok("logs", "-f", first), "it has ended")
	for line := range strings.Lines(c.ok("logs", first, "--json")) {
		require.True(t, json.Valid([]byte(line)), line)
	}

	got = c.maestro("", "functions", "run", "total", "-i", `[1, "x"]`)
	require.Equal(t, exitFailed, got.status)
	require.Empty(t, got.stdout)
	require.Contains(t, got.stderr, "could not convert string to float: 'x'; maestro executions show ")
	second := c.newest()
	require.Contains(t, c.ok("executions", "show", second), "✗ price v1")
	require.Contains(t, c.ok("executions", "show", second), "ValueError: could not convert")
	require.Contains(t, c.ok("executions", "list", "--status", "failed", "--since", "-1h", "--error", "ValueError"), second)
	comparison := c.ok("executions", "compare", first, second)
	for _, want := range []string{"~ total", "status   A  completed\n", "B  failed", "= price", "~ price", "input    A  2.5", `B  "x"`} {
		require.Contains(t, comparison, want)
	}
	require.Contains(t, c.ok("executions", "compare", first, first), "The same calls, inputs and outputs.")

	c.send("PUT", "/api/v1/functions/price", map[string]any{"code": "def price(input):\n    return 2 * float(input)\n"})
	require.Equal(t, "14.0\n", c.ok("functions", "run", "total", "-i", "[7]"))
	require.Equal(t, "7.0\n", c.ok("functions", "run", "price", "-i", "7", "--version", "1"))
	require.Contains(t, c.ok("functions", "versions", "price"), "2        ")
	require.Contains(t, c.ok("functions", "rollback", "price", "1"), "price is at version 3, which equals version 1.")
	require.Contains(t, c.ok("functions", "rollback", "price", "v1"), "price is at version 4, which equals version 1.")
	require.Equal(t, "7.0\n", c.ok("functions", "run", "total", "-i", "[7]"))

	// As PowerShell writes files.
	dir := t.TempDir()
	put(t, dir, map[string]string{"utf8.json": "\ufeff[7]\r\n", "utf16.json": "\xff\xfe[\x007\x00]\x00\r\x00\n\x00", "wrong.json": "[1,\n 2,]", "empty.json": ""})
	for _, file := range []string{"utf8.json", "utf16.json"} {
		require.Equal(t, "7.0\n", c.ok("functions", "run", "total", "-i", "@"+filepath.Join(dir, file)), file)
	}
	for input, want := range map[string]string{
		"@" + filepath.Join(dir, "wrong.json"): "wrong.json is not JSON: line 2, column 4: invalid character ']'", "@" + filepath.Join(dir, "empty.json"): "empty.json is not JSON: line 1, column 1: unexpected end",
		"{bad": "--input is not JSON: line 1, column 2: invalid character 'b'", "-": "the standard input is not JSON: line 1, column 1", "": "--input is not JSON: line 1, column 1",
	} {
		require.Contains(t, c.maestro("", "functions", "run", "total", "-i", input).stderr, want, input)
	}
	require.Contains(t, c.ok("functions", "list", "--tag", "absent"), "No function matches.")

	later := strings.TrimSpace(c.ok("functions", "run", "total", "--async", "-i", "[5]"))
	require.Contains(t, c.ok("logs", "-f", later), "total completed")
	require.Len(t, strings.TrimSpace(c.ok("executions", "retry", first)), 36)
	for _, wrong := range [][]string{{"executions", "show"}, {"functions", "run", "total", "-i", "{"}, {"executions", "compare", first}, {"executions", "list", "--limit", "0"}, {"logs", first, "--function", "total"}, {"functions", "rollback", "price", "first"}, {"functions", "push", ".", "--watch", "--dry-run"}} {
		require.Equal(t, exitUsage, c.maestro("", wrong...).status, "%q", wrong)
	}
	for _, failing := range [][]string{{"executions", "show", "none"}, {"functions", "run", "absent"}, {"functions", "delete", "absent"}, {"functions", "rollback", "price", "99"}, {"functions", "push", "/nonexistent"}} {
		got := c.maestro("", failing...)
		require.Equal(t, exitFailed, got.status, "%q", failing)
		require.Equal(t, 1, strings.Count(got.stderr, "\n"), got.stderr)
	}
}

func TestSecretsSchedulesAndWebhooksInATerminal(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	require.Contains(t, c.ok("secrets", "list"), "There are no secrets yet.")
	got := c.maestro("a long value\n", "secrets", "set", "API_KEY")
	require.Equal(t, exitOK, got.status, got.stderr)
	require.NotContains(t, got.stdout, "long value")
	require.Equal(t, exitFailed, c.maestro("", "secrets", "set", "EMPTY").status)
	require.Equal(t, exitUsage, c.maestro("", "secrets", "set", "API_KEY", "value").status, "never as an argument")
	c.define("reads", "import maestro\ndef reads(input):\n    return len(maestro.secret('API_KEY'))\n")
	require.Equal(t, "12\n", c.ok("functions", "run", "reads"), "without the line end")
	require.Regexp(t, `(?m)^API_KEY .* -  +reads v1\s*$`, c.ok("secrets", "list"), "never read yet, by the version of a function")
	c.ok("secrets", "delete", "API_KEY")
	require.NotContains(t, c.ok("secrets", "list", "--json"), "API_KEY")

	dir := t.TempDir()
	put(t, dir, map[string]string{
		"job.py":   "def job(input):\n    return input\n",
		"job.toml": "[[webhooks]]\npath = '" + c.tenant + "/job'\nrequires_auth = true\n[[schedules]]\nname = 'nightly'\ncron_expression = '0 3 * * *'\n",
	})
	c.ok("functions", "push", dir)
	require.Contains(t, c.ok("webhooks", "list"), c.url+"/api/v1/h/"+c.tenant+"/job")
	require.Contains(t, c.ok("webhooks", "list"), "token")
	require.Contains(t, c.ok("schedules", "list"), "active")
	require.Contains(t, c.ok("schedules", "pause", "nightly"), "paused")
	require.Contains(t, c.ok("functions", "push", dir), "was changed on the server; functions pull gets it", "a push does not undo it")
	c.ok("functions", "pull", dir)
	require.Contains(t, content(t, dir, "job.toml"), "is_active = false")
	c.ok("schedules", "resume", "nightly")
	id := strings.TrimSpace(c.ok("schedules", "run", "nightly"))
	require.Contains(t, c.ok("logs", "-f", id), "job completed")
	require.Contains(t, c.maestro("", "schedules", "run", "other").stderr, `there is no schedule "other"`)
	require.Contains(t, c.ok("packages", "list"), "no packages")
	require.Contains(t, c.maestro("", "packages", "remove", "absent").stderr, "package_not_found")
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	home := t.TempDir()
	env := map[string]string{"HOME": home}
	got := runWith(t, env, c.token+"\n", "login", c.url+"/", "--profile", "work")
	require.Equal(t, exitOK, got.status, got.stderr)
	require.Contains(t, got.stdout, "as "+c.tenant+"@example.com, subtenant "+c.tenant)
	file := filepath.Join(home, ".config", "maestro", "profiles.json")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.Equal(t, exitOK, runWith(t, env, "", "functions", "list", "--profile", "work").status)
	require.Equal(t, exitOK, runWith(t, map[string]string{"HOME": home, "MAESTRO_PROFILE": "work"}, "", "functions", "list").status)
	got = runWith(t, env, "", "functions", "list", "--profile", "home")
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "there is no profile home: run maestro login --profile home")
	got = runWith(t, env, "", "functions", "list", "--profile", "work", "--subtenant", "another")
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "403")

	got = runWith(t, env, "no token\n", "login", c.url)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "401")
	require.NotContains(t, content(t, file), "default", "what the server refuses is not kept")
	require.Equal(t, exitUsage, runWith(t, env, "x", "login", "example").status)
	require.NoError(t, os.Chmod(file, 0o644))
	got = runWith(t, env, "", "functions", "list", "--profile", "work")
	require.Contains(t, got.stderr, "other users can read the tokens")
	require.NoError(t, os.Chmod(file, 0o600))
	require.Equal(t, exitOK, runWith(t, env, "", "logout", "--profile", "work").status)
	require.NotContains(t, content(t, file), c.token)
}
