package main

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// loadExamples runs maestro examples load as the client's subtenant.
func (c *client) loadExamples() string {
	c.t.Helper()
	cmd := command(c.t, testkit.DataDir(c.t), []string{"MAESTRO_URL=" + c.url, "MAESTRO_TOKEN=" + c.token}, "examples", "load")
	text, err := cmd.CombinedOutput()
	require.NoError(c.t, err, "%s", text)
	return string(text)
}

// The main job: a webhook runs the invoice workflow of the seed on a document
// fetched over HTTP, four functions deep, and all of it is recorded by the
// time the answer is there.
func TestInvoiceWebhook(t *testing.T) {
	inBothLanes(t, func(t *testing.T, c *client) {
		c.loadExamples()

		r := c.send("POST", "/api/v1/h/@"+c.tenant+"/process-invoice",
			map[string]string{"url": c.url + "/examples/documents/invoice-1001.txt", "priority": "high"}, "X-Customer-ID", "CUST001")
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		answer := r.json(t)
		require.Equal(t, true, answer["success"])
		invoice := answer["result"].(map[string]any)["invoice"].(map[string]any)
		require.Equal(t, "processed", invoice["status"])
		require.Equal(t, true, invoice["customer_valid"])
		require.NotEmpty(t, invoice["invoice_number"])

		id := r.header.Get("X-Execution-ID")
		require.Equal(t, answer["execution_id"], id)
		execution := c.send("GET", "/api/v1/executions/"+id, nil).json(t)
		require.Equal(t, "completed", execution["status"])
		require.Equal(t, "webhook", execution["trigger_type"])
		require.Equal(t, "invoice_webhook_handler", execution["function_name"])

		steps := c.send("GET", "/api/v1/executions/"+id+"/steps", nil)
		var rows []struct {
			ID       string `json:"id"`
			Parent   string `json:"parent_step_id"`
			Depth    int    `json:"depth"`
			Function string `json:"function_name"`
			Status   string `json:"status"`
			Input    any    `json:"input_data"`
			Output   any    `json:"output_data"`
		}
		require.NoError(t, json.Unmarshal(steps.body, &rows))
		var tree []string
		for _, row := range rows {
			require.Equal(t, "completed", row.Status, row.Function)
			require.NotNil(t, row.Input)
			require.NotNil(t, row.Output)
			tree = append(tree, strings.Repeat(">", row.Depth)+row.Function)
		}
		require.Equal(t, []string{">process_invoice", ">>fetch_document", ">>extract_invoice_data", ">>validate_customer", ">>notify_team"}, tree)
		require.Equal(t, rows[0].ID, rows[1].Parent)
	})
}

func TestDocumentWebhook(t *testing.T) {
	inBothLanes(t, func(t *testing.T, c *client) {
		c.loadExamples()
		r := c.send("POST", "/api/v1/h/process-document",
			map[string]string{"document_url": c.url + "/examples/documents/invoice-1001.txt"}, "X-User-ID", "user123")
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		result := r.json(t)["result"].(map[string]any)
		require.Equal(t, true, result["success"])
		require.Equal(t, true, result["processing"].(map[string]any)["routed"])
	})
}

func TestLoadingExamplesTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.loadExamples()
	before := c.send("GET", "/api/v1/functions", nil)
	c.loadExamples()
	require.JSONEq(t, string(before.body), string(c.send("GET", "/api/v1/functions", nil).body))
}

// seedRequests are the requests of the seed's "Testing the Platform", as they
// stand there but for the base URL; the token's header is added to each but
// the webhook's, as the contract says.
var seedRequests = []struct{ method, path, body, says string }{
	{"POST", "/api/v1/functions", `{
    "name": "hello_world",
    "description": "Simple hello world function that returns a string",
    "code": "def hello_world(input):\n    return f\"Hello, {input.get(\"name\", \"World\")}!\"",
    "input_schema": {"type": "object", "properties": {"name": {"type": "string"}}},
    "output_schema": {"type": "string"}
  }`, `"version":1`},
	{"POST", "/api/v1/functions", `{
    "name": "user_info",
    "description": "Function returning user information object",
    "code": "def user_info(input):\n    return {\"user\": input[\"name\"], \"age\": input[\"age\"], \"adult\": input[\"age\"] >= 18}",
    "input_schema": {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]},
    "output_schema": {"type": "object", "properties": {"user": {"type": "string"}, "age": {"type": "integer"}, "adult": {"type": "boolean"}}, "required": ["user", "age", "adult"]}
  }`, `"version":1`},
	{"POST", "/api/v1/functions", `{
    "name": "is_even",
    "description": "Check if a number is even",
    "code": "def is_even(input):\n    return input[\"number\"] % 2 == 0",
    "input_schema": {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
    "output_schema": {"type": "boolean"}
  }`, `"version":1`},
	{"POST", "/api/v1/webhooks", `{"path": "hello", "function_name": "hello_world", "http_method": "POST"}`, `"path":"hello"`},
	{"POST", "/api/v1/h/hello", `{"name": "Claude"}`, `"result":"Hello, Claude!"`},
	{"POST", "/api/v1/schedules", `{"name": "daily-hello", "function_name": "hello_world", "cron_expression": "0 9 * * *", "input_data": {"name": "Daily User"}}`, `"next_run":"`},
	{"GET", "/api/v1/executions", "", `"function_name":"hello_world"`},
	{"GET", "/api/v1/executions/{execution_id}", "", `"status":"completed"`},
	{"GET", "/api/v1/executions/{execution_id}/logs", "", `"execution_completed"`},
	{"GET", "/scheduler/status", "", `"daily-hello"`},
}

func TestSeedQuickStart(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	p := start(t, testkit.DataDir(t))
	token, err := command(t, p.dir, nil, "token").Output()
	require.NoError(t, err)
	execution := ""
	for _, r := range seedRequests {
		args := []string{"-sS", "-X", r.method, p.url + strings.ReplaceAll(r.path, "{execution_id}", execution)}
		if !strings.HasPrefix(r.path, "/api/v1/h/") {
			args = append(args, "-H", "Authorization: Bearer "+strings.TrimSpace(string(token)))
		}
		if r.body != "" {
			args = append(args, "-H", "Content-Type: application/json", "-d", r.body)
		}
		answer, err := exec.Command("curl", args...).Output()
		require.NoError(t, err)
		require.Contains(t, string(answer), r.says, "%s %s", r.method, r.path)
		if strings.HasPrefix(r.path, "/api/v1/h/") {
			execution = reply{body: answer}.json(t)["execution_id"].(string)
		}
	}
}
