package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// The agents that ask a language model, by openai and pydantic: the model calls tools,
// which are functions and steps of the execution, and answers with structured output.
func TestAgentsWithAModel(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), append(fromPyPI(), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))...)
	c := p.client(t, "acme")
	load := func() string {
		t.Helper()
		text, err := command(t, testkit.DataDir(t), []string{"MAESTRO_URL=" + c.url, "MAESTRO_TOKEN=" + c.token}, "examples", "load", "--with-packages").CombinedOutput()
		if strings.Contains(string(text), "package index cannot be reached") {
			t.Skipf("PyPI can't be reached from here: %s", text)
		}
		require.NoError(t, err, "%s", text)
		return string(text)
	}
	require.Contains(t, load(), "process-document-with-model")
	require.Contains(t, load(), "(0 new, 0 changed, 38 as they were)")

	for document, want := range map[string]struct{ path, tree string }{
		"complaint.txt":    {"human_review", "route_with_model analyze_with_model fetch_document notify_human_reviewer"},
		"invoice-1001.txt": {"auto_approved", "route_with_model analyze_with_model fetch_document auto_approve_document"},
	} {
		r := c.send("POST", "/api/v1/h/process-document-with-model", map[string]string{"document_url": c.url + "/examples/documents/" + document}, "X-User-ID", "user123")
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		processing := r.json(t)["result"].(map[string]any)["processing"].(map[string]any)
		require.Equal(t, want.path, processing["path"], document)
		id := r.header.Get("X-Execution-ID")
		require.Equal(t, "process", c.send("GET", "/api/v1/executions/"+id, nil).json(t)["lane"])
		var steps []struct {
			Function string `json:"function_name"`
		}
		require.NoError(t, json.Unmarshal(c.send("GET", "/api/v1/executions/"+id+"/steps", nil).body, &steps))
		var tree []string
		for _, step := range steps {
			tree = append(tree, step.Function)
		}
		require.Equal(t, want.tree, strings.Join(tree, " "), document)
	}
}
