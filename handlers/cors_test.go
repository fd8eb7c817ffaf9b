package handlers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
)

const preflight = "Access-Control-Request-Method: PUT"

func corsHeaders(a answer) string {
	var found []string
	for name, values := range a.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			found = append(found, name+": "+values[0])
		}
	}
	return strings.Join(found, "\n")
}

func TestCORSIsOffUnlessOriginsAreNamed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, a := range []ask{
		{call: "GET /api/v1/functions", status: 200},
		{call: "OPTIONS /api/v1/functions", token: "-", header: []string{preflight}, status: 401},
	} {
		a.header = append(a.header, "Origin: https://app.example.com")
		require.Empty(t, corsHeaders(f.must(a)))
	}
}

func TestCORSOfNamedOrigins(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) {
		o.CORSOrigins = []string{"https://app.example.com", "http://localhost:3000"}
	})
	f.function("f", "def f(input):\n    return 1")
	f.webhook(`{"path":"f","function_name":"f","http_method":"ANY"}`)
	ours, theirs := "Origin: https://app.example.com", "Origin: https://evil.example.com"

	got := f.must(ask{name: "preflight", call: "OPTIONS /api/v1/functions", token: "-", status: 204,
		header: []string{ours, preflight, "Access-Control-Request-Headers: authorization,x-customer-id"}})
	require.Equal(t, "https://app.example.com", got.Header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, got.Header.Get("Access-Control-Allow-Methods"), "PUT")
	require.Equal(t, "authorization,x-customer-id", got.Header.Get("Access-Control-Allow-Headers"))
	require.Equal(t, "600", got.Header.Get("Access-Control-Max-Age"))
	require.Contains(t, got.Header.Get("Vary"), "Origin")
	require.Contains(t, got.Header.Get("Vary"), "Access-Control-Request-Headers")

	for _, a := range []ask{
		{name: "an answer", call: "GET /api/v1/functions", status: 200},
		{name: "an error", call: "GET /api/v1/functions/missing", status: 404},
		{name: "a refusal", call: "GET /api/v1/functions", token: "-", status: 401},
		{name: "a webhook", call: "POST /api/v1/h/f", token: "-", status: 200},
		{name: "an OPTIONS that is no preflight", call: "OPTIONS /api/v1/h/f", token: "-", status: 200},
		{name: "health", call: "GET /health", token: "-", status: 200},
	} {
		a.header = []string{ours}
		got := f.must(a)
		require.Equal(t, "https://app.example.com", got.Header.Get("Access-Control-Allow-Origin"), a.name)
		for _, exposed := range []string{"X-Execution-ID", "X-Request-ID", "Location", "Link", "X-Next-Cursor", "ETag"} {
			require.Contains(t, got.Header.Get("Access-Control-Expose-Headers"), exposed)
		}
		require.NotContains(t, corsHeaders(got), "Credentials")

		a.header = []string{theirs}
		got = f.must(a)
		require.Empty(t, corsHeaders(got), a.name)
		require.Contains(t, got.Header.Get("Vary"), "Origin", "a cache must not serve it to others")
	}
	require.Empty(t, corsHeaders(f.must(ask{name: "their preflight", call: "OPTIONS /api/v1/functions", token: "-", header: []string{theirs, preflight}, status: 401})))
	require.Empty(t, corsHeaders(f.must(ask{name: "no origin", call: "GET /api/v1/functions", status: 200})))
}

func TestCORSOfAnyOriginNeverHasCredentials(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.CORSOrigins = []string{"*"} })
	for _, a := range []ask{
		{call: "GET /api/v1/functions", status: 200},
		{call: "OPTIONS /api/v1/functions", token: "-", header: []string{preflight}, status: 204},
	} {
		a.header = append(a.header, "Origin: https://other.example.com")
		got := f.must(a)
		require.Equal(t, "*", got.Header.Get("Access-Control-Allow-Origin"))
		require.NotContains(t, corsHeaders(got), "Credentials")
	}
}
