package handlers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
)

// Every refusal before a run says that nothing ran, and a failure of a run does
// not. Strangers learn nothing of what a function said, with DEBUG too.
func TestWhatCallersAreToldOfRuns(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.Debug, o.MaxBodyBytes = true, 64<<10 })
	f.function("fails", "def fails(input):\n    raise ValueError('swordfish')")
	f.function("typed", "def typed(input):\n    return 1", `"input_schema":{"type":"object","required":["swordfish"]}`)
	f.function("asks", "def asks(input):\n    return typed({})")
	for _, hook := range []string{`{"path":"asks","function_name":"asks"}`, `{"path":"fails","function_name":"fails"}`, `{"path":"typed","function_name":"typed","input_mode":"body"}`, `{"path":"private","function_name":"fails","requires_auth":true}`} {
		f.webhook(hook)
	}
	large := `"` + strings.Repeat("a", 64<<10) + `"`
	for _, a := range []ask{
		{name: "no webhook", call: "POST /api/v1/h/none", token: "-", status: 404},
		{name: "private", call: "POST /api/v1/h/private", token: "-", status: 404},
		{name: "no method of it", call: "GET /api/v1/h/fails", token: "-", status: 405},
		{name: "malformed", call: "POST /api/v1/h/fails", token: "-", body: "{", status: 400},
		{name: "too large", call: "POST /api/v1/h/fails", token: "-", body: large, status: 413},
		{name: "key too long", call: "POST /api/v1/h/fails", token: "-", header: []string{"Idempotency-Key: " + strings.Repeat("k", 300)}, status: 422},
		{name: "coding", call: "POST /api/v1/h/fails", token: "-", body: "{}", header: []string{"Content-Encoding: rot13"}, status: 415},
		{name: "no token", call: "POST /api/v1/executions", token: "-", body: "{}", status: 401},
		{name: "no function", call: "POST /api/v1/executions", body: `{"function_name":"none"}`, status: 404},
		{name: "no member", call: "POST /api/v1/executions", body: `{}`, status: 422},
	} {
		got := f.must(a)
		require.Equal(t, 1, strings.Count(strings.ToLower(got.text), "nothing ran"), "%s: %s", a.name, got.text)
	}
	for _, a := range []ask{
		{name: "a failure", call: "POST /api/v1/h/fails", token: "-", body: "{}", status: 500},
		{name: "another subtenant's caller", call: "POST /api/v1/h/fails", token: f.mint("other", false), body: "{}", status: 500},
		{name: "an input of a sibling that does not fit", call: "POST /api/v1/h/asks", token: "-", body: "{}", status: 500},
	} {
		a.want, a.lacks = []string{`"execution_id"`}, []string{"othing ran", "swordfish", "ValueError", "traceback", "detail", "failed_step"}
		f.must(a)
	}
	for _, a := range []ask{
		{name: "an input that does not fit", call: "POST /api/v1/h/typed", token: "-", body: "{}", status: 422, lacks: []string{"swordfish", "InputInvalid", "errors"}},
		{name: "the same, the owner's", call: "POST /api/v1/h/typed", body: "{}", status: 422, want: []string{"swordfish"}},
		{name: "the same, without a webhook", call: "POST /api/v1/executions", body: `{"function_name":"typed","input_data":{}}`, status: 422, want: []string{"swordfish"}},
	} {
		a.want = append(a.want, `"execution_id"`, "input_invalid")
		require.Equal(t, 1, strings.Count(f.must(a).text, " Nothing ran."), a.name)
	}
	f.must(ask{name: "the owner", call: "POST /api/v1/h/fails", body: "{}", status: 500, want: []string{"swordfish", "traceback"}, lacks: []string{"othing ran"}})
	f.must(ask{name: "no call of a function", call: "GET /api/v1/functions/none", status: 404, lacks: []string{"othing ran"}})
}
