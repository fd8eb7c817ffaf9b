package main

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// signsInto is a function that asks for a session of development mode: itself, by a
// child, and by an orphan.
const signsInto = `import json, subprocess, sys, urllib.request, urllib.error
ASK = '''
import sys, urllib.request, urllib.error
request = urllib.request.Request(sys.argv[1] + "/api/v1/session", data=b"", method="POST", headers={
    "X-Maestro-Console": "1", "Sec-Fetch-Site": "same-origin", "Origin": sys.argv[1]})
try:
    with urllib.request.urlopen(request) as answer:
        print(answer.status)
except urllib.error.HTTPError as e:
    print(e.code)
'''
ORPHAN = '''
import subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]], start_new_session=True)
'''
def signs_in(input):
    own = urllib.request.Request(input + "/api/v1/session", data=b"", method="POST", headers={"X-Maestro-Console": "1", "Sec-Fetch-Site": "same-origin"})
    try:
        with urllib.request.urlopen(own) as answer:
            found = [answer.status]
    except urllib.error.HTTPError as e:
        found = [e.code]
    for arguments in ([sys.executable, "-c", ASK, input], [sys.executable, "-c", ORPHAN, input, ASK]):
        child = subprocess.run(arguments, capture_output=True, text=True)
        found.append(child.stdout.strip() or child.stderr[-300:])
    return found
`

// A browser of this machine is signed in to development mode, and no function is,
// whichever way it asks.
func TestAutomaticSignIn(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/api/v1/session", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("X-Maestro-Console", "1")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
	require.Len(t, answer.Cookies(), 1)

	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/api/v1/session", http.NoBody)
	require.NoError(t, err)
	ask.Header.Set("X-Maestro-Console", "1")
	ask.AddCookie(answer.Cookies()[0])
	answer, err = http.DefaultClient.Do(ask)
	require.NoError(t, err)
	var shown struct {
		Admin   bool
		SignsIn bool   `json:"signs_in_by_itself"`
		Tenant  string `json:"subtenant_id"`
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&shown))
	require.NoError(t, answer.Body.Close())
	require.True(t, shown.Admin)
	require.True(t, shown.SignsIn)
	require.Equal(t, "default", shown.Tenant)

	c := developer(t, p)
	c.define("signs_in", signsInto)
	for _, lane := range []string{"embedded", "process"} {
		require.Equal(t, http.StatusOK, c.send("PUT", "/api/v1/subtenants/default", map[string]any{"lane": lane}).status)
		result := c.result("signs_in", p.url)
		require.NotContains(t, result, "204", lane)
		if lane == "embedded" {
			require.JSONEq(t, `[403,"403","403"]`, result)
		}
	}
}
