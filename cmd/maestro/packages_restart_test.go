package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/internal/testkit/index"
)

// An install that takes long goes on behind its address. One that a restart of
// its server stops has failed, whether the server could still say so or not.
func TestARestartWhileAnInstallRuns(t *testing.T) {
	t.Parallel()
	ix := wheels(t)
	ix.Fail(index.Stalled)
	for name, end := range map[string]func(*program){
		"stopped": func(p *program) { p.stop(t) },
		"killed": func(p *program) {
			require.NoError(t, p.cmd.Process.Kill())
			<-p.done
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits 30 seconds for the 202
			dir := testkit.DataDir(t)
			env := append(fromIndex(ix), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))
			p := start(t, dir, env...)
			c := p.client(t, "acme")
			accepted := c.send("POST", "/api/v1/packages", map[string]any{"package_name": "base"})
			require.Equal(t, http.StatusAccepted, accepted.status, "%s", accepted.body)
			address := accepted.header.Get("Location")
			require.Equal(t, "running", c.want("GET", address, nil, 200)["status"])
			end(p)
			c = start(t, dir, env...).client(t, "acme")
			over := c.want("GET", address, nil, 200)
			require.Equal(t, "failed", over["status"])
			require.Equal(t, "unavailable", over["error_code"])
			require.Contains(t, over["error"], "stopped before the install was complete")
			require.JSONEq(t, "[]", string(c.send("GET", "/api/v1/packages?all=true", nil).body))
		})
	}
}
