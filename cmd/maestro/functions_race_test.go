package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/apiclient"
	"maestro/internal/deploy"
)

// Between the plan and its end the server changes: nothing of the plan is done.
func TestPushOfAPlanThatIsOutdated(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	dir := twenty(t, c)
	c.ok("functions", "push", dir)
	put(t, dir, map[string]string{"step2.py": "def step2(input):\n    return 2\n", "step3.py": "def step3(input):\n    return 3\n"})
	plan, err := deploy.Push(t.Context(), apiclient.New(c.url, c.token, "the test"), deploy.Options{Dir: dir})
	require.NoError(t, err)
	require.Len(t, plan.Steps, 2)
	r := c.send("PUT", "/api/v1/functions/step3", map[string]any{"description": "meanwhile"})
	require.Equal(t, http.StatusOK, r.status)
	err = plan.Apply(t.Context())
	var refused *deploy.RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "step3.py: the function step3 was changed on the server in this moment; push again", refused.Faults[0].String())
	require.Contains(t, string(c.send("GET", "/api/v1/functions/step2", nil).body), `"version":1`)
	require.Contains(t, c.ok("functions", "push", dir), "Pushed: 1 updated, 1 merged")
	require.Equal(t, "description = \"meanwhile\"\n", content(t, dir, "step3.toml"))
}

// Several authors push at once from folders of their own, each another line of the same
// function and a function of their own: each push is whole or is refused, and after some rounds the
// server has every change.
func TestPushesAtOnce(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	const authors = 5
	source := func(changed int) string {
		var b strings.Builder
		b.WriteString("def shared(input):\n")
		for i := range authors {
			text := "old"
			if i == changed {
				text = "new"
			}
			fmt.Fprintf(&b, "    line%d = '%s'\n    # between\n", i, text)
		}
		return b.String() + "    return 1\n"
	}
	first := t.TempDir()
	put(t, first, map[string]string{"shared.py": source(-1)})
	c.ok("functions", "push", first)
	dirs := make([]string, authors)
	for author := range dirs {
		dirs[author] = t.TempDir()
		c.ok("functions", "pull", dirs[author])
	}
	var wait sync.WaitGroup
	for author, dir := range dirs {
		put(t, dir, map[string]string{"shared.py": source(author), fmt.Sprintf("own%d.py", author): fmt.Sprintf("def own%d(input):\n    return shared(input)\n", author)})
		wait.Go(func() {
			for range 10 * authors {
				got := c.maestro("", "functions", "push", dir)
				if got.status == exitOK {
					return
				}
				if !strings.Contains(got.stderr, "in this moment; push again") {
					t.Errorf("%s%s", got.stdout, got.stderr)
					return
				}
			}
			t.Errorf("author %d was never let in", author)
		})
	}
	wait.Wait()
	// The push of another author in the moment of a push is a change that is still to be pulled.
	for _, dir := range dirs {
		put(t, dir, map[string]string{"shared.py": strings.Replace(content(t, dir, "shared.py"), "return 1", "return 1  # again", 1)})
		c.ok("functions", "push", dir)
	}
	c.ok("functions", "pull", first)
	require.Equal(t, strings.Replace(strings.ReplaceAll(source(-1), "old", "new"), "return 1", "return 1  # again", 1), content(t, first, "shared.py"))
	for author := range authors {
		require.FileExists(t, filepath.Join(first, fmt.Sprintf("own%d.py", author)))
	}
}

// A file that is saved during a push is still to be pushed.
func TestPushOfAFileThatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	dir := t.TempDir()
	put(t, dir, map[string]string{"one.py": "def one(input):\n    return 1\n"})
	plan, err := deploy.Push(t.Context(), apiclient.New(c.url, c.token, "the test"), deploy.Options{Dir: dir})
	require.NoError(t, err)
	put(t, dir, map[string]string{"one.py": "def one(input):\n    return 2\n"})
	require.NoError(t, plan.Apply(t.Context()))
	require.Equal(t, "1", c.result("one", nil))
	require.Contains(t, c.ok("functions", "push", dir), "1 updated")
	require.Equal(t, "2", c.result("one", nil))
}
