package handlers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParametersWithoutAValue(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, query := range []string{"until=", "limit=", "offset", "status=", "trigger_type=", "trigger_id=", "limit=5&since="} {
		f.must(ask{call: "GET /api/v1/executions?" + query, status: 422, want: []string{"/query/"}})
	}
	f.all([]ask{
		{name: "an empty text is one", call: "GET /api/v1/functions?q=&cursor=", status: 200},
		{name: "a truth value is not", call: "GET /api/v1/functions?active_only=", status: 422},
		{name: "a filter is not", call: "GET /api/v1/executions?function_name=", status: 422, want: []string{"/query/function_name"}},
	})
}

// TestNoOperationPassesInputOver walks the served document: an operation that
// declares no parameter of a name refuses it, and one that takes no body a body.
func TestNoOperationPassesInputOver(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal([]byte(f.do(ask{call: "GET /openapi.json"}).text), &document))
	path := strings.NewReplacer("{id}", "0190a8f0-0000-7000-8000-000000000000", "{name}", "nothing", "{n}", "1", "{version}", "1", "{subtenant_id}", "nothing")
	admin := f.mint("default", true)
	pages := map[string]bool{"/": true, "/guide": true, "/guide/{page}": true, "/docs": true, "/redoc": true, "/console": true} // TestLinksToPagesCarryMarks
	checked := 0
	for template, operations := range document.Paths {
		if strings.HasPrefix(template, "/api/v1/h/") {
			continue // what it takes is up to functions
		}
		for method, operation := range operations {
			call := strings.ToUpper(method) + " " + path.Replace(template)
			body := ""
			if operation.RequestBody != nil {
				body = "{}"
			}
			if !pages[template] {
				f.must(ask{name: "unknown parameter", call: call + "?functoin_name=a", token: admin, body: body, status: 422, want: []string{`"/query/functoin_name"`, "is not a parameter"}})
			}
			if operation.RequestBody == nil {
				f.must(ask{name: "body", call: call, token: admin, body: `{"function_name":"a"}`, status: 422, want: []string{"is not accepted by this operation"}})
				for _, contentType := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
					f.must(ask{name: "body as " + contentType, call: call, token: admin, body: "a=b", header: []string{"Content-Type: " + contentType}, status: 422, want: []string{"is not accepted by this operation"}})
				}
			}
			checked++
		}
	}
	require.Greater(t, checked, 50)
}

func TestInputIsNeverIgnored(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.all([]ask{
		{name: "repeated", call: "GET /api/v1/executions?limit=1&limit=2", status: 422, want: []string{"/query/limit", "2 times"}},
		{name: "repeated alike", call: "GET /api/v1/executions?function_name=a&function_name=a", status: 422},
		{name: "may repeat", call: "GET /api/v1/executions?status=failed&status=completed", status: 200},
		{name: "another case", call: "GET /api/v1/executions?Status=failed", status: 422, want: []string{"/query/Status"}},
		{name: "brackets", call: "GET /api/v1/executions?status[]=failed", status: 422, want: []string{"status[]"}},
		{name: "no name", call: "GET /api/v1/executions?=failed", status: 422},
		{name: "an empty object", call: "GET /api/v1/executions", body: " { } ", status: 200},
		{name: "no filter", call: bulkRetry, status: 422, want: []string{"has no filter", "all=true"}},
		{name: "no filter, an empty body", call: bulkRetry, body: "{}", status: 422, want: []string{"has no filter"}},
		{name: "all=false", call: bulkRetry + "?all=false", status: 422},
		{name: "misspelt", call: bulkRetry + "?function=a", status: 422, want: []string{"/query/function"}},
		{name: "misspelt in the body", call: bulkRetry, body: `{"function":"a"}`, status: 422, want: []string{"function"}},
		{name: "an empty filter", call: bulkRetry + "?function_name=&all=true", status: 422},
		{name: "an empty filter in the body", call: bulkRetry, body: `{"function_name":"","all":true}`, status: 422},
		{name: "null", call: bulkRetry, body: `{"function_name":null}`, status: 422, want: []string{"has no filter"}},
		{name: "all and a filter", call: bulkRetry + "?all=true&function_name=a", status: 422, want: []string{"/query/all"}},
		{name: "in two places", call: bulkRetry + "?function_name=a", body: `{"status":["failed"]}`, status: 422, want: []string{"one place"}},
		{name: "NUL in the body", call: bulkRetry, body: `{"function_name":"a\u0000b"}`, status: 400, want: []string{`"/function_name"`, "The filter function_name contains the character U+0000"}},
		{name: "NUL in the body's error type", call: bulkRetry, body: `{"error_type":"\u0000"}`, status: 400, want: []string{`"/error_type"`}},
		{name: "a bad time in the body", call: bulkRetry, body: `{"since":"yesterday"}`, status: 422, want: []string{`"/since"`}},
		{name: "in the body", call: bulkRetry, body: `{"function_name":"a","status":["failed","crashed"],"since":"-24h","min_duration_ms":1}`, status: 202, want: []string{`"count":0`}},
		{name: "all in the body", call: bulkRetry, body: `{"all":true}`, status: 202, want: []string{`"count":0`}},
		{name: "all", call: bulkRetry + "?all=true", status: 202, want: []string{`"count":0`}},
	})
}
