package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// A read in either lane is noted in memory, and in the database when the server ends.
func TestLastReadsOfSecretsAreKept(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	p := launch(t, dir, "CENSUS_JWT_SECRET="+jwtSecret)
	for _, lane := range []model.LaneName{model.LaneEmbedded, model.LaneProcess} {
		c := p.client(t, "in-"+string(lane))
		require.Equal(t, http.StatusOK, c.send("GET", "/api/v1/functions", nil).status) // it makes the subtenant
		r := p.administrator(t).send("PUT", "/api/v1/subtenants/"+c.tenant, map[string]any{"lane": lane})
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		for _, name := range []string{"READ", "UNREAD"} {
			require.Equal(t, http.StatusNoContent, c.send("PUT", "/api/v1/secrets/"+name, map[string]string{"value": "a-long-secret"}).status)
		}
		c.define("f", "import maestro\ndef f(x):\n    return len(maestro.secret('READ'))")
		c.define("calls", "def calls(x):\n    return f(x)")
		require.Equal(t, "13", c.result("calls", nil))
	}
	p.stop(t)
	p = start(t, dir, "CENSUS_JWT_SECRET="+jwtSecret)
	for _, lane := range []model.LaneName{model.LaneEmbedded, model.LaneProcess} {
		var secrets []map[string]any
		require.NoError(t, json.Unmarshal(p.client(t, "in-"+string(lane)).send("GET", "/api/v1/secrets", nil).body, &secrets))
		require.Len(t, secrets, 2)
		require.Equal(t, "READ", secrets[0]["name"])
		at, err := time.Parse(time.RFC3339, secrets[0]["last_read_at"].(string))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, 10*time.Minute)
		require.Equal(t, "f", secrets[0]["last_read_by"], "the function that reads it, not the one that calls it")
		require.Len(t, secrets[0]["readers"], 1)
		require.Nil(t, secrets[1]["last_read_at"])
		require.Nil(t, secrets[1]["last_read_by"])
		require.Empty(t, secrets[1]["readers"])
	}
}
