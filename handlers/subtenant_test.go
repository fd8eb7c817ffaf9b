package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/auth"
	"maestro/internal/censusdev"
	"maestro/internal/testkit"
	"maestro/repo"
)

func TestSubtenants(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.token = f.mint("", true)
	f.all([]ask{
		{name: "create", call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-a","description":"the first"}`, status: 201,
			want: []string{`"id":"company-a"`, `"subtenant_id":"company-a"`, `"description":"the first"`, `"created_at":"2`}},
		{name: "taken", call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-a"}`, status: 409, want: []string{`"code":"name_taken"`}},
		{name: "no description", call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-b","description":null}`, status: 201, want: []string{`"description":null`}},
		{name: "get", call: "GET /api/v1/subtenants/company-a", status: 200, want: []string{`"subtenant_id":"company-a"`, `"the first"`}},
		{name: "the header is ignored", call: "GET /api/v1/subtenants/company-a", header: []string{"X-Subtenant-ID: missing"}, status: 200},
		{name: "no such", call: "GET /api/v1/subtenants/missing", status: 404, want: []string{`"code":"subtenant_not_found"`}},
		{name: "list", call: "GET /api/v1/subtenants", status: 200, want: []string{`"company-a"`, `"company-b"`}},
		{name: "one", call: "GET /api/v1/subtenants?limit=1&offset=1", status: 200, want: []string{`"company-b"`}, lacks: []string{`"company-a"`}},
		{name: "interpreter", call: "GET /api/v1/subtenants/company-b/interpreter", status: 200, want: []string{`"state":"none"`, `"stuck_threads":[]`, `"refused":false`, `"stuck_max":8`}},
		{name: "interpreter freed", call: "DELETE /api/v1/subtenants/company-b/interpreter", status: 200, want: []string{`"state":"none"`}},
		{name: "no such subtenant's", call: "DELETE /api/v1/subtenants/missing/interpreter", status: 404, want: []string{`"code":"subtenant_not_found"`}},
		{name: "delete", call: "DELETE /api/v1/subtenants/company-b", status: 204},
		{name: "deleted", call: "GET /api/v1/subtenants/company-b", status: 404},
		{name: "deleted twice", call: "DELETE /api/v1/subtenants/company-b", status: 404},
		{name: "never again", call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-b"}`, status: 409, want: []string{"never given again"}},
	})
	made := f.must(ask{name: "generated", call: "POST /api/v1/subtenants", body: `{}`, status: 201})
	id := member(t, made.text, "id")
	require.Regexp(t, `^[a-z0-9][a-z0-9-]{0,62}$`, id)
	require.Equal(t, "/api/v1/subtenants/"+id, made.Header.Get("Location"))
	f.must(ask{call: "GET " + made.Header.Get("Location"), status: 200})
}

func TestSubtenantsPageByPage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.token = f.mint("", true)
	for i := range 5 {
		f.must(ask{call: "POST /api/v1/subtenants", body: fmt.Sprintf(`{"subtenant_id":"t-%d"}`, i), status: 201})
	}
	var seen []string
	call := "GET /api/v1/subtenants?limit=2"
	for range 5 {
		got := f.must(ask{call: call, status: 200})
		for part := range strings.SplitSeq(got.text, `"id":"`) {
			if id, _, found := strings.Cut(part, `"`); found && strings.HasPrefix(id, "t-") {
				seen = append(seen, id)
			}
		}
		if got.Header.Get("X-Next-Cursor") == "" {
			break
		}
		next, _, _ := strings.Cut(strings.TrimPrefix(got.Header.Get("Link"), "<"), ">")
		call = "GET " + next
	}
	require.Equal(t, []string{"t-0", "t-1", "t-2", "t-3", "t-4"}, seen)
}

func TestSubtenantsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.token = f.mint("", true)
	for _, a := range []ask{
		{name: "upper case", body: `{"subtenant_id":"Company"}`, want: []string{`"/subtenant_id"`}},
		{name: "dash in front", body: `{"subtenant_id":"-a"}`, want: []string{`"/subtenant_id"`}},
		{name: "empty", body: `{"subtenant_id":""}`, want: []string{`"/subtenant_id"`}},
		{name: "too long", body: `{"subtenant_id":"` + strings.Repeat("a", 64) + `"}`, want: []string{`"/subtenant_id"`}},
		{name: "a number", body: `{"subtenant_id":7}`, want: []string{`"/subtenant_id"`}},
		{name: "unknown member", body: `{"name":"a"}`, want: []string{`"/name"`}},
		{name: "the server's", body: `{"id":"a"}`, want: []string{`"/id"`}},
		{name: "the server's", body: `{"created_at":"2026-01-01T00:00:00Z"}`, want: []string{`"/created_at"`}},
		{name: "a null character", body: `{"description":"a\u0000b"}`, want: []string{`"/description"`}},
		{name: "a list", body: `[]`},
	} {
		a.call, a.status = "POST /api/v1/subtenants", 422
		a.want = append(a.want, `"code":"invalid"`)
		f.must(a)
	}
	f.must(ask{name: "no JSON", call: "POST /api/v1/subtenants", body: `{`, status: 400})
	f.must(ask{name: "no body", call: "POST /api/v1/subtenants", status: 400})
	f.must(ask{name: "an invalid cursor", call: "GET /api/v1/subtenants?cursor=x", status: 400})
	f.must(ask{name: "a limit of nothing", call: "GET /api/v1/subtenants?limit=0", status: 422})
}

// TestSubtenantsAreForAdministrators: other callers do not learn which exist.
func TestSubtenantsAreForAdministrators(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.db.EnsureSubtenant(t.Context(), "default")
	require.NoError(t, err)
	expired, err := auth.Mint(signingSecret, auth.Grant{Email: "a@example.com", Admin: true, TTL: time.Minute, Now: time.Now().Add(-time.Hour)})
	require.NoError(t, err)
	for _, call := range []string{
		"POST /api/v1/subtenants", "GET /api/v1/subtenants", "GET /api/v1/subtenants/default", "DELETE /api/v1/subtenants/default",
		"POST /api/v1/subtenants/default/grant-access?user_email=a@b.c", "DELETE /api/v1/subtenants/default/revoke-access?user_email=a@b.c",
		"GET /api/v1/subtenants/missing",
	} {
		f.must(ask{name: "a user", call: call, status: 403, want: []string{`"code":"forbidden"`}, lacks: []string{"default"}})
		f.must(ask{name: "no token", call: call, token: "-", status: 401})
		f.must(ask{name: "an expired token", call: call, token: expired, status: 401, want: []string{"expired"}})
	}
	admin := f.mint("", true)
	for call, allow := range map[string]string{
		"PUT /api/v1/subtenants": "GET, HEAD, POST", "PATCH /api/v1/subtenants/default": "DELETE, GET, HEAD",
		"GET /api/v1/subtenants/default/grant-access": "POST", "POST /api/v1/subtenants/default/revoke-access": "DELETE",
	} {
		got := f.must(ask{call: call, token: admin, status: 405})
		for method := range strings.SplitSeq(allow, ", ") {
			require.Contains(t, got.Header.Get("Allow"), method, call)
		}
	}
}

// TestADeletedSubtenantIsGone: its functions, webhooks, runs and memory.
func TestADeletedSubtenantIsGone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin := f.mint("", true)
	f.token = f.mint("doomed", false)
	f.function("hello", "def hello(input):\n    return 'Hello'")
	f.function("sleep", "import time\ndef sleep(input):\n    print('begun')\n    time.sleep(60)")
	f.webhook(`{"path":"doomed-hello","function_name":"hello"}`)
	f.must(ask{call: "POST /api/v1/h/doomed-hello", token: "-", status: 200})
	ended := make(chan answer, 1)
	go func() {
		ended <- f.do(ask{call: "POST /api/v1/executions", body: `{"function_name":"sleep"}`})
	}()
	require.Eventually(t, func() bool {
		return strings.Contains(f.do(ask{call: "GET /api/v1/executions?function_name=sleep"}).text, "running")
	}, 10*time.Second, 20*time.Millisecond)

	f.must(ask{call: "DELETE /api/v1/subtenants/doomed", token: admin, status: 204})
	require.GreaterOrEqual(t, (<-ended).StatusCode, 400, "its runs are stopped")
	f.all([]ask{
		{name: "webhook", call: "POST /api/v1/h/doomed-hello", token: "-", status: 404, want: []string{"webhook_not_found"}},
		{name: "its own address", call: "POST /api/v1/h/@doomed/doomed-hello", token: "-", status: 404},
		{name: "functions", call: "GET /api/v1/functions", status: 404, want: []string{"subtenant_not_found"}},
		{name: "a run", call: "POST /api/v1/executions", body: `{"function_name":"hello"}`, status: 404, want: []string{"subtenant_not_found"}},
		{name: "for an administrator too", call: "GET /api/v1/functions", token: admin, header: []string{"X-Subtenant-ID: doomed"}, status: 404},
		{name: "its path stays reserved", call: "POST /api/v1/functions", token: f.mint("heir", false), body: `{"name":"f","code":"def f(input): return 1"}`, status: 201},
		{name: "its path stays reserved", call: "POST /api/v1/webhooks", token: f.mint("heir", false), body: `{"path":"doomed-hello","function_name":"f"}`, status: 409, want: []string{"path_taken"}},
	})
	runs, _, err := f.db.ListFunctions(t.Context(), "doomed", repo.FunctionFilter{})
	require.NoError(t, err)
	require.Empty(t, runs)
}

func TestAccessIsKeptByCensus(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.token = f.mint("", true)
	f.must(ask{call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-a"}`, status: 201})
	for _, call := range []string{"POST /api/v1/subtenants/company-a/grant-access", "DELETE /api/v1/subtenants/company-a/revoke-access"} {
		f.must(ask{name: "without one", call: call, body: `{"user_email":"a@example.com"}`, status: 409, want: []string{`"code":"no_census"`, "CENSUS_API_URL"}})
	}
}

// censusFixture is a server in Census mode, with an administrator whose token
// is the fixture's, and a user without any right.
type censusFixture struct {
	*fixture
	census *censusdev.Server
	user   censusdev.User
	userT  string // the user's token
}

func setupCensus(t *testing.T, timeout time.Duration) *censusFixture {
	t.Helper()
	census, url := testkit.Census(t)
	client, err := auth.NewCensusClient(url, timeout)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	f := &censusFixture{census: census}
	f.fixture = setup(t, func(o *handlers.Options) { o.Auth, o.Census = auth.NewCensus(client), client })
	_, f.token = f.add(censusdev.User{Email: "admin@example.com", Groups: censusdev.Admins()})
	f.user, f.userT = f.add(censusdev.User{Email: "User@Example.com"})
	return f
}

func (f *censusFixture) add(user censusdev.User) (censusdev.User, string) {
	f.t.Helper()
	user = f.census.Add(user)
	token, err := f.census.Token(user.ID, time.Hour)
	require.NoError(f.t, err)
	return user, token
}

func TestGrantAndRevoke(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	grant, revoke := "POST /api/v1/subtenants/company-a/grant-access", "DELETE /api/v1/subtenants/company-a/revoke-access"
	f.all([]ask{
		{name: "nothing yet", call: "GET /api/v1/functions", token: f.userT, status: 403, want: []string{"ask an administrator"}},
		{name: "no such subtenant", call: grant, body: `{"user_email":"user@example.com"}`, status: 404, want: []string{"subtenant_not_found"}},
		{call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-a"}`, status: 201},
		{call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-b"}`, status: 201},
		{name: "grant by body", call: grant, body: `{"user_email":"user@example.com"}`, status: 200, want: []string{`"user_id":"` + f.user.ID + `"`, `"subtenant_id":"company-a"`, `"message":"User@Example.com now has access`}},
		{name: "twice", call: grant, body: `{"user_email":"USER@example.com"}`, status: 200},
		{name: "at once", call: "GET /api/v1/functions", token: f.userT, status: 200},
		{name: "not another's", call: "GET /api/v1/functions", token: f.userT, header: []string{"X-Subtenant-ID: company-b"}, status: 403},
		{name: "grant by query", call: "POST /api/v1/subtenants/company-b/grant-access?user_email=user@example.com", status: 200},
		{name: "two and none named", call: "GET /api/v1/functions", token: f.userT, status: 400, want: []string{"company-a, company-b"}},
		{name: "two and one named", call: "GET /api/v1/functions", token: f.userT, header: []string{"X-Subtenant-ID: company-b"}, status: 200},
		{name: "revoke by query", call: revoke + "?user_email=user@example.com", status: 200, want: []string{`"user_id":"` + f.user.ID + `"`, "no longer has access to company-a"}},
		{name: "twice", call: revoke, body: `{"user_email":"user@example.com"}`, status: 200},
		{name: "at once, though it was cached", call: "GET /api/v1/functions", token: f.userT, header: []string{"X-Subtenant-ID: company-a"}, status: 403},
		{name: "a stranger", call: grant, body: `{"user_email":"unknown@example.com"}`, status: 404, want: []string{`"code":"not_found"`}},
		{name: "no address", call: grant, status: 422, want: []string{`"/user_email"`}},
		{name: "no address in the body", call: grant, body: `{}`, status: 422, want: []string{`"/user_email"`}},
		{name: "two of them", call: grant + "?user_email=a@example.com", body: `{"user_email":"user@example.com"}`, status: 422, want: []string{`"/user_email"`}},
		{name: "unknown member", call: grant, body: `{"email":"user@example.com"}`, status: 422, want: []string{`"/email"`}},
		{name: "not by a user", call: grant, token: f.userT, body: `{"user_email":"user@example.com"}`, status: 403},
	})
	user, _ := f.census.User(f.user.ID)
	require.Len(t, user.Access, 1)
	require.NotEmpty(t, user.Access[0].GrantedBy)

	f.must(ask{name: "delete", call: "DELETE /api/v1/subtenants/company-b", status: 204})
	user, _ = f.census.User(f.user.ID)
	require.Empty(t, user.Access, "the grants are gone with the subtenant")
	f.must(ask{call: "GET /api/v1/functions", token: f.userT, status: 403})
}

func TestCensusAway(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 200*time.Millisecond)
	f.must(ask{call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-a"}`, status: 201})
	f.must(ask{call: "POST /api/v1/subtenants/company-a/grant-access", body: `{"user_email":"user@example.com"}`, status: 200})
	f.must(ask{name: "let in", call: "GET /api/v1/functions", token: f.userT, status: 200})
	f.must(ask{name: "an administrator too", call: "GET /api/v1/subtenants", status: 200})
	_, late := f.add(censusdev.User{Email: "late@example.com", Access: censusdev.In("company-a")})
	for name, fault := range map[string]censusdev.Fault{
		"fails": {Status: http.StatusInternalServerError}, "stalls": {Stall: true}, "is busy": {Status: http.StatusTooManyRequests},
		"lies": {Path: "/groups", Body: `{"not":"a list"}`}, "speaks of something else": {Body: `<html>`},
	} {
		f.census.Break(fault)
		start := time.Now()
		got := f.must(ask{name: name, call: "GET /api/v1/functions", token: late, status: 503, want: []string{`"code":"unavailable"`}, lacks: []string{late, "127.0.0.1"}})
		require.Less(t, time.Since(start), 10*time.Second)
		require.NotEmpty(t, got.Header.Get("Retry-After"))
		f.must(ask{name: "whose answer is kept goes on", call: "GET /api/v1/functions", token: f.userT, status: 200})
	}
	asked := f.census.Calls("")
	for range 20 {
		f.must(ask{call: "GET /api/v1/functions", token: late, status: 503})
	}
	require.LessOrEqual(t, f.census.Calls(""), asked+6, "it is left alone")
	f.must(ask{name: "nothing is deleted by half", call: "DELETE /api/v1/subtenants/company-a", status: 503})
	f.must(ask{name: "nothing is deleted by half", call: "GET /api/v1/subtenants/company-a", status: 200})
	f.census.Mend()
	require.Eventually(t, func() bool {
		return f.do(ask{call: "GET /api/v1/functions", token: late}).StatusCode == http.StatusOK
	}, 20*time.Second, 50*time.Millisecond, "and it is noticed that it is back")
}

// TestCensusIsAskedOnce: a token of a closed account, and one that many carry
// at the same time.
func TestCensusIsAskedOnce(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 0)
	_, inactive := f.add(censusdev.User{Email: "gone@example.com", Inactive: true, Access: censusdev.In("company-a")})
	f.must(ask{name: "not active", call: "GET /api/v1/functions", token: inactive, status: 403})
	f.must(ask{name: "no token of Census", call: "GET /api/v1/functions", token: "abc", status: 401})
	_, many := f.add(censusdev.User{Email: "many@example.com", Access: censusdev.In("company-a")})
	before := f.census.Calls("/me")
	statuses := make(chan int, 16)
	for range cap(statuses) {
		go func() { statuses <- f.do(ask{call: "GET /api/v1/functions", token: many}).StatusCode }()
	}
	for range cap(statuses) {
		require.Equal(t, 200, <-statuses)
	}
	require.Equal(t, before+1, f.census.Calls("/me"))
}

// TestLocalTokensAskCensusForTheRest: a token with neither subtenant nor
// groups, checked here, completed there.
func TestLocalTokensAskCensusForTheRest(t *testing.T) {
	t.Parallel()
	census, url := testkit.Census(t)
	client, err := auth.NewCensusClient(url, 0)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	local, err := auth.NewLocal(testkit.CensusSecret, "")
	require.NoError(t, err)
	local.AskCensus(client)
	f := &censusFixture{census: census}
	f.fixture = setup(t, func(o *handlers.Options) { o.Auth, o.Census = local, client })
	_, user := f.add(censusdev.User{Email: "user@example.com", Access: censusdev.In("company-a")})
	_, admin := f.add(censusdev.User{Email: "admin@example.com", Groups: censusdev.Admins()})
	_, outsider := f.add(censusdev.User{Email: "outsider@example.com"})
	f.all([]ask{
		{name: "user", call: "GET /api/v1/functions", token: user, status: 200},
		{name: "user as administrator", call: "GET /api/v1/subtenants", token: user, status: 403},
		{name: "administrator", call: "GET /api/v1/subtenants", token: admin, status: 200, want: []string{`"company-a"`}},
		{name: "no access", call: "GET /api/v1/functions", token: outsider, status: 403},
		{name: "unsigned", call: "GET /api/v1/functions", token: f.mint("company-a", true), status: 401},
	})
	require.Zero(t, census.Calls("/me"), "the token was checked here")
	whole, err := auth.Mint(testkit.CensusSecret, auth.Grant{Email: "user@example.com", Tenant: "company-b", TTL: time.Hour})
	require.NoError(t, err)
	asked := census.Calls("")
	f.must(ask{name: "a token that says all", call: "GET /api/v1/functions", token: whole, status: 200})
	require.Equal(t, asked, census.Calls(""))

	stranger, err := auth.Mint(testkit.CensusSecret, auth.Grant{Email: "signed@here", Tenant: "company-b", Admin: true, TTL: time.Hour})
	require.NoError(t, err)
	for _, a := range []ask{
		{call: "POST /api/v1/subtenants/company-a/grant-access", body: `{"user_email":"user@example.com"}`},
		{call: "DELETE /api/v1/subtenants/company-a/revoke-access", body: `{"user_email":"user@example.com"}`},
		{call: "DELETE /api/v1/subtenants/company-a"},
	} {
		a.name, a.token, a.status, a.want = "an administrator whom Census does not know", stranger, 403, []string{"Census does not accept your token"}
		f.must(a)
	}
}

// TestWebhooksAndCensus: third parties send credentials of their own, which
// are none of Census's business for long.
func TestWebhooksAndCensus(t *testing.T) {
	t.Parallel()
	f := setupCensus(t, 200*time.Millisecond)
	_, owner := f.add(censusdev.User{Email: "owner@example.com", Access: censusdev.In("company-a")})
	for _, a := range []ask{
		{call: "POST /api/v1/functions", body: `{"name":"who","code":"def who(input):\n    return input['headers'].get('Authorization', 'none')"}`},
		{call: "POST /api/v1/webhooks", body: `{"path":"open","function_name":"who"}`},
		{call: "POST /api/v1/webhooks", body: `{"path":"closed","function_name":"who","requires_auth":true}`},
	} {
		a.token, a.status = owner, 201
		f.must(a)
	}
	f.all([]ask{
		{name: "one of ours never reaches a function", call: "POST /api/v1/h/open", token: owner, status: 200, want: []string{`"result":"none"`}},
		{name: "one of theirs does", call: "POST /api/v1/h/open", token: "theirs", status: 200, want: []string{`"result":"Bearer theirs"`}},
		{name: "guarded", call: "POST /api/v1/h/closed", token: owner, status: 200},
		{name: "guarded, theirs", call: "POST /api/v1/h/closed", token: "theirs", status: 401},
		{name: "guarded, a user without access", call: "POST /api/v1/h/closed", token: f.userT, status: 403},
	})
	f.census.Break(censusdev.Fault{Stall: true})
	f.all([]ask{
		{name: "public ones go on", call: "POST /api/v1/h/open", token: "neverseen", status: 200, want: []string{`"result":"none"`}},
		{name: "guarded ones too, for whom is known", call: "POST /api/v1/h/closed", token: owner, status: 200},
		{name: "not for others", call: "POST /api/v1/h/closed", token: "neverseen", status: 503},
	})
}
