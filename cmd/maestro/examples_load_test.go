package main

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// loads runs maestro examples load and returns its status and what it says.
func loads(t *testing.T, env ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(command(t, t.TempDir(), nil).Path, "examples", "load")
	cmd.Dir = t.TempDir()
	cmd.Env = append(cleanEnv(), beMaestro+"=1", "DATA_DIR="+t.TempDir())
	cmd.Env = append(cmd.Env, env...)
	text, err := cmd.CombinedOutput()
	if err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

func TestLoadingBringsAChangedExampleBack(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	first := c.loadExamples()
	require.Contains(t, first, "functions 23, webhooks 7, schedules 1 (31 new, 0 changed, 0 as they were)")
	require.Contains(t, first, "curl -X POST "+c.url+"/api/v1/h/hello")
	require.NotContains(t, first, c.token, "a token that was handed in is not printed")

	r := c.send("PUT", "/api/v1/functions/is_even", map[string]any{"code": "def is_even(input):\n    return True\n"})
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	require.Contains(t, c.loadExamples(), "(0 new, 1 changed, 30 as they were)")
	require.Contains(t, c.loadExamples(), "(0 new, 0 changed, 31 as they were)")
	require.Equal(t, "false", c.result("is_even", map[string]any{"number": 3}))
}

func TestLoadingNamesTheCauseOfAFailure(t *testing.T) {
	t.Parallel()
	status, text := loads(t)
	require.Equal(t, exitFailed, status)
	require.Contains(t, text, "no server is known: run maestro login, set MAESTRO_URL and MAESTRO_TOKEN")

	status, text = loads(t, "MAESTRO_URL=http://127.0.0.1:1", "MAESTRO_TOKEN=x")
	require.Equal(t, exitFailed, status)
	require.Contains(t, text, "no server answers at http://127.0.0.1:1")
	require.Equal(t, 1, strings.Count(text, "\n"), text)

	c := newClient(t)
	status, text = loads(t, "MAESTRO_URL="+c.url, "MAESTRO_TOKEN=x")
	require.Equal(t, exitFailed, status)
	require.Contains(t, text, "401")
}

func TestSameJSON(t *testing.T) {
	t.Parallel()
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	require.True(t, sameJSON(raw(`{"a":1,"b":[]}`), raw(`{ "b": [], "a": 1.0 }`)))
	require.True(t, sameJSON(nil, raw(`null`)))
	require.False(t, sameJSON(nil, raw(`{}`)))
	require.False(t, sameJSON(raw(`{"a":1}`), raw(`{"a":2}`)))
}
