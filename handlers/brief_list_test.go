package handlers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBriefListsAreWithoutValues: page by page, as they are asked for, and not where they are not.
func TestBriefListsAreWithoutValues(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("leaf", "def leaf(input):\n    raise ValueError('the message')")
	f.function("root", "def root(input):\n    try:\n        leaf(input)\n    except ValueError:\n        return input\n    finally:\n        leaf(input)")
	large := strings.Repeat("v", 100_000)
	var id string
	for range 3 {
		got := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"root","input_data":"` + large + `"}`, status: 500})
		id = got.Header.Get("X-Execution-ID")
	}
	for path, heavy := range map[string][]string{
		"/api/v1/executions":                     {"input_data", "output_data", "error", "traceback"},
		"/api/v1/executions?min_duration_ms=0.1": {"input_data", "output_data", "error", "traceback"},
		"/api/v1/executions/" + id + "/steps":    {"input_data", "output_data", "error", "traceback"},
		"/api/v1/functions":                      {"code", "input_schema", "output_schema", "digest"},
		"/api/v1/functions/root/versions":        {"code", "input_schema", "output_schema"},
	} {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		whole, brief := f.page(path, 100), f.page(path+separator+"brief=true", 1)
		require.NotEmpty(t, whole, path)
		for _, one := range whole {
			for _, name := range heavy {
				require.Contains(t, one, name, path)
				delete(one, name)
			}
		}
		for _, one := range brief {
			if strings.Contains(path, "executions") && !strings.HasSuffix(path, "/steps") {
				require.Equal(t, `"`+large[:199], one["input_head"])
				require.Equal(t, "the message", one["error_head"])
				delete(one, "input_head")
				delete(one, "error_head")
			}
		}
		require.Equal(t, whole, brief, path)
	}
	for _, whole := range f.page("/api/v1/executions/"+id+"/steps", 100) {
		got := f.must(ask{call: "GET /api/v1/executions/" + id + "/steps/" + whole["id"].(string), status: 200})
		var one map[string]any
		require.NoError(t, json.Unmarshal([]byte(got.text), &one))
		require.Equal(t, whole, one)
		f.must(ask{name: "another subtenant's", call: "GET /api/v1/executions/" + id + "/steps/" + whole["id"].(string), token: f.mint("another", false), status: 404})
	}
	f.all([]ask{
		{name: "no such step", call: "GET /api/v1/executions/" + id + "/steps/" + id, status: 404, want: []string{"execution_not_found", "no step"}},
		{name: "not an id", call: "GET /api/v1/executions/" + id + "/steps/x", status: 404},
	})
	f.must(ask{call: "GET /api/v1/executions?brief=perhaps", status: 422, want: []string{"brief"}})
	f.must(ask{call: "GET /api/v1/webhooks?brief=true", status: 422, want: []string{"brief"}})
	f.must(ask{call: "GET /api/v1/executions/" + id, status: 200, want: []string{large, `"error":"the message"`}})
	full, lean := f.do(ask{call: "GET /api/v1/executions"}).text, f.do(ask{call: "GET /api/v1/executions?brief=true"}).text
	require.Greater(t, len(full), 100*len(lean), fmt.Sprint(len(full), " and ", len(lean)))
}
