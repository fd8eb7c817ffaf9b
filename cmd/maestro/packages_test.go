package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/internal/testkit/index"
)

// wheels is a small index; answer needs base.
func wheels(t *testing.T) *index.Index {
	t.Helper()
	return index.New(t,
		index.Wheel{Name: "base", Version: "1.0"}, index.Wheel{Name: "base", Version: "2.0"},
		index.Wheel{Name: "answer", Version: "1.0", Requires: []string{"base"}, Files: map[string]string{
			"answer/__init__.py": "import base\nimport importlib.metadata\nVERSION = importlib.metadata.version('answer')\ndef give():\n    return 'from base ' + base.VERSION\n",
		}},
		index.Wheel{Name: "speedy", Version: "1.0", Binary: index.Extension(t, "speedy", index.OwnGIL)},
		index.Wheel{Name: "lonely", Version: "1.0", Binary: index.Extension(t, "lonely", index.OneOnly)},
		index.Wheel{Name: "deadly", Version: "1.0", Binary: index.Extension(t, "deadly", index.Crash)},
		index.Wheel{Name: "hungry", Version: "1.0", Binary: index.Extension(t, "hungry", index.TakeAll)},
	)
}

// fromIndex has the server ask this index alone.
func fromIndex(ix *index.Index) []string {
	return []string{"CENSUS_JWT_SECRET=" + jwtSecret, "PIP_INDEX_URL=" + ix.URL()}
}

// awaited is the answer to POST /packages as it would have been, had the server
// waited for an install that takes long on a busy machine.
func (c *client) awaited(r reply) reply {
	c.t.Helper()
	if r.status != http.StatusAccepted {
		return r
	}
	var install struct {
		Name      string `json:"package_name"`
		Status    string `json:"status"`
		Error     string `json:"error"`
		ErrorCode string `json:"error_code"`
	}
	require.Eventually(c.t, func() bool {
		return c.send("GET", r.header.Get("Location"), nil).into(&install) == nil && install.Status != "pending" && install.Status != "running"
	}, 6*time.Minute, 100*time.Millisecond)
	if install.Status == "failed" {
		text, err := json.Marshal(map[string]string{"code": install.ErrorCode, "detail": install.Error})
		require.NoError(c.t, err)
		return reply{status: http.StatusUnprocessableEntity, body: text}
	}
	var all []map[string]any
	require.NoError(c.t, c.send("GET", "/api/v1/packages", nil).into(&all))
	for _, p := range all {
		if p["package_name"] == install.Name {
			text, err := json.Marshal(p)
			require.NoError(c.t, err)
			return reply{status: http.StatusCreated, body: text}
		}
	}
	c.t.Fatalf("%s was installed and is not there", install.Name)
	return r
}

// want sends a request and wants this status.
func (c *client) want(method, path string, body any, status int) map[string]any {
	c.t.Helper()
	r := c.send(method, path, body)
	if method == http.MethodPost && path == "/api/v1/packages" {
		r = c.awaited(r)
	}
	require.Equal(c.t, status, r.status, "%s %s: %s", method, path, r.body)
	var answer map[string]any
	if len(r.body) > 0 && r.body[0] == '{' {
		require.NoError(c.t, json.Unmarshal(r.body, &answer))
	}
	return answer
}

// The next call can import the installed package, in that subtenant alone.
func TestPackagesOfASubtenant(t *testing.T) {
	t.Parallel()
	ix := wheels(t)
	p := start(t, testkit.DataDir(t), append(fromIndex(ix), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))...)
	a, b := p.client(t, "acme"), p.client(t, "zenith")
	for _, c := range []*client{a, b} {
		c.define("f", "def f(input):\n    import answer\n    return answer.give() + ', ' + answer.VERSION\n")
	}
	failed := a.want("POST", "/api/v1/executions", map[string]any{"function_name": "f"}, 500)
	require.Contains(t, failed["detail"], "answer")

	made := a.want("POST", "/api/v1/packages", map[string]any{"package_name": "Answer"}, 201)
	require.Equal(t, "answer", made["package_name"])
	require.Equal(t, "1.0", made["version"])
	require.NotEmpty(t, made["installed_by"])
	require.Equal(t, `"from base 2.0, 1.0"`, a.result("f", nil))
	b.want("POST", "/api/v1/executions", map[string]any{"function_name": "f"}, 500)
	require.JSONEq(t, `[]`, string(b.send("GET", "/api/v1/packages?all=true", nil).body))
	var asked, all []map[string]any
	require.NoError(t, json.Unmarshal(a.send("GET", "/api/v1/packages", nil).body, &asked))
	require.NoError(t, json.Unmarshal(a.send("GET", "/api/v1/packages?all=true", nil).body, &all))
	require.Len(t, asked, 1)
	require.Len(t, all, 2)

	// Two versions of one package at once.
	b.want("POST", "/api/v1/packages", map[string]any{"package_name": "base", "version": "1.0"}, 201)
	b.want("POST", "/api/v1/packages", map[string]any{"package_name": "answer"}, 201)
	require.Equal(t, `"from base 1.0, 1.0"`, b.result("f", nil))
	require.Equal(t, `"from base 2.0, 1.0"`, a.result("f", nil))

	// A run under way keeps its modules.
	signals := p.folder("acme")
	a.define("slow", `
import os, time
def slow(input):
    import base
    open(input + "/started", "w").close()
    while not os.path.exists(input + "/go"):
        time.sleep(0.01)
    import sys
    return base.VERSION + sys.modules["base"].VERSION
`)
	slow := make(chan reply, 1)
	go func() { slow <- a.call("slow", signals) }()
	require.Eventually(t, func() bool { _, err := os.Stat(signals + "/started"); return err == nil }, time.Minute, 10*time.Millisecond)
	a.want("POST", "/api/v1/packages", map[string]any{"package_name": "base", "version": "1.0"}, 201)
	require.Equal(t, `"from base 1.0, 1.0"`, a.result("f", nil))
	require.NoError(t, os.WriteFile(signals+"/go", nil, 0o600))
	require.Equal(t, "2.02.0", (<-slow).json(t)["result"])

	a.want("POST", "/api/v1/packages", map[string]any{"package_name": "speedy"}, 201)
	a.define("fast", "import speedy\ndef fast(input):\n    return speedy.ANSWER\n")
	require.Equal(t, "42", a.result("fast", nil))
	for name, words := range map[string]string{"deadly": "crashed", "hungry": "memory"} {
		refused := a.want("POST", "/api/v1/packages", map[string]any{"package_name": name}, 422)
		require.Equal(t, "package_unsupported", refused["code"])
		require.Contains(t, refused["detail"], "The module "+name)
		require.Contains(t, refused["detail"], words)
	}
	require.Equal(t, "42", a.result("fast", nil))

	required := a.want("DELETE", "/api/v1/packages/nothing", nil, 404)
	require.Equal(t, "package_not_found", required["code"])
	a.want("DELETE", "/api/v1/packages/SPEEDY", nil, 204)
	a.want("POST", "/api/v1/executions", map[string]any{"function_name": "fast"}, 500)
}

// A package that does not support sub-interpreters moves its subtenant to the process
// lane, and back when it goes; an administrator's choice is stronger.
func TestLanesByPackages(t *testing.T) {
	t.Parallel()
	ix := wheels(t)
	p := start(t, testkit.DataDir(t), append(fromIndex(ix), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))...)
	c, admin := p.client(t, "acme"), p.administrator(t)
	c.define("f", "def f(input):\n    return input\n")
	lane := func() any {
		t.Helper()
		c.want("POST", "/api/v1/executions", map[string]any{"function_name": "f"}, 200)
		var all []map[string]any
		require.NoError(t, c.send("GET", "/api/v1/executions?limit=1", nil).into(&all))
		shown := admin.want("GET", "/api/v1/subtenants/acme", nil, 200)
		require.Equal(t, shown["effective_lane"], all[0]["lane"])
		return shown["effective_lane"]
	}
	require.Equal(t, "embedded", lane())
	made := c.want("POST", "/api/v1/packages", map[string]any{"package_name": "lonely"}, 201)
	require.Equal(t, "process", made["lane"])
	const note = "The package lonely needs the process lane: its module lonely does not support sub-interpreters."
	require.Equal(t, []any{note}, made["notes"])
	require.Equal(t, "process", lane())
	g := c.want("POST", "/api/v1/functions", map[string]any{"name": "g", "code": "def g(input):\n    return 1\n", "requirements": []string{"lonely"}}, 201)
	require.Equal(t, []any{note}, g["package_notes"])
	c.define("answers", "import lonely\ndef answers(input):\n    return f(lonely.ANSWER)\n")
	require.Equal(t, "42", c.result("answers", nil))
	c.want("DELETE", "/api/v1/functions/g", nil, 204)
	c.want("DELETE", "/api/v1/packages/lonely", nil, 204)
	require.Equal(t, "embedded", lane())

	admin.want("PUT", "/api/v1/subtenants/acme", map[string]any{"lane": "embedded"}, 200)
	refused := c.want("POST", "/api/v1/packages", map[string]any{"package_name": "lonely"}, 422)
	require.Equal(t, "package_unsupported", refused["code"])
	require.Contains(t, refused["detail"], "The module lonely of the package lonely does not support sub-interpreters")
	require.Contains(t, refused["detail"], `PUT /api/v1/subtenants/acme {"lane": "process"}`)
	admin.want("PUT", "/api/v1/subtenants/acme", map[string]any{"lane": "process"}, 200)
	require.Equal(t, "process", lane())
}

func TestRequirementsOverHTTP(t *testing.T) {
	t.Parallel()
	ix := wheels(t)
	p := start(t, testkit.DataDir(t), append(fromIndex(ix), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))...)
	c := p.client(t, "acme")
	code := "import base\ndef f(input):\n    return base.VERSION\n"
	bad := c.want("POST", "/api/v1/functions", map[string]any{"name": "f", "code": code, "requirements": []string{"base", "-r x", "base @ http://x/y"}}, 422)
	require.Len(t, bad["errors"], 2)
	made := c.want("POST", "/api/v1/functions", map[string]any{"name": "f", "code": code, "requirements": []string{"Base == 1.0"}}, 201)
	require.Equal(t, []any{"base==1.0"}, made["requirements"])
	require.Equal(t, `"1.0"`, c.result("f", nil))
	conflict := c.want("POST", "/api/v1/functions", map[string]any{"name": "g", "code": "def g(input):\n    return 1\n", "requirements": []string{"base>=2"}}, 409)
	require.Equal(t, "package_conflict", conflict["code"])
	require.Contains(t, conflict["detail"], "base==1.0 of the function f")
	require.Contains(t, conflict["detail"], "base>=2 of the function g")
	c.want("GET", "/api/v1/functions/g", nil, 404)
	required := c.want("DELETE", "/api/v1/packages/base", nil, 409)
	require.Contains(t, required["detail"], "required by f")

	changed := c.want("PUT", "/api/v1/functions/f", map[string]any{"requirements": []string{"base>=2"}}, 200)
	require.EqualValues(t, 2, changed["version"])
	require.Equal(t, `"2.0"`, c.result("f", nil))
	back := c.want("POST", "/api/v1/functions/f/rollback/1", nil, 200)
	require.Equal(t, []any{"base==1.0"}, back["requirements"])
	require.Equal(t, `"1.0"`, c.result("f", nil))

	// What a GET answers can be PUT back, and changes nothing.
	now := c.want("GET", "/api/v1/functions/f", nil, 200)
	same := c.want("PUT", "/api/v1/functions/f", now, 200)
	require.Equal(t, now["version"], same["version"])
	missing := c.want("PUT", "/api/v1/functions/f", map[string]any{"requirements": []string{"no-such-package"}}, 422)
	require.Equal(t, "package_install_failed", missing["code"])
	require.Equal(t, `"1.0"`, c.result("f", nil))
}

// kill -9 while something is being installed.
func TestAServerKilledInAnInstall(t *testing.T) {
	t.Parallel()
	ix := wheels(t)
	dir := testkit.DataDir(t)
	env := append(fromIndex(ix), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))
	p := start(t, dir, env...)
	c := p.client(t, "acme")
	c.define("f", "import base\ndef f(input):\n    return base.VERSION\n")
	c.want("POST", "/api/v1/packages", map[string]any{"package_name": "base", "version": "1.0"}, 201)

	ix.Fail(index.Stalled)
	late := make(chan error, 1)
	go func() { late <- c.ask("POST", "/api/v1/packages", `{"package_name": "answer"}`) }()
	require.Eventually(t, func() bool { return ix.Fetched("answer") > 0 }, 30*time.Second, 20*time.Millisecond)
	require.Equal(t, `"1.0"`, c.result("f", nil), "functions run meanwhile")

	// kill -9 during the install: installed packages work, and no partial install is left.
	require.NoError(t, p.cmd.Process.Kill())
	<-p.done
	require.Error(t, <-late)
	ix.Fail(index.Sound)
	p = start(t, dir, env...)
	c = p.client(t, "acme")
	require.Equal(t, `"1.0"`, c.result("f", nil))
	temp, err := filepath.Glob(filepath.Join(dir, "packages", "temp", "*", "*"))
	require.NoError(t, err)
	for _, path := range temp {
		require.Equal(t, "lock", filepath.Base(path), "left in the making: %s", path)
	}
	c.want("POST", "/api/v1/packages", map[string]any{"package_name": "answer"}, 201)
}

// A server that another one has installed on builds the same for itself.
func TestPackagesOnTwoServers(t *testing.T) {
	t.Parallel()
	ix := wheels(t)
	one, two := twoServers(t, fromIndex(ix)...)
	a, b := one.client(t, "acme"), two.client(t, "acme")
	a.define("f", "import base\ndef f(input):\n    return base.VERSION\n")
	a.want("POST", "/api/v1/packages", map[string]any{"package_name": "base", "version": "1.0"}, 201)
	run := map[string]any{"function_name": "f"}
	require.Equal(t, `"1.0"`, a.result("f", nil))
	b.hears("POST", "/api/v1/executions", run, http.StatusOK, `"result":"1.0"`)
	b.want("POST", "/api/v1/packages", map[string]any{"package_name": "base", "version": "2.0"}, 201)
	require.Equal(t, `"2.0"`, b.result("f", nil))
	a.hears("POST", "/api/v1/executions", run, http.StatusOK, `"result":"2.0"`)

	// Its folders are gone: they are made again from the lock.
	two.stop(t)
	require.NoError(t, os.RemoveAll(filepath.Join(two.dir, "packages")))
	again := start(t, two.dir, append(fromIndex(ix), two.cmd.Env...)...)
	require.Equal(t, `"2.0"`, again.client(t, "acme").result("f", nil))
}
