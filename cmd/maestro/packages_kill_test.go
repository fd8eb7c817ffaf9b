package main

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/internal/testkit/index"
)

// workers are the processes that work in a server's folder of packages, by their
// ids, with the names of their folders.
func workers(dir string) map[string]string {
	found := map[string]string{}
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		at, err := os.Readlink(link)
		at = strings.TrimSuffix(at, " (deleted)")
		if err == nil && strings.HasPrefix(at, filepath.Join(dir, "packages")+"/") {
			found[strings.Split(link, "/")[2]] = filepath.Base(at)
		}
	}
	return found
}

// ask makes a request of whose answer only the success matters.
func (c *client) ask(method, path, body string) error {
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 400 { // a server whose supervisor is killed may still say that it ends
		err = errors.New(answer.Status)
	}
	return errors.Join(err, answer.Body.Close())
}

// kill -9 in each phase of an install: all its processes end, the next start
// removes its files, and the packages that were installed before work.
func TestAServerIsKilledDuringAnInstall(t *testing.T) {
	t.Parallel()
	endless := index.Extension(t, "endless", index.Loop)
	ix := wheels(t)
	ix.Add(index.Wheel{Name: "endless", Version: "1", Binary: endless, Files: map[string]string{
		"early.py": "import os\nos.posix_spawn('/bin/sleep', ['sleep', '1000'], {}, setpgroup=0)\n",
	}})
	ix.Add(index.Wheel{Name: "stalled", Version: "1"})
	dir := testkit.DataDir(t)
	env := append(fromIndex(ix), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))
	p := launch(t, dir, env...)
	c := p.client(t, "acme")
	c.define("f", "import base\ndef f(input):\n    return base.VERSION\n")
	c.want("POST", "/api/v1/packages", map[string]any{"package_name": "base", "version": "1.0"}, 201)

	for name, phase := range map[string]struct {
		folder  string // of the child
		workers int    // with its guard and its children
		fault   index.Fault
	}{
		"endless": {"probe-", 3, index.Sound},
		"stalled": {"pip-", 2, index.Stalled},
	} {
		ix.Fail(phase.fault)
		asked := make(chan error, 1)
		go func() { asked <- c.ask("POST", "/api/v1/packages", `{"package_name": "`+name+`"}`) }()
		require.Eventually(t, func() bool {
			at := slices.Collect(maps.Values(workers(dir)))
			return len(at) == phase.workers && strings.HasPrefix(at[0], phase.folder) && (phase.fault == index.Sound || ix.Fetched(name) > 0)
		}, time.Minute, 10*time.Millisecond, name)
		require.NoError(t, p.cmd.Process.Kill())
		<-p.done
		require.Error(t, <-asked)
		require.Eventually(t, func() bool { return len(workers(dir)) == 0 }, 20*time.Second, 10*time.Millisecond, "%s: a child lives on: %v", name, workers(dir))

		ix.Fail(index.Sound)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "packages", "pip", "pip-1"), 0o755)) // of an older server
		p = launch(t, dir, env...)
		c = p.client(t, "acme")
		require.Equal(t, `"1.0"`, c.result("f", nil))
		left, err := filepath.Glob(filepath.Join(dir, "packages", "temp", "*", "*"))
		require.NoError(t, err)
		require.Len(t, left, 1, "the lock alone")
		require.NoDirExists(t, filepath.Join(dir, "packages", "pip"))
	}
	c.want("POST", "/api/v1/packages", map[string]any{"package_name": "answer"}, 201)
	p.stop(t)
}
