package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAChangeIsWhatTheVeryNextCallRuns(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.define("number", "def number(input):\n    return 0\n")
	c.define("asks", "def asks(input):\n    return number()\n")
	for i := 1; i <= 30; i++ {
		r := c.send("PUT", "/api/v1/functions/number", map[string]any{"code": fmt.Sprintf("def number(input):\n    return %d\n", i)})
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		require.Equal(t, fmt.Sprint(i), c.result("number", nil))
		require.Equal(t, fmt.Sprint(i), c.result("asks", nil), "through a sibling")
	}
	r := c.send("POST", "/api/v1/functions/number/rollback/3", nil)
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	require.Equal(t, "2", c.result("asks", nil), "version 3 returned 2")
	require.Equal(t, http.StatusNoContent, c.send("DELETE", "/api/v1/functions/number", nil).status)
	r = c.call("asks", nil)
	require.Equal(t, "NameError", typeOf(t, c, r))
}

// typeOf returns the recorded error_type of a run that failed.
func typeOf(t *testing.T, c *client, r reply) any {
	t.Helper()
	require.NotEqual(t, http.StatusOK, r.status)
	id := r.json(t)["execution_id"]
	require.NotNil(t, id, "%s", r.body)
	return c.send("GET", "/api/v1/executions/"+id.(string), nil).json(t)["error_type"]
}

// Ten thousand calls over a hundred subtenants on many connections: every
// answer is right and none crosses, although all share names and paths.
func TestManyTenantsAtOnce(t *testing.T) {
	t.Parallel()
	const tenants, calls, connections = 100, 10_000, 32
	clients := make([]*client, tenants)
	for i := range clients {
		clients[i] = newClient(t)
		clients[i].define("who", "seen = []\ndef who(input):\n    seen.append(input)\n    return {\"who\": mine(input), \"first\": seen[0]}\n")
		clients[i].define("mine", fmt.Sprintf("def mine(input):\n    return [%q, input]\n", clients[i].tenant))
		clients[i].call("who", clients[i].tenant)
	}
	var wait sync.WaitGroup
	for range connections {
		wait.Go(func() {
			for range calls / connections {
				c, n := clients[rand.IntN(tenants)], rand.IntN(1<<30)
				r := c.call("who", n)
				var answer struct{ Result json.RawMessage }
				if r.status != http.StatusOK || json.Unmarshal(r.body, &answer) != nil {
					t.Errorf("%s: %d %s", c.tenant, r.status, r.body)
					return
				}
				want := fmt.Sprintf(`{"who":["%s",%d],"first":"%s"}`, c.tenant, n, c.tenant)
				if string(answer.Result) != want {
					t.Errorf("got %s, want %s", answer.Result, want)
					return
				}
			}
		})
	}
	wait.Wait()
}

// Nothing of one subtenant is reachable from another.
func TestTenantsAreStrangers(t *testing.T) {
	t.Parallel()
	a, b := newClient(t), newClient(t)
	a.define("secret_of_a", "value = 'a'\ndef secret_of_a(input):\n    import builtins, sys\n    builtins.left_behind = sys.left_behind = 'a'\n    return value\n")
	r := a.send("POST", "/api/v1/webhooks", map[string]any{"path": "private-" + a.tenant, "function_name": "secret_of_a", "requires_auth": true})
	require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
	webhook := r.json(t)["id"].(string)
	run := a.call("secret_of_a", nil)
	require.Equal(t, http.StatusOK, run.status)
	execution := run.json(t)["execution_id"].(string)

	for _, path := range []string{
		"/api/v1/functions/secret_of_a", "/api/v1/functions/secret_of_a/versions", "/api/v1/functions/secret_of_a/versions/1",
		"/api/v1/webhooks/" + webhook, "/api/v1/executions/" + execution, "/api/v1/executions/" + execution + "/steps",
		"/api/v1/executions/" + execution + "/logs", "/api/v1/h/private-" + a.tenant,
	} {
		require.Equal(t, http.StatusNotFound, b.send("GET", path, nil).status, path)
	}
	require.Equal(t, http.StatusNotFound, b.send("PUT", "/api/v1/functions/secret_of_a", map[string]any{"description": "mine"}).status)
	require.Equal(t, http.StatusNotFound, b.send("DELETE", "/api/v1/functions/secret_of_a", nil).status)
	require.Equal(t, http.StatusNotFound, b.send("DELETE", "/api/v1/webhooks/"+webhook, nil).status)
	require.Equal(t, http.StatusNotFound, b.send("POST", "/api/v1/executions/"+execution+"/cancel", nil).status)
	require.Equal(t, http.StatusNotFound, b.call("secret_of_a", nil).status)
	require.JSONEq(t, "[]", string(b.send("GET", "/api/v1/functions", nil).body))
	require.JSONEq(t, "[]", string(b.send("GET", "/api/v1/executions", nil).body))
	require.Equal(t, http.StatusForbidden, b.send("GET", "/api/v1/functions", nil, "X-Subtenant-ID", a.tenant).status)

	b.define("looks", "def looks(input):\n    import builtins, sys\n    found = [hasattr(builtins, 'left_behind'), hasattr(sys, 'left_behind')]\n    try:\n        secret_of_a()\n    except NameError as e:\n        found.append(e.name)\n    return found\n")
	require.Equal(t, `[false,false,"secret_of_a"]`, b.result("looks", nil))
}

// A caller that has nothing to hide but its cookie: what carries credentials
// is neither recorded nor, where it is our own token, handed on.
func TestCredentialsAreNotRecorded(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.define("echo", "def echo(input):\n    print(input['headers'].get('cookie'))\n    return {'auth': input['headers'].get('authorization'), 'cookie': inner(input)}\n")
	c.define("inner", "def inner(input):\n    return input['headers']['COOKIE']\n")
	r := c.send("POST", "/api/v1/webhooks", map[string]any{"path": "echo-" + c.tenant, "function_name": "echo"})
	require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
	r = c.send("POST", "/api/v1/h/echo-"+c.tenant, `{}`, "Cookie", "session=very-secret-cookie")
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	require.JSONEq(t, `{"auth":null,"cookie":"session=very-secret-cookie"}`, mustResult(t, r))
	id := r.header.Get("X-Execution-ID")
	for _, path := range []string{"", "/steps", "/logs"} {
		body := string(c.send("GET", "/api/v1/executions/"+id+path, nil).body)
		require.NotContains(t, body, "very-secret-cookie", path)
		require.NotContains(t, body, c.token, path)
		require.Contains(t, body, "***", path)
	}
}

func mustResult(t *testing.T, r reply) string {
	t.Helper()
	var answer struct{ Result json.RawMessage }
	require.NoError(t, json.Unmarshal(r.body, &answer))
	return string(answer.Result)
}
