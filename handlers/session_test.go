package handlers_test

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/auth"
	"maestro/internal/payload"
	"maestro/internal/session"
)

const console = "X-Maestro-Console: 1"

// cookieOf is the cookie of an answer, as the header of the next request.
func cookieOf(t testing.TB, a answer) string {
	t.Helper()
	for _, c := range a.Cookies() {
		if c.Name == payload.SessionCookie {
			return "Cookie: " + c.Name + "=" + c.Value
		}
	}
	require.Fail(t, "the answer has no session")
	return ""
}

// signIn begins a session with the fixture's token.
func (f *fixture) signIn() (cookie string) {
	f.t.Helper()
	return cookieOf(f.t, f.must(ask{call: "POST /api/v1/session", header: []string{console}, status: 204}))
}

func TestSessionOfAToken(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.must(ask{call: "GET /api/v1/session", token: "-", status: 200, want: []string{`"signed_in":false`, `"email":null`, `"signs_in_by_itself":false`}, lacks: []string{"dev"}})
	own := "Origin: " + f.url
	for _, begin := range []ask{
		{name: "by its header", header: []string{console}},
		{name: "in the body", token: "-", header: []string{console, own}, body: `{"token":"` + f.token + `"}`},
		{name: "with Sec-Fetch-Site", token: "-", header: []string{console, "Sec-Fetch-Site: same-origin"}, body: `{"token":"` + f.token + `"}`},
	} {
		begin.call, begin.status = "POST /api/v1/session", 204
		got := f.must(begin)
		require.Empty(t, got.text)
		made := got.Cookies()[0]
		require.Equal(t, payload.SessionCookie, made.Name)
		require.NotContains(t, made.Value, f.token)
		require.True(t, made.HttpOnly)
		require.Equal(t, http.SameSiteStrictMode, made.SameSite)
		require.Equal(t, "/api/v1", made.Path)
		require.False(t, made.Secure, "the request came by HTTP")
		require.Empty(t, made.Domain)
		require.InDelta(t, time.Until(auth.ExpiryOf(f.token)).Seconds(), made.MaxAge, 2, "it ends with its token")

		cookie := cookieOf(t, got)
		f.must(ask{call: "GET /api/v1/session", token: "-", header: []string{cookie, console}, status: 200,
			want: []string{`"signed_in":true`, `"email":"user@example.com"`, `"subtenant_id":"default"`, `"subtenants":["default"]`, `"admin":false`, `"ends_at":"2`}})
		f.must(ask{call: "GET /api/v1/functions", token: "-", header: []string{cookie, console}, status: 200})
		f.must(ask{call: "GET /api/v1/functions", token: "-", header: []string{cookie, console, "X-Subtenant-ID: other"}, status: 403})
		f.must(ask{call: "GET /api/v1/subtenants", token: "-", header: []string{cookie, console}, status: 403})
		out := f.must(ask{call: "DELETE /api/v1/session", token: "-", header: []string{cookie, console, own}, status: 204})
		require.Less(t, out.Cookies()[0].Expires.Unix(), time.Now().Unix())
		require.Empty(t, out.Cookies()[0].Value)
	}
	require.NotContains(t, f.access.String()+f.log.String(), f.signIn()[len("Cookie: maestro_session="):], "a session is in no log")
}

func TestSessionsThatDoNotBegin(t *testing.T) {
	t.Parallel()
	f := setup(t)
	own := "Origin: " + f.url
	expired, err := auth.Mint(signingSecret, auth.Grant{Email: "a@example.com", Tenant: "default", TTL: time.Minute, Now: time.Now().Add(-time.Hour)})
	require.NoError(t, err)
	long, err := auth.Mint(signingSecret, auth.Grant{Email: strings.Repeat("a", 1200) + "@example.com", Tenant: "default", TTL: time.Minute})
	require.NoError(t, err)
	for _, a := range []ask{
		{name: "no token", token: "-", header: []string{console, own}, status: 401},
		{name: "no header of the console", status: 403, want: []string{"X-Maestro-Console"}},
		{name: "another value of it", header: []string{"X-Maestro-Console: true"}, status: 403},
		{name: "a token that has ended", token: expired, header: []string{console}, status: 401},
		{name: "the same in the body", token: "-", header: []string{console, own}, body: `{"token":"` + expired + `"}`, status: 401, lacks: []string{expired}},
		{name: "no token at all", token: "-", header: []string{console, own}, body: `{"token":"x"}`, status: 401},
		{name: "two tokens", header: []string{console}, body: `{"token":"` + f.token + `"}`, status: 422},
		{name: "a page of another site", token: "-", header: []string{console, "Origin: https://evil.example.com"}, body: `{"token":"` + f.token + `"}`, status: 403},
		{name: "a page of another port", token: "-", header: []string{console, "Origin: http://127.0.0.1:1"}, body: `{"token":"` + f.token + `"}`, status: 403},
		{name: "a page with an origin of its own", token: "-", header: []string{console, "Origin: null"}, body: `{"token":"` + f.token + `"}`, status: 403},
		{name: "a form of another site", token: "-", header: []string{"Content-Type: text/plain", "Origin: https://evil.example.com"}, body: `{"token":"` + f.token + `"}`, status: 415},
		{name: "a token too long for a cookie", token: long, header: []string{console}, status: 422, want: []string{"2800"}},
		{name: "the token in the query", call: "POST /api/v1/session?token=" + f.token, token: "-", header: []string{console, own}, status: 422, lacks: []string{f.token}},
		{name: "another subtenant", header: []string{console, "X-Subtenant-ID: other"}, status: 403},
	} {
		if a.call == "" {
			a.call = "POST /api/v1/session"
		}
		require.Empty(t, f.must(a).Cookies(), a.name)
	}
}

// Requests that other pages can make a browser send carry the cookie at most.
func TestCookieOfOtherPages(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.CORSOrigins = []string{"https://app.example.com"} })
	cookie, own := f.signIn(), "Origin: "+f.url
	for _, a := range []ask{
		{name: "a link", call: "GET /api/v1/functions", header: []string{cookie}, status: 401},
		{name: "another value", call: "GET /api/v1/functions", header: []string{cookie, "X-Maestro-Console: yes"}, status: 401},
		{name: "a form", call: "POST /api/v1/executions", header: []string{cookie, own}, body: `{"function_name":"f"}`, status: 401},
		{name: "a script of another site", call: "GET /api/v1/functions", header: []string{cookie, console, "Sec-Fetch-Site: cross-site"}, status: 403},
		{name: "of another port", call: "GET /api/v1/functions", header: []string{cookie, console, "Sec-Fetch-Site: same-site"}, status: 403},
		{name: "typed by the user", call: "GET /api/v1/functions", header: []string{cookie, console, "Sec-Fetch-Site: none"}, status: 403},
		{name: "with a forged origin beside", call: "GET /api/v1/functions", header: []string{cookie, console, "Sec-Fetch-Site: cross-site", own}, status: 403},
		{name: "an allowed origin", call: "GET /api/v1/functions", header: []string{cookie, console, "Origin: https://app.example.com"}, status: 403},
		{name: "a page with no origin", call: "GET /api/v1/functions", header: []string{cookie, console, "Origin: null"}, status: 403},
		{name: "a change that names no origin", call: "DELETE /api/v1/functions/f", header: []string{cookie, console}, status: 403},
		{name: "signing out from elsewhere", call: "DELETE /api/v1/session", header: []string{cookie, console, "Sec-Fetch-Site: cross-site"}, status: 403},
		{name: "the stream of an execution", call: "GET /api/v1/executions/" + someID + "/logs/stream", header: []string{cookie}, status: 401},
		{name: "the list of subtenants", call: "GET /api/v1/subtenants", header: []string{cookie}, status: 401},
		{name: "the console itself, without Sec-Fetch-Site", call: "GET /api/v1/functions", header: []string{cookie, console}, status: 200},
		{name: "the console itself, a change", call: "DELETE /api/v1/functions/f", header: []string{cookie, console, own}, status: 404},
	} {
		a.token = "-"
		f.must(a)
	}
	preflight := f.must(ask{call: "OPTIONS /api/v1/functions", token: "-", status: 204, header: []string{
		"Origin: https://app.example.com", preflight, "Access-Control-Request-Headers: authorization, x-maestro-CONSOLE,x-other"}})
	require.Equal(t, "authorization,x-other", preflight.Header.Get("Access-Control-Allow-Headers"))
	require.NotContains(t, corsHeaders(preflight), "Credentials")
	f.must(ask{name: "a token beside the cookie counts alone", call: "GET /api/v1/functions", token: "forged", header: []string{cookie, console}, status: 401})
}

const someID = "01968f5e-7b3c-7c1a-9d42-3f5b8e6a1c70"

func TestSessionsThatHaveEnded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	keeper, err := session.New(signingSecret)
	require.NoError(t, err)
	other, err := session.New([]byte("the key of another server"))
	require.NoError(t, err)
	expired, err := auth.Mint(signingSecret, auth.Grant{Email: "a@example.com", Tenant: "default", TTL: time.Minute, Now: time.Now().Add(-time.Hour)})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"its end is over":          keeper.Seal(session.Session{Token: f.token, Until: time.Now().Add(-time.Second)}),
		"its token is over":        keeper.Seal(session.Session{Token: expired, Until: time.Now().Add(time.Hour)}),
		"of another server":        other.Seal(session.Session{Token: f.token, Until: time.Now().Add(time.Hour)}),
		"the token itself":         f.token,
		"characters that are none": "%%%",
	} {
		for _, call := range []string{"GET /api/v1/functions", "GET /api/v1/session"} {
			got := f.must(ask{name: name, call: call, token: "-", header: []string{"Cookie: maestro_session=" + text, console}, status: 401})
			require.Len(t, got.Cookies(), 1, name)
			require.Empty(t, got.Cookies()[0].Value, "%s: the browser forgets it", name)
		}
	}
}

// The cookie is sent with requests of webhooks too, where it means nothing and is
// seen by no function.
func TestSessionAtWebhooks(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", "import maestro\ndef echo(request):\n    return {'input': request['headers'], 'raw': dict(maestro.request().headers)}")
	f.webhook(`{"path":"open","function_name":"echo","input_mode":"request"}`)
	f.webhook(`{"path":"closed","function_name":"echo","input_mode":"request","requires_auth":true}`)
	cookie := f.signIn()
	value := strings.TrimPrefix(cookie, "Cookie: ")
	f.must(ask{call: "POST /api/v1/h/closed", token: "-", header: []string{cookie, console, "Sec-Fetch-Site: same-origin"}, status: 404})
	f.must(ask{call: "POST /api/v1/h/open", token: "-", header: []string{cookie, console}, status: 200, lacks: []string{"maestro_session", "Cookie"}})
	f.must(ask{call: "POST /api/v1/h/open", token: "-", header: []string{"Cookie: a=1; " + value + ";b=2"}, status: 200,
		want: []string{`"Cookie":"a=1; b=2"`}, lacks: []string{"maestro_session"}})
	f.function("sets", "def sets(input):\n    return {'status_code': 200, 'headers': {'Set-Cookie': ['maestro_session=theirs; Path=/api/v1', 'a=1']}}")
	f.webhook(`{"path":"sets","function_name":"sets","response_mode":"raw"}`)
	got := f.must(ask{call: "POST /api/v1/h/sets", token: "-", status: 200})
	require.Equal(t, []string{"a=1"}, got.Header.Values("Set-Cookie"))
}

// A page that a function answers with has an origin of its own.
func TestPagesOfWebhooksAreSandboxed(t *testing.T) {
	t.Parallel()
	for _, open := range []bool{false, true} {
		f := setup(t, func(o *handlers.Options) { o.OpenPages = open })
		f.function("page", `def page(request):
    media = request["query"].get("media")
    headers = {"Content-Type": media} if media else {}
    if request["query"].get("csp"):
        headers["Content-Security-Policy"] = "default-src 'none'"
    if request["query"].get("stream"):
        import maestro
        def pieces():
            yield "<p>"
        return maestro.Response(pieces(), headers=headers)
    return {"status_code": 200, "headers": headers, "body": "<script>1</script>"}`)
		f.webhook(`{"path":"page","function_name":"page","http_method":"GET","response_mode":"raw","input_mode":"request"}`)
		for media, want := range map[string]bool{
			"text/html": true, "TEXT/HTML%3B+charset=utf-8": true, "application/xhtml%2Bxml": true, "image/svg%2Bxml": true, "text/xml": true, "x/unknown": true, "text%20/html": true,
			"text/plain": false, "application/json": false, "text/csv%3B+charset=utf-8": false, "": false,
		} {
			for _, more := range []string{"", "&csp=1", "&stream=1"} {
				if media == "" && more == "&stream=1" {
					continue // its media type follows from what it yields
				}
				got := f.must(ask{call: "GET /api/v1/h/page?media=" + media + more, token: "-", status: 200})
				policies := strings.Join(got.Header.Values("Content-Security-Policy"), "\n")
				require.Equal(t, want && !open, strings.Contains(policies, "sandbox"), "%s%s: %s", media, more, policies)
				require.NotContains(t, policies, "allow-same-origin")
				require.Equal(t, more == "&csp=1", strings.Contains(policies, "default-src 'none'"))
			}
		}
	}
}

func TestServerThatSignsInByItself(t *testing.T) {
	t.Parallel()
	var foreign bool
	var token string
	f := setup(t, func(o *handlers.Options) {
		o.SignIn = func(remote, local netip.AddrPort) (string, error) {
			if foreign {
				return "", errors.New("a process of a function")
			}
			return token, nil
		}
	})
	token = f.mint("default", true)
	_, port, _ := strings.Cut(strings.TrimPrefix(f.url, "http://"), ":")
	begin := func(host string, header ...string) ask {
		return ask{name: host + strings.Join(header, " "), call: "POST /api/v1/session", token: "-", header: append([]string{console, "Host: " + host, "Sec-Fetch-Site: same-origin"}, header...)}
	}
	for _, host := range []string{"localhost:" + port, "LOCALHOST:" + port, "127.0.0.1:" + port, "[::1]:" + port, "127.3.2.1", "maestro.localhost:" + port, "localhost"} {
		a := begin(host)
		a.status = 204
		cookie := cookieOf(t, f.must(a))
		f.must(ask{call: "GET /api/v1/session", token: "-", header: []string{cookie, console}, status: 200, want: []string{`"admin":true`, `"signs_in_by_itself":true`}})
		f.must(ask{call: "GET /api/v1/subtenants", token: "-", header: []string{cookie, console}, status: 200})
	}
	for _, a := range []ask{
		begin("evil.example.com:" + port), // DNS rebinding
		begin("evil.example.com", "Origin: http://evil.example.com"),
		begin("localhost.example.com:" + port), begin("127.0.0.1.example.com"), begin("10.0.0.1:" + port), begin("notlocalhost"),
		begin("localhost:"+port, "X-Forwarded-For: 203.0.113.7"), begin("localhost:"+port, "Forwarded: for=203.0.113.7"), begin("localhost:"+port, "Via: 1.1 proxy"),
	} {
		a.status = 401
		require.Empty(t, f.must(a).Cookies(), a.name)
	}
	for _, a := range []ask{
		{name: "without the console's header", header: []string{"Sec-Fetch-Site: same-origin"}, status: 403},
		{name: "from another page", header: []string{console, "Origin: http://localhost:1"}, status: 403},
		{name: "from a page of a webhook", header: []string{console, "Origin: null", "Sec-Fetch-Site: cross-site"}, status: 403},
		{name: "with a token that is not valid", token: "forged", header: []string{console}, status: 401},
	} {
		a.call = "POST /api/v1/session"
		if a.token == "" {
			a.token = "-"
		}
		require.Empty(t, f.must(a).Cookies(), a.name)
	}
	foreign = true
	a := begin("localhost:" + port)
	a.status = 403
	require.Empty(t, f.must(a).Cookies())
}

// Functions get no session on a connection of their own, by a token that they have
// found, by the cookie of one, or by itself.
func TestSessionsAndFunctions(t *testing.T) {
	t.Parallel()
	var token string
	var theirs bool
	f := setup(t, func(o *handlers.Options) {
		o.FromFunction = func(_, _ netip.AddrPort) bool { return theirs }
		o.SignIn = func(_, _ netip.AddrPort) (string, error) { return token, nil }
	})
	token = f.mint("default", true)
	cookie := f.signIn()
	theirs = true
	own := "Origin: " + f.url
	for _, a := range []ask{
		{call: "POST /api/v1/session", token: token, header: []string{console}},
		{call: "POST /api/v1/session", token: "-", header: []string{console, own}},
		{call: "POST /api/v1/session", token: "-", header: []string{console, own}, body: `{"token":"` + token + `"}`},
		{call: "GET /api/v1/session", token: "-", header: []string{cookie, console}},
		{call: "GET /api/v1/functions", token: "-", header: []string{cookie, console}},
	} {
		a.status, a.want = 403, []string{"own-api"}
		require.Empty(t, f.must(a).Cookies())
	}
}

func TestSessionBehindProxies(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		o.PublicURL = "https://public.example.com"
	})
	body := `{"token":"` + f.token + `"}`
	for _, c := range []struct {
		header []string
		secure bool
		status int
	}{
		{[]string{"X-Forwarded-Proto: https", "X-Forwarded-Host: m.example.com", "Origin: https://m.example.com"}, true, 204},
		{[]string{"X-Forwarded-Proto: https", "X-Forwarded-Host: m.example.com", "Origin: https://public.example.com"}, true, 204},
		{[]string{"X-Forwarded-Proto: http", "Origin: https://public.example.com"}, false, 204},
		{[]string{"X-Forwarded-Proto: https", "X-Forwarded-Host: m.example.com", "Origin: https://evil.example.com"}, false, 403},
		{[]string{"Origin: http://public.example.com"}, false, 403},
	} {
		got := f.must(ask{call: "POST /api/v1/session", token: "-", header: append(c.header, console), body: body, status: c.status})
		if c.status == 204 {
			require.Equal(t, c.secure, got.Cookies()[0].Secure, c.header)
		}
	}
}
