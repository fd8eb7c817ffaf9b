package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// The examples of agents, against the example's own model. Its webhook is public, so that
// they need no token: that of the first subtenant of a server.
func TestAgents(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret, "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))
	c := p.client(t, "acme")
	c.loadExamples()
	for _, lane := range []model.LaneName{model.LaneEmbedded, model.LaneProcess} {
		r := p.administrator(t).send("PUT", "/api/v1/subtenants/acme", map[string]any{"lane": lane})
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		at := "/api/v1/h/"

		r = c.send("POST", at+"chat", map[string]string{"prompt": "Hello there"})
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		require.Equal(t, "text/plain; charset=utf-8", r.header.Get("Content-Type"))
		require.Equal(t, "You asked: Hello there", string(r.body))
		id := r.header.Get("X-Execution-ID")
		execution := c.send("GET", "/api/v1/executions/"+id, nil).json(t)
		require.Equal(t, "completed", execution["status"])
		require.Equal(t, []any{"You ", "asked: ", "Hello ", "there"}, execution["output_data"])
		require.Contains(t, string(c.send("GET", "/api/v1/executions/"+id+"/steps", nil).body), `"function_name":"stream_model"`)

		r = c.send("POST", at+"use-tools", map[string]any{"question": "Is 42 even?", "tools": []string{"is_even"}})
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		require.Equal(t, map[string]any{"answer": "The answer is true.", "messages": 4.0}, r.json(t)["result"])
		require.Contains(t, string(c.send("GET", "/api/v1/executions/"+r.header.Get("X-Execution-ID")+"/steps", nil).body), `"function_name":"is_even"`)

		prompts, answers := make([]string, 100), make([]any, 100)
		for i := range prompts {
			prompts[i] = fmt.Sprintf("number %d", i)
			answers[i] = "You asked: " + prompts[i]
		}
		r = c.send("POST", at+"ask-many", map[string]any{"prompts": prompts})
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		require.Equal(t, answers, r.json(t)["result"])
		var steps []any
		require.NoError(t, json.Unmarshal(c.send("GET", "/api/v1/executions/"+r.header.Get("X-Execution-ID")+"/steps?limit=1000", nil).body, &steps))
		require.Len(t, steps, 101, "ask_many and a step for each of its calls")
	}
}
