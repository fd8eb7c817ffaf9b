package handlers_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/auth"
	"maestro/repo"
)

// documentedRoutes reads the methods of each address from the document, in
// which every route of the REST part stands; webhooks' own calls aside.
func (f *fixture) documentedRoutes() map[string][]string {
	f.t.Helper()
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	got := f.must(ask{call: "GET /openapi.json", token: "-", status: 200})
	require.NoError(f.t, json.Unmarshal([]byte(got.text), &document))
	routes := map[string][]string{}
	for path, operations := range document.Paths {
		if !strings.HasPrefix(path, "/api/v1/") || strings.HasPrefix(path, "/api/v1/h/") {
			continue
		}
		path = parameter.ReplaceAllString(path, "1")
		for name := range operations {
			if method := strings.ToUpper(name); slices.Contains(restMethods, method) {
				routes[path] = append(routes[path], method)
			}
		}
	}
	require.Greater(f.t, len(routes), 10)
	return routes
}

var (
	parameter   = regexp.MustCompile(`\{\w+\}`)
	restMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
)

// TestEveryRouteWantsAToken: nothing is told, and nothing done, without one
// that is valid.
func TestEveryRouteWantsAToken(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mint := func(secret []byte, since time.Duration) string {
		token, err := auth.Mint(secret, auth.Grant{Email: "a@example.com", Tenant: "default", Admin: true, TTL: time.Hour, Now: time.Now().Add(-since)})
		require.NoError(t, err)
		return token
	}
	expired, forged := mint(signingSecret, 2*time.Hour), mint([]byte(strings.Repeat("x", 40)), 0)
	for path, methods := range f.documentedRoutes() {
		for _, method := range methods {
			call := method + " " + path
			if call != "GET /api/v1/session" { // which tells that there is none
				f.must(ask{name: "no token", call: call, token: "-", status: 401, want: []string{`"code":"unauthorized"`}})
			}
			f.must(ask{name: "expired", call: call, token: expired, status: 401, want: []string{"expired"}, lacks: []string{expired}})
			f.must(ask{name: "forged", call: call, token: forged, status: 401, lacks: []string{forged}})
			f.must(ask{name: "not a bearer's", call: call, token: "-", header: []string{"Authorization: Basic YTpi"}, status: 401})
		}
	}
	found, _, err := f.db.ListSubtenants(t.Context(), repo.Page{})
	require.NoError(t, err)
	require.Empty(t, found, "a token that is not valid brings no subtenant into being")
}

// TestRoutesAreForTheCallersOfTheTable: the middleware admits exactly the callers
// that the route table states.
func TestRoutesAreForTheCallersOfTheTable(t *testing.T) {
	t.Parallel()
	f := setup(t)
	routes := f.server.Routes()
	require.Greater(t, len(routes), 50)
	for route, caller := range routes {
		method, path, _ := strings.Cut(parameter.ReplaceAllString(route, "1"), " ")
		switch caller {
		case "public":
			require.NotContains(t, []int{401, 403}, f.do(ask{call: method + " " + path, token: "-"}).StatusCode, route)
		case "sender":
			f.must(ask{name: route, call: "POST " + path, token: "-", status: 404, want: []string{`"code":"webhook_not_found"`}})
		case "visitor":
			f.must(ask{name: route, call: "GET " + path, token: "-", status: 200, want: []string{`"signed_in":false`}})
			f.must(ask{name: route, call: method + " " + path, token: "forged", status: 401})
		case "user":
			f.must(ask{name: route, call: method + " " + path, token: "-", status: 401})
			require.NotContains(t, []int{401, 403}, f.do(ask{call: method + " " + path}).StatusCode, route)
		case "admin":
			f.must(ask{name: route, call: method + " " + path, token: "-", status: 401})
			f.must(ask{name: route, call: method + " " + path, status: 403})
		default:
			t.Errorf("%s: the table does not say who may call it", route)
		}
	}
}

// TestEveryRouteRefusesOtherMethods and names those that it takes.
func TestEveryRouteRefusesOtherMethods(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin := f.mint("default", true)
	for path, methods := range f.documentedRoutes() {
		if path == "/api/v1/executions/retry" || path == "/api/v1/executions/cancel" {
			continue // for other methods they are addresses of executions
		}
		if slices.Contains(methods, http.MethodGet) {
			methods = append(methods, http.MethodHead)
		}
		for _, method := range restMethods {
			if slices.Contains(methods, method) {
				continue
			}
			got := f.must(ask{call: method + " " + path, token: admin, status: 405, want: []string{`"code":"method_not_allowed"`}})
			require.ElementsMatch(t, methods, strings.Split(got.Header.Get("Allow"), ", "), "%s %s", method, path)
		}
	}
}

// TestEveryRouteKeepsOtherSubtenantsOut: a caller that names a subtenant without
// access to it is refused, whether the subtenant exists or not.
func TestEveryRouteKeepsOtherSubtenantsOut(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.must(ask{call: "GET /api/v1/functions", token: f.mint("other", false), status: 200})
	for path, methods := range f.documentedRoutes() {
		for _, method := range methods {
			for _, tenant := range []string{"other", "missing", "Not an id"} {
				f.must(ask{name: tenant, call: method + " " + path, header: []string{"X-Subtenant-ID: " + tenant}, status: 403, want: []string{`"code":"forbidden"`}})
			}
		}
	}
}
