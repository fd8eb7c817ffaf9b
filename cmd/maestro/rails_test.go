package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// railed is what the functions of TestRailsOfAServer begin with: the outcome of
// each of the things that they try.
const railed = `import os, glob, json, urllib.request, urllib.error, subprocess
def outcome(function):
    try:
        return function()
    except Exception as e:
        return f"{type(e).__name__}: {e}"
def ask(input, path, **headers):
    request = urllib.request.Request(f"{input['url']}{path}", data=b"{}" if "/h/" in path else None, headers={"Authorization": "Bearer " + input["token"], "Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as e:
        return e.code
`

// developer is a client with a token of the server's own key.
func developer(t *testing.T, p *program, flags ...string) *client {
	t.Helper()
	token, err := command(t, p.dir, nil, append([]string{"token", "--admin"}, flags...)...).Output()
	require.NoError(t, err)
	return &client{t: t, url: p.url, token: strings.TrimSpace(string(token))}
}

// A server with its real data folder: its content is not shown to functions,
// and a token that they have found does not open its API.
func TestRailsOfAServer(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	p := start(t, dir)
	token, err := os.ReadFile(filepath.Join(dir, "admin_token"))
	require.NoError(t, err)
	c := developer(t, p)
	c.define("tries", railed+`
def tries(input):
    data = input["data"]
    names = ["admin_token", "secret_key", "../" + os.path.basename(data) + "/admin_token", "files/default/../../secret_key"]
    return {
        "read": [outcome(lambda: open(f"{data}/{name}").read()) for name in names],
        "list": [sorted(glob.glob(data + "/*")), outcome(lambda: os.listdir(data)), list(os.walk(data))],
        "child": [subprocess.run(["cat", f"{data}/{name}"], capture_output=True, text=True).stdout for name in names],
        "environ": outcome(lambda: open("/proc/self/environ").read()),
        "home": [os.getcwd(), os.path.expanduser("~"), os.environ["TMPDIR"]],
    }
`)
	result := c.result("tries", map[string]any{"data": dir})
	require.NotContains(t, result, strings.TrimSpace(string(token)))
	key, err := os.ReadFile(filepath.Join(dir, "secret_key"))
	require.NoError(t, err)
	require.NotContains(t, result, strings.TrimSpace(string(key)))
	require.Equal(t, 5, strings.Count(result, "refused by the rail 'data-folder'"), result)
	require.Contains(t, result, "refused by the rail 'proc'")
	home, err := filepath.EvalSymlinks(filepath.Join(dir, "files", "default"))
	require.NoError(t, err)
	require.Contains(t, result, `"home":["`+home+`","`+home+`","`+home+`/tmp"]`)

	c.define("echo", "def echo(input):\n    return 1\n")
	require.Equal(t, http.StatusCreated, c.send("POST", "/api/v1/webhooks", map[string]any{"path": "echo", "function_name": "echo", "requires_auth": false}).status)
	c.define("asks", railed+`
def asks(input):
    return [ask(input, path) for path in ("/api/v1/functions", "/api/v1/subtenants", "/health", "/metrics", "/api/v1/h/echo", "/openapi.json", "/docs")]
`)
	asked := map[string]any{"url": p.url, "token": strings.TrimSpace(string(token))}
	for range 2 {
		require.JSONEq(t, `[403,403,403,403,200,200,200]`, c.result("asks", asked))
	}
	require.Equal(t, http.StatusOK, c.send("GET", "/api/v1/functions", nil).status, "the test's own connection")
}

// The files of a subtenant are its own, last from call to call, and end with it.
func TestFilesOfASubtenant(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	p := start(t, dir)
	for _, tenant := range []string{"first", "second"} {
		require.Equal(t, http.StatusCreated, developer(t, p).send("POST", "/api/v1/subtenants", map[string]any{"subtenant_id": tenant}).status)
		c := developer(t, p, "--subtenant", tenant)
		c.define("files", `import os
def files(input):
    if input:
        for name in input, "/tmp/" + input:
            with open(name, "w") as file:
                file.write(input)
    return [sorted(os.listdir(), key=lambda name: name != "tmp"), os.listdir("/tmp")]
`)
		require.JSONEq(t, `[["tmp","`+tenant+`"],["`+tenant+`"]]`, c.result("files", tenant))
		require.JSONEq(t, `[["tmp","`+tenant+`"],["`+tenant+`"]]`, c.result("files", nil))
	}
	require.FileExists(t, filepath.Join(dir, "files", "first", "first"))
	require.Equal(t, http.StatusNoContent, developer(t, p).send("DELETE", "/api/v1/subtenants/first", nil).status)
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, "files", "first"))
		return os.IsNotExist(err)
	}, time.Minute, 10*time.Millisecond)
	require.FileExists(t, filepath.Join(dir, "files", "second", "second"))
}
