package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/censusdev"
	"maestro/internal/testkit"
)

// soon is how long a test waits for one server to hear of another's change.
// It takes milliseconds; the margin is for a machine that does a lot else, and
// is shorter than the time after which servers compare their counts.
const soon = 8 * time.Second

// twoServers starts two servers on one database.
func twoServers(t *testing.T, env ...string) (a, b *program) {
	t.Helper()
	env = append(env, "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))
	return start(t, testkit.DataDir(t), env...), start(t, testkit.DataDir(t), env...)
}

// hears waits until a call on the other server answers as it should.
func (c *client) hears(method, path string, body any, status int, text string) {
	c.t.Helper()
	var last reply
	require.Eventually(c.t, func() bool {
		last = c.send(method, path, body)
		return last.status == status && strings.Contains(string(last.body), text)
	}, soon, 10*time.Millisecond, "%s %s", method, path)
}

func TestAServerHearsWhatAnotherChanges(t *testing.T) {
	t.Parallel()
	one, two := twoServers(t, "CENSUS_JWT_SECRET="+jwtSecret)
	a, b := one.client(t, "acme"), two.client(t, "acme")

	a.define("sibling", "def sibling(input):\n    return 1\n")
	a.define("f", "def f(input):\n    return sibling(input)\n")
	run := map[string]any{"function_name": "f"}
	b.hears("POST", "/api/v1/executions", run, http.StatusOK, `"result":1`)
	require.Equal(t, http.StatusOK, a.send("PUT", "/api/v1/functions/sibling", map[string]string{"code": "def sibling(input):\n    return 2\n"}).status)
	require.Equal(t, "2", a.result("f", nil), "the very next call on the same server")
	b.hears("POST", "/api/v1/executions", run, http.StatusOK, `"result":2`)

	module := func(code string) map[string]string {
		return map[string]string{"name": "shared", "kind": "module", "code": code}
	}
	require.Equal(t, http.StatusCreated, a.send("POST", "/api/v1/functions", module("VALUE = 1")).status)
	a.define("imports", "from shared import VALUE\ndef imports(input):\n    return VALUE\n")
	importing := map[string]any{"function_name": "imports"}
	b.hears("POST", "/api/v1/executions", importing, http.StatusOK, `"result":1`)
	require.Equal(t, http.StatusOK, a.send("PUT", "/api/v1/functions/shared", module("VALUE = 2")).status)
	require.Equal(t, "2", a.result("imports", nil), "the very next call on the same server")
	b.hears("POST", "/api/v1/executions", importing, http.StatusOK, `"result":2`)

	a.define("secret", "import maestro\ndef secret(input):\n    return len(maestro.secret('KEY'))\n")
	for _, value := range []string{"first value", "the second one"} {
		r := a.send("PUT", "/api/v1/secrets/KEY", map[string]string{"value": value})
		require.Equal(t, http.StatusNoContent, r.status, "%s", r.body)
		b.hears("POST", "/api/v1/executions", map[string]any{"function_name": "secret"}, http.StatusOK, fmt.Sprintf(`"result":%d`, len(value)))
	}

	made := a.send("POST", "/api/v1/webhooks", map[string]any{"path": "two-servers", "function_name": "f"})
	require.Equal(t, http.StatusCreated, made.status, "%s", made.body)
	b.hears("POST", "/api/v1/h/two-servers", "{}", http.StatusOK, `"result":2`)
	id := made.json(t)["id"].(string)
	require.Equal(t, http.StatusNoContent, b.send("DELETE", "/api/v1/webhooks/"+id, nil).status)
	a.hears("POST", "/api/v1/h/two-servers", "{}", http.StatusNotFound, "webhook_not_found")

	require.Equal(t, http.StatusNoContent, b.send("DELETE", "/api/v1/functions/sibling", nil).status)
	a.hears("POST", "/api/v1/executions", run, http.StatusInternalServerError, "NameError")

	root := one.administrator(t)
	a.define("process", "import os\ndef process(input):\n    return os.getpid()\n")
	b.hears("GET", "/api/v1/functions/process", nil, http.StatusOK, "process")
	servers := []string{a.result("process", nil), b.result("process", nil)}
	root.want("PUT", "/api/v1/subtenants/acme", map[string]any{"lane": "process"}, http.StatusOK)
	require.NotEqual(t, servers[0], a.result("process", nil), "the very next call on the same server")
	require.Eventually(t, func() bool { return b.result("process", nil) != servers[1] }, soon, 10*time.Millisecond, "a child process")

	require.Equal(t, http.StatusNoContent, root.send("DELETE", "/api/v1/subtenants/acme", nil).status)
	b.hears("GET", "/api/v1/functions", nil, http.StatusNotFound, "subtenant_not_found")
	b.hears("POST", "/api/v1/executions", run, http.StatusNotFound, "subtenant_not_found")
}

func TestARunOfAnotherServerIsCancelled(t *testing.T) {
	t.Parallel()
	one, two := twoServers(t, "CENSUS_JWT_SECRET="+jwtSecret)
	a, b := one.client(t, "acme"), two.client(t, "acme")
	a.define("sleep", "import time\ndef sleep(input):\n    time.sleep(120)\n")
	ended := make(chan reply, 1)
	b.hears("GET", "/api/v1/functions/sleep", nil, http.StatusOK, "sleep")
	go func() { ended <- b.call("sleep", nil) }()
	var id string
	require.Eventually(t, func() bool {
		var found []map[string]any
		r := a.send("GET", "/api/v1/executions?status=running&status=pending", nil)
		require.NoError(t, r.into(&found))
		if len(found) == 1 {
			id = found[0]["id"].(string)
		}
		return id != ""
	}, 30*time.Second, 20*time.Millisecond, "a long run is seen by the other server")
	r := a.send("POST", "/api/v1/executions/"+id+"/cancel", nil)
	require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
	require.Contains(t, string((<-ended).body), `"code":"cancelled"`)
	a.hears("GET", "/api/v1/executions/"+id, nil, http.StatusOK, `"status":"cancelled"`)
	r = a.send("POST", "/api/v1/executions/"+id+"/cancel", nil)
	require.Equal(t, http.StatusConflict, r.status, "%s", r.body)
	require.Equal(t, http.StatusNotFound, two.client(t, "zenith").send("POST", "/api/v1/executions/"+id+"/cancel", nil).status)
}

// In Census mode a right that is taken away on one server is gone on the
// other, although that has the answer of Census in its cache.
func TestAccessChangesOnEveryServer(t *testing.T) {
	t.Parallel()
	census, url := testkit.Census(t)
	one, two := twoServers(t, "CENSUS_API_URL="+url)
	require.Contains(t, one.said(), "Census mode")
	token := func(user censusdev.User) string {
		token, err := census.Token(census.Add(user).ID, time.Hour)
		require.NoError(t, err)
		return token
	}
	root := &client{t: t, url: one.url, token: token(censusdev.User{Email: "root@example.com", Groups: censusdev.Admins()})}
	user := &client{t: t, url: two.url, token: token(censusdev.User{Email: "user@example.com"})}
	require.Equal(t, http.StatusCreated, root.send("POST", "/api/v1/subtenants", map[string]string{"subtenant_id": "company-a"}).status)
	require.Equal(t, http.StatusForbidden, user.send("GET", "/api/v1/functions", nil).status)
	grant := root.send("POST", "/api/v1/subtenants/company-a/grant-access", map[string]string{"user_email": "user@example.com"})
	require.Equal(t, http.StatusOK, grant.status, "%s", grant.body)
	user.hears("GET", "/api/v1/functions", nil, http.StatusOK, "[]")
	revoke := root.send("DELETE", "/api/v1/subtenants/company-a/revoke-access?user_email=user@example.com", nil)
	require.Equal(t, http.StatusOK, revoke.status, "%s", revoke.body)
	user.hears("GET", "/api/v1/functions", nil, http.StatusForbidden, "ask an administrator")
}

// maestro census-dev and a server in Census mode, as the documents show it.
func TestCensusDev(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	census := launchCommand(t, dir, nil, "census-dev", "--listen", "127.0.0.1:0")
	t.Cleanup(func() { census.stop(t) })
	var tokens []string
	require.Eventually(t, func() bool { // they follow the address
		tokens = regexp.MustCompile(`(?m)^eyJ\S+$`).FindAllString(census.said(), -1)
		return len(tokens) == 2
	}, 10*time.Second, 5*time.Millisecond)
	p := start(t, dir, "CENSUS_API_URL="+census.url)
	root, user := &client{t: t, url: p.url, token: tokens[0]}, &client{t: t, url: p.url, token: tokens[1]}
	require.Equal(t, http.StatusOK, root.send("GET", "/api/v1/subtenants", nil).status)
	require.Equal(t, http.StatusForbidden, user.send("GET", "/api/v1/subtenants", nil).status)
	user.define("one", "def one(input):\n    return 1\n")
	require.Equal(t, "1", user.result("one", nil))
	require.Contains(t, string(root.send("GET", "/api/v1/subtenants", nil).body), `"company-a"`)

	status, _, stderr := say(t, "census-dev", "--secret", "short")
	require.Equal(t, exitUsage, status, stderr)
	status, _, stderr = say(t, "census-dev", "--listen", strings.TrimPrefix(census.url, "http://"))
	require.Equal(t, exitFailed, status)
	require.Contains(t, stderr, fmt.Sprintf("cannot listen on %s", strings.TrimPrefix(census.url, "http://")))
}
