package handlers

import (
	"encoding/json"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const exampleID = "01968f5e-7b3c-7c1a-9d42-3f5b8e6a1c70"

// requestExamples are complete bodies by operation and name of the example.
var requestExamples = map[string]map[string]string{
	"create-function": {
		"hello": `{"name": "hello", "code": "def hello(input):\n    return f\"Hello, {input['name']}!\"\n"}`,
		"with schemas": `{"name": "total", "description": "Adds up the lines of an invoice", "tags": ["invoices"],
			"code": "def total(input):\n    return sum(line['price'] * line['count'] for line in input['lines'])\n",
			"input_schema": {"type": "object", "required": ["lines"], "properties": {"lines": {"type": "array"}}},
			"output_schema": {"type": "number"}, "timeout_seconds": 10}`,
	},
	"check-function": {"hello": `{"name": "hello", "code": "def hello(input: dict) -> str:\n    return f\"Hello, {input['name']}!\"\n"}`},
	"update-function": {
		"new code": `{"code": "def hello(input):\n    return f\"Good morning, {input['name']}!\"\n"}`,
		"new tags": `{"tags": ["greetings"]}`,
	},
	"apply-source": {
		"a function with its webhook and its schedule": `{
			"functions": [{"name": "hello", "code": "def hello(input):\n    return f\"Hello, {input['name']}!\"\n", "base": null}],
			"webhooks": [{"path": "hello", "function_name": "hello"}],
			"schedules": [{"name": "daily-hello", "function_name": "hello", "cron_expression": "0 9 * * *", "input_data": {"name": "Daily User"}}]}`,
		"the plan of a deletion": `{"dry_run": true, "delete": {"functions": [{"name": "hello"}]}}`,
	},
	"create-webhook": {
		"public":  `{"path": "hello", "function_name": "hello"}`,
		"private": `{"path": "orders/{id}", "function_name": "total", "requires_auth": true, "response_mode": "raw"}`,
	},
	"update-webhook": {"switched off": `{"is_active": false}`},
	"create-schedule": {
		"every morning": `{"name": "daily-hello", "function_name": "hello", "cron_expression": "0 9 * * *", "timezone": "Europe/Paris",
			"input_data": {"name": "Daily User"}}`,
	},
	"update-schedule": {"every hour": `{"cron_expression": "@hourly", "overlap": "skip"}`},
	"run-function": {
		"hello": `{"function_name": "hello", "input_data": {"name": "Claude"}}`,
		"later": `{"function_name": "hello", "input_data": {"name": "Claude"}, "mode": "async", "priority": 1}`,
	},
	"retry-execution": {"from the start": `{"from": "start"}`},
	"retry-executions": {
		"of one function": `{"function_name": "hello", "status": ["failed"], "since": "-24h"}`,
		"all":             `{"all": true}`,
	},
	"cancel-executions": {
		"count those that wait": `{"function_name": "hello", "status": ["pending"], "dry_run": true}`,
		"all":                   `{"all": true}`,
	},
	"update-subtenant": {"a week": `{"retention_days": 7}`, "child processes": `{"lane": "process"}`},
	"create-subtenant": {"named": `{"subtenant_id": "company-a", "description": "Company A"}`},
	"grant-access":     {"by e-mail": `{"user_email": "user@example.com"}`},
	"revoke-access":    {"by e-mail": `{"user_email": "user@example.com"}`},
	"put-notify": {
		"an address": `{"notify": {"url": "https://alerts.example.com/maestro", "secret_name": "ALERT_KEY"}}`,
		"a function": `{"notify": {"function": "on_failure", "events": ["failure", "recovery"]}}`,
		"nothing":    `{"notify": null}`,
	},
	"begin-session": {"a token": `{"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"}`},
	"put-secret":    {"value": `{"value": "a long random text"}`},
	"install-package": {
		"the newest version": `{"package_name": "httpx"}`,
		"one version":        `{"package_name": "httpx", "version": "0.28.1"}`,
	},
}

const (
	functionExample = `{"id": "` + exampleID + `", "name": "hello", "description": null,
		"code": "def hello(input):\n    return f\"Hello, {input['name']}!\"\n", "input_schema": null, "output_schema": null,
		"derived_schemas": [], "requirements": [], "package_notes": [], "called_by": [], "kind": "function", "tags": ["greetings"], "timeout_seconds": null, "retry": null,
		"max_concurrency": null, "notify": null, "is_active": true, "paused_at": null, "version": 1, "digest": "9f86d081884c7d659a2feaa0c55ad015",
		"created_at": "2026-11-23T02:00:00.000000Z", "updated_at": "2026-11-23T02:00:00.000000Z"}`
	webhookExample = `{"id": "` + exampleID + `", "path": "hello", "function_name": "hello", "http_method": "POST", "description": null,
		"default_values": null, "requires_auth": false, "input_mode": "auto", "effective_input_mode": "request",
		"response_mode": "envelope", "signature": null, "is_active": true, "url": "http://127.0.0.1:8000/api/v1/h/hello",
		"subtenant_url": "http://127.0.0.1:8000/api/v1/h/@default/hello", "access": "Every caller who knows the URL can call it, without a token.", "digest": "9f86d081884c7d659a2feaa0c55ad015",
		"created_at": "2026-11-23T02:00:00.000000Z", "updated_at": "2026-11-23T02:00:00.000000Z"}`
	scheduleExample = `{"id": "` + exampleID + `", "name": "daily-hello", "function_name": "hello", "cron_expression": "0 9 * * *",
		"timezone": "Europe/Paris", "input_data": {"name": "Daily User"}, "description": null, "is_active": true, "retry": null,
		"overlap": "allow", "catch_up": "none", "max_instances": 3, "last_run": "2026-11-22T08:00:00.000000Z",
		"next_run": "2026-11-23T08:00:00.000000Z", "last_status": "completed", "last_error": null, "last_execution_id": "` + exampleID + `",
		"failures": 0, "problem": null, "digest": "9f86d081884c7d659a2feaa0c55ad015", "created_at": "2026-11-21T10:00:00.000000Z", "updated_at": "2026-11-21T10:00:00.000000Z"}`
	executionExample = `{"id": "` + exampleID + `", "execution_id": "` + exampleID + `", "function_name": "hello", "function_version": 1,
		"trigger_type": "manual", "trigger_id": null, "status": "completed", "input_data": {"name": "Claude"}, "output_data": "Hello, Claude!",
		"error": null, "error_type": null, "traceback": null, "created_at": "2026-11-23T02:00:00.000000Z",
		"started_at": "2026-11-23T02:00:00.000010Z", "completed_at": "2026-11-23T02:00:00.000510Z", "duration_ms": 0.5,
		"attempt": 1, "parent_execution_id": null, "lane": "embedded", "record_complete": true}`
	stepExample = `{"id": "` + exampleID + `", "execution_id": "` + exampleID + `", "parent_step_id": null, "depth": 1, "position": 1,
		"attempt": 1, "function_name": "clean", "function_version": 3, "status": "completed", "input_data": " Claude ", "output_data": "Claude",
		"error": null, "error_type": null, "traceback": null, "started_at": "2026-11-23T02:00:00.000010Z",
		"completed_at": "2026-11-23T02:00:00.000110Z", "duration_ms": 0.1, "record_complete": true}`
)

// answerExamples are successful responses, by operation.
var answerExamples = map[string]string{
	"create-function": functionExample, "get-function": functionExample, "update-function": functionExample,
	"roll-back-function": functionExample, "list-functions": "[" + functionExample + "]",
	"create-webhook": webhookExample, "get-webhook": webhookExample, "update-webhook": webhookExample, "list-webhooks": "[" + webhookExample + "]",
	"create-schedule": scheduleExample, "get-schedule": scheduleExample, "update-schedule": scheduleExample, "list-schedules": "[" + scheduleExample + "]",
	"apply-source": `{"subtenant_id": "default", "dry_run": false, "functions": [{"name": "hello", "action": "update", "changes": ["code"], "digest": "9f86d081884c7d659a2feaa0c55ad015", 
		"version": 2, "warnings": [], "called_by": []}], "webhooks": [], "schedules": []}`,
	"show-caller":   `{"email": "developer@localhost", "subtenant_id": "default", "admin": false, "server_version": "dev"}`,
	"run-schedule":  `{"execution_id": "` + exampleID + `", "status": "pending"}`,
	"run-function":  `{"success": true, "execution_id": "` + exampleID + `", "result": "Hello, Claude!"}`,
	"get-execution": executionExample, "list-executions": "[" + executionExample + "]", "list-steps": "[" + stepExample + "]",
	"read-log": `{"execution_id": "` + exampleID + `", "total_logs": 1, "logs": [{"id": "1719405000123-0", "execution_id": "` + exampleID + `", "timestamp": "2026-11-23T02:00:00.000200Z",
		"event": "log", "function_name": "hello", "function_version": 1, "stream": "stdout", "message": "greeting Claude"}]}`,
	"health": `{"status": "healthy", "checks": {"postgres": {"status": "up", "latency_ms": 0.4}}}`,
}

// addExamples adds the examples to an operation.
func addExamples(operation *huma.Operation) {
	if given := requestExamples[operation.OperationID]; given != nil && operation.RequestBody != nil {
		examples := map[string]*huma.Example{}
		for name, text := range given {
			examples[strings.ReplaceAll(name, " ", "-")] = &huma.Example{Summary: name, Value: json.RawMessage(text)}
		}
		operation.RequestBody.Content["application/json"].Examples = examples
	}
	text, found := answerExamples[operation.OperationID]
	for _, status := range []string{"200", "201"} {
		if response := operation.Responses[status]; found && response != nil {
			response.Content["application/json"].Example = json.RawMessage(text)
		}
	}
}
