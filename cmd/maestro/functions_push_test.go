package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
}

func content(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	require.NoError(t, err)
	return string(text)
}

// twenty is a folder of functions that call each other in a row; the last two call each other.
func twenty(t *testing.T, c *client) string {
	t.Helper()
	dir := t.TempDir()
	for i := 1; i <= 20; i++ {
		put(t, dir, map[string]string{fmt.Sprintf("step%d.py", i): fmt.Sprintf("def step%d(input: dict) -> dict:\n    n = input['n']\n    # from here on\n    print('step %d')\n    return step%d({'n': n + 1}) if n < 20 else {'n': n}\n", i, i, min(i+1, 19))})
	}
	put(t, dir, map[string]string{"step1.toml": "# the first one\ndescription = 'The first of twenty'\n\n[[webhooks]]\npath = '" + c.tenant + "/steps'\ninput_mode = 'body'\n\n[[schedules]]\nname = 'nightly'\ncron_expression = '0 3 * * *'\ninput_data = { n = 1 }\n"})
	return dir
}

func TestPushOfTwentyFunctions(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	dir := twenty(t, c)
	plan := c.ok("functions", "push", dir, "--dry-run")
	require.Contains(t, plan, "+ function step20")
	require.NotContains(t, plan, "warning", "each finds its sibling in the same folder")
	require.Equal(t, "[]\n", c.ok("functions", "list", "--json"), "a dry run changes nothing")
	require.NoFileExists(t, filepath.Join(dir, ".maestro", ".gitignore"))

	first := c.ok("functions", "push", dir)
	require.Contains(t, first, "Pushed: 22 created, 0 unchanged.")
	require.Contains(t, first, "POST "+c.url+"/api/v1/h/"+c.tenant+"/steps")
	require.Equal(t, "*\n", content(t, dir, ".maestro", ".gitignore"))
	require.Contains(t, c.ok("functions", "push", dir), "Nothing to push: 22 unchanged.")
	require.Contains(t, c.ok("functions", "pull", dir), "Pulled: 22 unchanged.")
	r := c.send("POST", "/api/v1/h/"+c.tenant+"/steps", map[string]int{"n": 1})
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)

	// Without the common state, as in CI.
	require.NoError(t, os.RemoveAll(filepath.Join(dir, ".maestro")))
	require.Contains(t, c.ok("functions", "push", dir), "Nothing to push: 22 unchanged.")

	// A syntax error in one, a bad setting in another: each is named, nothing changes.
	put(t, dir, map[string]string{"step2.py": "def step2(input):\n    return 2\n", "step3.py": "def step3(input):\n    return (\n", "step4.toml": "timeout_seconds = -1\n[[schedules]]\nname = 'x'\ncron_expression = 'never'\n"})
	got := c.maestro("", "functions", "push", dir)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "maestro: step3.py:2: '(' was never closed")
	require.Contains(t, got.stderr, "maestro: step4.py: timeout_seconds must be above 0")
	require.Contains(t, got.stderr, "maestro: step4.toml: schedule x: cron_expression")
	require.NotContains(t, got.stderr, "step2")
	require.Contains(t, string(c.send("GET", "/api/v1/functions/step2", nil).body), `"version":1`)
	put(t, dir, map[string]string{"step4.toml": "timeout = 5\n"})
	got = c.maestro("", "functions", "push", dir)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "step4.toml: timeout is not a setting of a function; use kind,")

	// Deletions need --prune.
	put(t, dir, map[string]string{"step3.py": "def step3(input):\n    return 3\n"})
	require.NoError(t, os.Remove(filepath.Join(dir, "step4.toml")))
	require.NoError(t, os.Remove(filepath.Join(dir, "step20.py")))
	text := c.ok("functions", "push", dir)
	require.Contains(t, text, "· function step20  (only on the server; --prune deletes it)")
	require.Contains(t, text, "-    n = input['n']")
	require.Contains(t, text, "Pushed: 2 updated, 19 unchanged.")
	text = c.ok("functions", "push", t.TempDir(), "--dry-run")
	require.Regexp(t, `(?m)^  · \d\d functions  \(only on the server; --prune deletes it; --json lists them\)$`, text)
	require.NotContains(t, text, "step19")
	require.Contains(t, c.ok("functions", "push", t.TempDir(), "--dry-run", "--json"), "step19")
	require.Contains(t, c.ok("functions", "push", dir, "--prune"), "Pushed: 1 deleted, 21 unchanged.")
	require.Equal(t, http.StatusNotFound, c.send("GET", "/api/v1/functions/step20", nil).status)
	require.Contains(t, c.ok("functions", "push", dir, "--prune", "--json"), `"unchanged": 21`)
	got = c.maestro("", "functions", "push", t.TempDir(), "--prune")
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "--prune would delete all 21 items")
}

func TestPushAndPullMerge(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	dir := twenty(t, c)
	c.ok("functions", "push", dir)
	change := func(name string, members map[string]any) {
		r := c.send("PUT", "/api/v1/functions/"+name, members)
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	}
	source := content(t, dir, "step5.py")
	edit := func(old, new string) string { return strings.Replace(source, old, new, 1) }

	// Other lines, and another setting.
	change("step5", map[string]any{"code": edit("print('step 5')", "print('five')"), "tags": []string{"server"}})
	put(t, dir, map[string]string{"step5.py": edit("n = input['n']", "n = int(input['n'])"), "step5.toml": "description = 'mine'\n"})
	text := c.ok("functions", "push", dir)
	require.Contains(t, text, "m function step5")
	require.Contains(t, text, "Pushed: 1 merged, 21 unchanged.")
	merged := strings.Replace(edit("n = input['n']", "n = int(input['n'])"), "print('step 5')", "print('five')", 1)
	require.Equal(t, merged, content(t, dir, "step5.py"))
	require.Equal(t, "description = \"mine\"\ntags = [\"server\"]\n", content(t, dir, "step5.toml"))
	stored := c.send("GET", "/api/v1/functions/step5", nil).json(t)
	require.Equal(t, merged, stored["code"])
	require.Equal(t, "mine", stored["description"])
	require.Contains(t, c.ok("functions", "push", dir), "Nothing to push: 22 unchanged.")
	require.Contains(t, c.ok("functions", "pull", dir), "Pulled: 22 unchanged.")

	// The same line: a push is refused as a whole, a pull writes both.
	source = merged
	change("step5", map[string]any{"code": edit("print('five')", "print('theirs')")})
	put(t, dir, map[string]string{"step5.py": edit("print('five')", "print('mine')"), "step6.py": "def step6(input):\n    return 6\n"})
	got := c.maestro("", "functions", "push", dir)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stdout, "! function step5  (code was changed both in the folder and on the server; functions pull takes it over")
	require.Contains(t, got.stderr, "nothing was pushed: 1 items conflict")
	require.Contains(t, string(c.send("GET", "/api/v1/functions/step6", nil).body), `"version":1`)
	got = c.maestro("", "functions", "pull", dir)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stdout, "edit the lines between <<<<<<< and >>>>>>>")
	require.Contains(t, content(t, dir, "step5.py"), "<<<<<<< folder\n    print('mine')\n=======\n    print('theirs')\n>>>>>>> server\n")
	got = c.maestro("", "functions", "push", dir)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "step5.py:4: has the markers of a conflict")
	put(t, dir, map[string]string{"step5.py": edit("print('five')", "print('both')")})
	require.Contains(t, c.ok("functions", "push", dir), "Pushed: 2 updated, 20 unchanged.")

	// The server's changes alone stay until a pull.
	change("step7", map[string]any{"description": "server's"})
	c.send("DELETE", "/api/v1/functions/step8", nil)
	text = c.ok("functions", "push", dir)
	require.Contains(t, text, "· function step7  (was changed on the server; functions pull gets it)")
	require.Contains(t, text, "· function step8  (was deleted on the server")
	text = c.ok("functions", "pull", dir)
	require.Contains(t, text, "step7.toml")
	require.NoFileExists(t, filepath.Join(dir, "step8.py"))
	require.Equal(t, "description = \"server's\"\n", content(t, dir, "step7.toml"))

	// What one of them deleted, the other changed.
	change("step9", map[string]any{"description": "changed"})
	require.NoError(t, os.Remove(filepath.Join(dir, "step9.py")))
	got = c.maestro("", "functions", "push", dir, "--prune")
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stdout, "! function step9  (is gone from the folder, and was changed on the server")
	require.Contains(t, c.ok("functions", "push", dir, "--prune", "--force"), "1 deleted")
	require.Contains(t, content(t, dir, "step1.toml"), "# the first one", "files that need no change keep their comments")
}

// For every set of functions: a pull of them writes a folder whose push, and a pull after
// that, change nothing.
func TestPullAfterPushChangesNothing(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	texts := []string{"plain", "two\nlines\n", `"quoted" and 'single' '''`, `back\slash`, "é語😀", "tab\there", "# ///", "\u2028 \x7f \x01", "", " spaces "}
	values := []string{`1`, `-1.50`, `1e300`, `null`, `"text"`, `[]`, `{"a":{"b":[null,true,1.0]}}`, `123456789012345678901234567890`, `{"":"'''"}`, `{"n":"` + strings.Repeat("long ", 40) + `"}`}
	for i := range 24 {
		pick := func(n int) string { return texts[(i*7+n)%len(texts)] }
		name := fmt.Sprintf("f%d", i)
		body := map[string]any{"name": name, "code": fmt.Sprintf("def %s(input: int) -> str:\n    # %s\n    return 'x'\n", name, strings.NewReplacer("\n", " ", "\u2028", " ", "\x01", "").Replace(pick(1)))}
		if i%2 == 0 {
			body["description"] = pick(2)
			body["tags"] = []string{"t" + pick(3), "b"}
		}
		switch i % 4 {
		case 0:
			body["input_schema"] = json.RawMessage(`{"type":"object","properties":{"a":{"enum":[null,1.0,"'''"]}},"description":"` + strings.Repeat("words ", 30) + `"}`)
			body["retry"] = map[string]any{"max_attempts": 5, "backoff_seconds": 0.5, "on": []string{"ValueError"}}
		case 1:
			body["input_schema"], body["timeout_seconds"] = nil, 2.5
		case 2:
			body["output_schema"], body["max_concurrency"] = json.RawMessage(`true`), 7
		case 3:
			body["is_active"] = false
		}
		if i%9 == 8 {
			body = map[string]any{"name": name, "kind": "module", "code": "x = 1\r\ny = 2"}
		}
		r := c.send("POST", "/api/v1/functions", body)
		require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
		if i%9 == 8 {
			continue
		}
		hook := map[string]any{"path": fmt.Sprintf("%s/%d/{id}", c.tenant, i), "function_name": name, "http_method": []string{"GET", "ANY", "POST"}[i%3], "requires_auth": i%2 == 0, "response_mode": []string{"raw", "envelope"}[i%2]}
		if i%3 == 0 {
			hook["default_values"] = json.RawMessage(`{"k":` + values[i%len(values)] + `}`)
			hook["signature"] = map[string]any{"scheme": "hmac-sha256", "secret_name": []string{"A", "B"}, "header": "X-Sig"}
			hook["description"] = pick(4)
		}
		r = c.send("POST", "/api/v1/webhooks", hook)
		require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
		r = c.send("POST", "/api/v1/schedules", map[string]any{"name": fmt.Sprintf("job %d %s", i, strings.TrimSpace(pick(5))), "function_name": name, "cron_expression": "0 3 * * *", "is_active": i%2 == 0, "overlap": "skip", "max_instances": i%5 + 1, "timezone": []string{"UTC", "Europe/Paris"}[i%2], "input_data": json.RawMessage(values[(i*3)%len(values)])})
		require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
	}
	r := c.send("DELETE", "/api/v1/functions/f1", nil) // its webhook and its schedule stay
	require.Equal(t, http.StatusNoContent, r.status)

	dir := t.TempDir()
	text := c.ok("functions", "pull", dir)
	require.Contains(t, text, "created, 0 unchanged")
	require.NoFileExists(t, filepath.Join(dir, "f1.py"))
	require.FileExists(t, filepath.Join(dir, "f1.toml"))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, ".maestro")))
	require.Contains(t, c.ok("functions", "push", dir), "Nothing to push")
	before := map[string]string{}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, file := range files {
		if !file.IsDir() {
			before[file.Name()] = content(t, dir, file.Name())
		}
	}
	require.NotContains(t, c.ok("functions", "pull", dir), "created")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, ".maestro")))
	require.Contains(t, c.ok("functions", "pull", dir), "Pulled: ")
	for name, want := range before {
		require.Equal(t, want, content(t, dir, name), name)
	}

	// Another subtenant gets the same from the folder: all but the bindings of the function that is not there.
	require.NoError(t, os.Remove(filepath.Join(dir, "f1.toml")))
	for name := range before {
		if strings.HasSuffix(name, ".toml") && name != "f1.toml" {
			put(t, dir, map[string]string{name: strings.ReplaceAll(before[name], c.tenant+"/", c.tenant+"-b/")})
		}
	}
	other := newClient(t)
	other.ok("functions", "push", dir)
	copied := t.TempDir()
	other.ok("functions", "pull", copied)
	for name := range before {
		if name != "f1.toml" {
			require.Equal(t, content(t, dir, name), content(t, copied, name), name)
		}
	}
}

func TestPushOnEachChange(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	dir := t.TempDir()
	put(t, dir, map[string]string{"one.py": "def one(input):\n    return 1\n"})
	ctx, cancel := context.WithCancel(t.Context())
	out, errs := &lines{}, &lines{}
	env := map[string]string{"MAESTRO_URL": c.url, "MAESTRO_TOKEN": c.token, "HOME": t.TempDir()}
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"functions", "push", "--watch", dir}, &app{stdin: strings.NewReader(""), stdout: out, stderr: errs, getenv: func(name string) string { return env[name] }})
	}()
	out.wait("Watching")
	put(t, dir, map[string]string{"one.py": "def one(input):\n    return (\n"})
	errs.wait("one.py:2: '(' was never closed")
	put(t, dir, map[string]string{"two.py": "def two(input):\n    return one(1)\n"}) // refused with the other
	put(t, dir, map[string]string{"one.py": "def one(input):\n    return 2\n"})
	out.wait("Pushed: 1 created, 1 updated")
	require.Equal(t, "2", c.result("two", nil))
	cancel()
	require.Equal(t, exitOK, <-ended)
}
