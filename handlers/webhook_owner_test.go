package handlers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/auth"
)

// expired is a token of the subtenant default that was valid an hour ago.
func (f *fixture) expired() string {
	f.t.Helper()
	token, err := auth.Mint(signingSecret, auth.Grant{Email: "user@example.com", Tenant: "default", TTL: time.Hour, Now: time.Now().Add(-2 * time.Hour)})
	require.NoError(f.t, err)
	return token
}

func TestWebhooksAreTheirSubtenants(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", echoCode)
	id := f.webhook(`{"path":"a","function_name":"echo"}`)
	one, all := " /api/v1/webhooks/"+id, " /api/v1/webhooks"
	for _, call := range []string{"POST" + all, "GET" + all, "GET" + one, "PUT" + one, "DELETE" + one} {
		f.must(ask{name: "no token", call: call, token: "-", body: `{}`, status: 401, lacks: []string{"echo"}})
		f.must(ask{name: "expired", call: call, token: f.expired(), body: `{}`, status: 401, lacks: []string{"echo"}})
	}
	other := f.mint("other", false)
	for _, call := range []string{"GET" + one, "PUT" + one, "DELETE" + one} {
		f.must(ask{name: "another subtenant's", call: call, token: other, body: `{}`, status: 404, want: []string{"webhook_not_found"}, lacks: []string{"echo"}})
	}
	f.must(ask{name: "another subtenant's list", call: "GET" + all, token: other, status: 200, want: []string{"[]"}})
	for _, call := range []string{"PATCH" + one, "POST" + one, "DELETE" + all, "PUT" + all} {
		f.must(ask{name: "wrong method", call: call, body: `{}`, status: 405})
	}
	f.must(ask{name: "it is still there", call: "GET" + one, status: 200})
}

// A public path's first segment belongs to the subtenant that used it first,
// however another one tries to get at it.
func TestAPublicSegmentHasOneOwner(t *testing.T) {
	t.Parallel()
	f := setup(t)
	owner, other := f.token, f.mint("other", false)
	for _, token := range []string{owner, other} {
		f.must(ask{call: "POST /api/v1/functions", token: token, body: `{"name":"echo","code":"def echo(input):\n    return 1"}`, status: 201})
	}
	shop := "/api/v1/webhooks/" + f.webhook(`{"path":"shop/orders","function_name":"echo"}`)
	bind := func(body string) string {
		return "/api/v1/webhooks/" + member(t, f.must(ask{call: "POST /api/v1/webhooks", token: other, body: body, status: 201}).text, "id")
	}
	elsewhere := bind(`{"path":"elsewhere","function_name":"echo"}`)
	guarded := bind(`{"path":"shop/mine","function_name":"echo","requires_auth":true}`)
	inactive := bind(`{"path":"shop/later","function_name":"echo","is_active":false}`)
	taken := []string{"path_taken"}
	refused := []ask{
		{name: "by POST", call: "POST /api/v1/webhooks", body: `{"path":"shop/more","function_name":"echo"}`},
		{name: "the segment alone", call: "POST /api/v1/webhooks", body: `{"path":"shop","function_name":"echo","http_method":"GET"}`},
		{name: "by PUT", call: "PUT " + elsewhere, body: `{"path":"shop/moved"}`},
		{name: "by taking the token away", call: "PUT " + guarded, body: `{"requires_auth":false}`},
		{name: "by reactivation", call: "PUT " + inactive, body: `{"is_active":true}`},
	}
	try := func(status int) {
		for _, a := range refused {
			a.token, a.status, a.want = other, status, nil
			if status == 409 {
				a.want = taken
			}
			f.must(a)
		}
	}
	try(409)
	f.all([]ask{
		{name: "nothing changed", call: "GET " + guarded, token: other, status: 200, want: []string{`"requires_auth":true`}},
		{name: "its own address is always its own", call: "POST /api/v1/h/@other/shop/mine", token: other, status: 200},
		{name: "another case is another segment", call: "POST /api/v1/webhooks", token: other, body: `{"path":"Shop","function_name":"echo"}`, status: 201},
		{name: "released", call: "PUT " + shop, body: `{"is_active":false}`, status: 200},
	})
	try(409) // reserved
	f.must(ask{name: "its owner has it back", call: "PUT " + shop, body: `{"is_active":true}`, status: 200})
	f.must(ask{name: "released for good", call: "DELETE " + shop, status: 204})
	try(409)

	conn, err := pgx.Connect(t.Context(), f.database)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), "UPDATE public_segments SET released_at = released_at - interval '30 days 1 second' WHERE segment = 'shop'")
	require.NoError(t, err)
	refused[0].status, refused[0].token = 201, other
	f.must(refused[0])
	refused = refused[2:]
	try(200)
	f.must(ask{name: "it has another owner now", call: "POST /api/v1/webhooks", body: `{"path":"shop/orders","function_name":"echo"}`, status: 409, want: taken})
}

// Which of several webhooks a call finds.
func TestTheMostSpecificWebhookAnswers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("which", "def which(input):\n    return input['which']", `"input_schema":{"type":"object","properties":{"which":{}}}`)
	for _, w := range []string{
		`"path":"a/{x}"`, `"path":"a/b"`, `"path":"a/{x}/c"`, `"path":"a/b/{y}"`, `"path":"a/b","http_method":"ANY"`, `"path":"a/b","http_method":"PUT"`,
	} {
		quoted := `{` + w + `,"function_name":"which","input_mode":"body","default_values":{"which":` + `"` + escaped(w) + `"}}`
		f.webhook(quoted)
	}
	for call, want := range map[string]string{
		"POST /api/v1/h/a/b":     `"path":"a/b"`,
		"POST /api/v1/h/a/b/":    `"path":"a/b"`,
		"PUT /api/v1/h/a/b":      `"path":"a/b","http_method":"PUT"`,
		"DELETE /api/v1/h/a/b":   `"path":"a/b","http_method":"ANY"`,
		"POST /api/v1/h/a/d":     `"path":"a/{x}"`,
		"POST /api/v1/h/a/b/c":   `"path":"a/b/{y}"`,
		"POST /api/v1/h/a/d/c":   `"path":"a/{x}/c"`,
		"POST /api/v1/h/a/%62/c": `"path":"a/b/{y}"`,
	} {
		f.must(ask{name: want, call: call, token: "-", status: 200, want: []string{`"result":"` + escaped(want) + `"`}})
	}
	f.all([]ask{
		{name: "no empty parameter", call: "POST /api/v1/h/a/", token: "-", status: 404},
		{name: "same template", call: "POST /api/v1/webhooks", body: `{"path":"a/{other}","function_name":"which"}`, status: 409, want: []string{"path_taken"}},
	})
}

func escaped(text string) string { return strings.ReplaceAll(text, `"`, `\"`) }
