package handlers_test

import (
	"encoding/base64"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTextThatNoDatabaseTakes sends text that PostgreSQL can't store in every text
// of a request: no record has such a name, and there is no internal error.
func TestTextThatNoDatabaseTakes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin := f.mint("default", true)
	for _, text := range []string{"\x00", "a\x00b", "\xff\xfe", "é\xc3", "\U0010ffff", "%", `\`, "'"} {
		escaped := url.QueryEscape(text)
		cursor := base64.RawURLEncoding.EncodeToString([]byte(text))
		for _, call := range []string{
			"GET /api/v1/functions?q=" + escaped, "GET /api/v1/functions?tags=" + escaped, "GET /api/v1/functions?cursor=" + cursor,
			"GET /api/v1/functions?cursor=" + escaped, "GET /api/v1/functions/" + url.PathEscape(text),
			"GET /api/v1/functions/" + url.PathEscape(text) + "/versions", "GET /api/v1/functions/" + url.PathEscape(text) + "/versions/1",
			"POST /api/v1/functions/" + url.PathEscape(text) + "/rollback/1", "DELETE /api/v1/functions/" + url.PathEscape(text),
			"GET /api/v1/executions?function_name=" + escaped, "GET /api/v1/executions?status=" + escaped, "GET /api/v1/executions?trigger_id=" + escaped,
			"GET /api/v1/executions?since=" + escaped, "GET /api/v1/executions?cursor=" + cursor, "GET /api/v1/executions/" + url.PathEscape(text),
			"GET /api/v1/executions/" + url.PathEscape(text) + "/steps", "GET /api/v1/executions/0190a8f0-0000-7000-8000-000000000000/logs?after=" + escaped,
			"POST /api/v1/executions/" + url.PathEscape(text) + "/cancel",
			"GET /api/v1/subtenants/" + url.PathEscape(text), "DELETE /api/v1/subtenants/" + url.PathEscape(text), "GET /api/v1/subtenants?cursor=" + cursor,
			"POST /api/v1/subtenants/" + url.PathEscape(text) + "/grant-access?user_email=" + escaped,
			"GET /api/v1/webhooks?function_name=" + escaped, "GET /api/v1/webhooks/" + url.PathEscape(text), "GET /api/v1/webhooks?cursor=" + cursor,
		} {
			got := f.do(ask{call: call, token: admin})
			if got.StatusCode >= 400 {
				f.checkEnvelope(got)
			}
			require.Less(t, got.StatusCode, 500, "%s: %s\n%s", call, got.text, f.log)
		}
		got := f.do(ask{call: "GET /api/v1/functions", token: admin, header: []string{"X-Subtenant-ID: " + url.PathEscape(text)}})
		require.Less(t, got.StatusCode, 500, got.text)
	}
	require.Less(t, f.do(ask{call: "GET /api/v1/functions", token: admin, header: []string{"X-Subtenant-ID: \xff"}}).StatusCode, 500)
	for _, body := range []string{
		`{"function_name":"a\u0000"}`, `{"name":"f","code":"def f(input): return 1","tags":["\u0000"]}`, `{"name":"f","code":"def f(input): return '\u0000'"}`,
		`{"name":"f","code":"def f(input): return 1","description":"\ud800"}`, `{"name":"f","code":"def f(input): return '\ud800'"}`,
		`{"name":"f","code":"def f(input): return 1","input_schema":{"const":"\u0000"}}`, `{"name":"g","code":"def g(input): return 1","input_schema":{"const":"\ud800"}}`,
	} {
		for _, call := range []string{"POST /api/v1/functions", "POST /api/v1/executions", "POST /api/v1/subtenants"} {
			got := f.do(ask{call: call, token: admin, body: body})
			require.Less(t, got.StatusCode, 500, "%s %s: %s\n%s", call, body, got.text, f.log)
		}
	}
}
