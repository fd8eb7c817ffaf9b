package handlers_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	neturl "net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/auth"
	"maestro/internal/testkit"
	"maestro/repo"
)

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	f := setup(t)
	expired, err := auth.Mint(signingSecret, auth.Grant{Email: "a@example.com", Tenant: "default", TTL: time.Minute, Now: time.Now().Add(-time.Hour)})
	require.NoError(t, err)
	admin := f.mint("", true)
	f.all([]ask{
		{name: "no token", call: "GET /api/v1/functions", token: "-", status: 401, want: []string{`"code":"unauthorized"`}},
		{name: "no bearer", call: "GET /api/v1/functions", token: "-", header: []string{"Authorization: Basic abc"}, status: 401},
		{name: "lower case", call: "GET /api/v1/functions", token: "-", header: []string{"authorization: bearer " + f.token}, status: 200},
		{name: "not valid", call: "GET /api/v1/functions", token: "no-token", status: 401, lacks: []string{"no-token"}},
		{name: "expired", call: "GET /api/v1/functions", token: expired, status: 401, want: []string{"expired"}},
		{name: "before anything else is looked at", call: "POST /api/v1/functions", token: "-", body: "{", status: 401},
		{name: "an unknown address", call: "GET /api/v1/nothing", token: "-", status: 401},
		{name: "another address", call: "GET /api/v1/packages", token: "-", status: 401},
		{name: "another's", call: "GET /api/v1/functions", header: []string{"X-Subtenant-ID: other"}, status: 403, want: []string{"forbidden"}},
		{name: "the own subtenant by name", call: "GET /api/v1/functions", header: []string{"X-Subtenant-ID: default"}, status: 200},
		{name: "admin, none named", call: "GET /api/v1/functions", token: admin, status: 400},
		{name: "admin, any", call: "GET /api/v1/functions", token: admin, header: []string{"X-Subtenant-ID: default"}, status: 200},
		{name: "admin, a missing subtenant", call: "GET /api/v1/functions", token: admin, header: []string{"X-Subtenant-ID: missing"}, status: 404, want: []string{"subtenant_not_found"}},
	})
}

func TestMissingRoutesAndMethods(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.all([]ask{
		{name: "outside", call: "GET /nothing", token: "-", status: 404},
		{name: "inside", call: "GET /api/v1/nothing", status: 404},
		{name: "method", call: "PATCH /api/v1/functions", status: 405},
		{name: "method of WebDAV", call: "PROPFIND /api/v1/functions", status: 405},
		{name: "no method", call: "BREW /api/v1/functions", status: 400, want: []string{"bad_request"}},
		{name: "case", call: "GET /API/v1/functions", status: 404},
	})
	got := f.do(ask{call: "PATCH /api/v1/functions"})
	require.Contains(t, got.Header.Get("Allow"), "GET")
	require.Contains(t, got.Header.Get("Allow"), "POST")
	require.NotContains(t, got.Header.Get("Allow"), "DELETE")
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    return 1")
	f.webhook(`{"path":"f","function_name":"f"}`)
	for given, taken := range map[string]bool{
		"abc-123_X.y:z": true, "0190a8f0-0000-7000-8000-000000000000": true, "with space": false, `"quoted"`: false,
		"<script>": false, strings.Repeat("a", 129): false, "ä": false,
	} {
		for _, call := range []string{"GET /api/v1/functions", "POST /api/v1/h/f", "GET /nothing", "GET /health"} {
			got := f.do(ask{call: call, header: []string{"X-Request-ID: " + given}}).Header.Get("X-Request-ID")
			require.NotEmpty(t, got, call)
			require.Equal(t, taken, got == given, "%s %s: %s", call, given, got)
		}
	}
}

// panicking is an Authenticator that has a bug.
type panicking struct{}

func (panicking) Authenticate(context.Context, string) (*auth.Principal, error) {
	panic("swordfish")
}
func (panicking) Issued(string) bool { panic("swordfish") }
func (panicking) Forget(string)      { panic("swordfish") }

func TestAPanicIsAnErrorLikeAnyOther(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) {
		o.Auth = panicking{}
		o.Probes = []handlers.Probe{{Name: "broken", Check: func(context.Context) error { panic("swordfish") }}}
	})
	f.must(ask{call: "GET /api/v1/functions", status: 500, want: []string{`"code":"internal"`}, lacks: []string{"swordfish", "panic", ".go"}})
	require.Equal(t, 1, strings.Count(f.log.String(), `"msg":"internal error"`))
	require.Contains(t, f.log.String(), "authenticate.go", "the log has the stack")
	f.must(ask{call: "POST /api/v1/h/x", status: 500, lacks: []string{"swordfish"}})
	got := f.do(ask{call: "GET /health", token: "-"})
	require.Equal(t, 200, got.StatusCode)
	require.Contains(t, got.text, `"status":"degraded"`)
}

func TestADeletedSubtenantStaysDeleted(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.db.EnsureSubtenant(t.Context(), "gone")
	require.NoError(t, err)
	require.NoError(t, f.db.DeleteSubtenant(t.Context(), "gone"))
	f.must(ask{call: "GET /api/v1/functions", token: f.mint("gone", false), status: 404, want: []string{"subtenant_not_found"}})
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	f := setup(t)
	got := f.do(ask{call: "GET /openapi.json", token: "-"})
	require.Equal(t, 200, got.StatusCode)
	var document struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.text), &document))
	require.Equal(t, "3.1.0", document.OpenAPI)
	for _, path := range []string{"/api/v1/functions", "/api/v1/functions/{name}", "/api/v1/webhooks/{id}", "/api/v1/executions/{id}/logs", "/api/v1/h/{path}"} {
		require.Contains(t, document.Paths, path)
	}
	require.Contains(t, got.text, "request_id", "the envelope is described")
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	url, cut := severable(t, testkit.DatabaseURL(t))
	away, err := repo.Open(t.Context(), url, repo.Options{})
	require.NoError(t, err)
	t.Cleanup(away.Close)
	f := setup(t, func(o *handlers.Options) { o.DB = away })
	f.must(ask{call: "GET /api/v1/functions", status: 200})
	cut()
	for _, a := range []ask{
		{name: "rest", call: "GET /api/v1/functions", status: 503},
		{name: "webhook", call: "POST /api/v1/h/f", token: "-", status: 503},
	} {
		a.want, a.lacks = []string{`"code":"unavailable"`}, []string{"127.0.0.1", "EOF", "refused"}
		require.NotEmpty(t, f.must(a).Header.Get("Retry-After"))
	}
}

// severable returns the address of a database behind a line that cut severs.
func severable(t *testing.T, url string) (address string, cut func()) {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	lines := make(chan net.Conn, 64)
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				close(lines)
				return
			}
			network, target := pgconn.NetworkAddress(config.Host, config.Port)
			far, err := net.Dial(network, target)
			if err != nil {
				_ = near.Close()
				continue
			}
			lines <- near
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
		}
	}()
	cut = sync.OnceFunc(func() {
		_ = listener.Close()
		for line := range lines {
			_ = line.Close()
		}
	})
	t.Cleanup(cut)
	user := neturl.UserPassword(config.User, config.Password)
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", user, listener.Addr(), config.Database), cut
}

func TestLimitsOfARequest(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.MaxBodyBytes = 64 << 10 })
	f.function("size", "def size(input):\n    return len(str(input['body']))")
	f.webhook(`{"path":"size","function_name":"size"}`)
	large := `"` + strings.Repeat("a", 64<<10) + `"`
	for _, a := range []ask{
		{name: "body", call: "POST /api/v1/h/size", token: "-", body: large, status: 413, want: []string{"body_too_large"}},
		{name: "body", call: "POST /api/v1/executions", body: large, status: 413, want: []string{"body_too_large"}},
		{name: "headers", call: "GET /api/v1/functions", header: []string{"X-Long: " + strings.Repeat("a", 40<<10)}, status: 431, want: []string{"headers_too_large"}},
		{name: "headers within", call: "GET /api/v1/functions", header: []string{"X-Long: " + strings.Repeat("a", 20<<10)}, status: 200},
		{name: "a body within", call: "POST /api/v1/h/size", token: "-", body: `"` + strings.Repeat("a", 60<<10) + `"`, status: 200},
	} {
		f.must(a)
	}
	status, text := f.raw("POST /api/v1/h/size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
		strings.Repeat("4000\r\n"+strings.Repeat("a", 0x4000)+"\r\n", 5) + "0\r\n\r\n")
	require.Equal(t, 413, status, text)
	status, text = f.raw("POST /api/v1/h/size HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
	require.Equal(t, 413, status, text)
}

func TestCompressedBodies(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.MaxBodyBytes = 1 << 20 })
	f.function("echo", "def echo(input):\n    return input")
	f.webhook(`{"path":"echo","function_name":"echo"}`)
	text := `{"greeting":"hello"}`
	for coding, body := range map[string]string{
		"gzip": compressed(t, "gzip", text), "br": compressed(t, "br", text), "zstd": compressed(t, "zstd", text), "deflate": compressed(t, "deflate", text),
		"gzip, br": compressed(t, "br", compressed(t, "gzip", text)), "identity": text,
	} {
		f.must(ask{name: coding, call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Encoding: " + coding}, body: body, status: 200, want: []string{`"greeting":"hello"`}})
		f.must(ask{name: coding, call: "POST /api/v1/executions", header: []string{"Content-Encoding: " + coding},
			body: recompressed(t, coding, `{"function_name":"echo","input_data":"hello"}`), status: 200, want: []string{"hello"}})
	}
	for _, coding := range []string{"gzip", "br", "zstd", "deflate"} {
		bomb := compressed(t, coding, `"`+strings.Repeat("a", 50<<20)+`"`)
		f.must(ask{name: coding + " bomb", call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Encoding: " + coding}, body: bomb, status: 413})
		f.must(ask{name: coding + " bomb", call: "POST /api/v1/functions", header: []string{"Content-Encoding: " + coding}, body: bomb, status: 413})
		f.must(ask{name: coding + " that is none", call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Encoding: " + coding}, body: "no such thing", status: 400})
	}
	f.must(ask{call: "POST /api/v1/h/echo", token: "-", header: []string{"Content-Encoding: lzma"}, body: "x", status: 415})
}

func recompressed(t *testing.T, codings, text string) string {
	for coding := range strings.SplitSeq(codings, ", ") {
		text = compressed(t, coding, text)
	}
	return text
}

func compressed(t *testing.T, coding, text string) string {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "br":
		w = brotli.NewWriterLevel(&out, 1)
	case "deflate":
		w = zlib.NewWriter(&out)
	case "zstd":
		encoder, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
		require.NoError(t, err)
		w = encoder
	default:
		return text
	}
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.String()
}

// TestInvalidHTTPIsRefused sends bytes that a client library never would.
func TestInvalidHTTPIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", "def echo(input):\n    return input")
	f.webhook(`{"path":"echo","function_name":"echo"}`)
	for _, test := range []struct {
		name, text string
		status     int
		want       string
	}{
		{"nonsense", "nonsense\r\n\r\n", 400, "bad_request"},
		{"no length that is one", "POST /api/v1/h/echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "bad_request"},
		{"repeated headers", "POST /api/v1/h/echo HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 200, `"X-A":"1, 2"`},
		{"repeated Authorization", "POST /api/v1/h/echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\nContent-Length: 0\r\n\r\n", 400, "Authorization is repeated"},
		{"the same Authorization twice", "GET /health HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer a\r\n\r\n", 400, "Authorization is repeated"},
		{"repeated X-Subtenant-ID", "GET /api/v1/functions HTTP/1.1\r\nHost: a\r\nX-Subtenant-ID: a\r\nx-subtenant-id: b\r\n\r\n", 400, "X-Subtenant-ID is repeated"},
		{"an empty Idempotency-Key", "POST /api/v1/h/echo HTTP/1.1\r\nHost: a\r\nIdempotency-Key: \r\nContent-Length: 0\r\n\r\n", 422, "must have 1 to 255 bytes"},
		{"repeated Idempotency-Key", "POST /api/v1/h/echo HTTP/1.1\r\nHost: a\r\nIdempotency-Key: a\r\nIdempotency-Key: a\r\nContent-Length: 0\r\n\r\n", 400, "Idempotency-Key is repeated"},
		{"LF alone", "POST /api/v1/h/echo HTTP/1.1\nHost: a\nContent-Length: 0\n\n", 400, "End each one in CR LF"},
		{"LF alone, with a body", "POST /api/v1/h/echo HTTP/1.1\nHost: a\nContent-Length: 2\n\n{}", 400, "End each one in CR LF"},
		{"LF alone in the last line", "GET /health HTTP/1.1\r\nHost: a\r\n\n", 400, "End each one in CR LF"},
		{"LF alone before the last line", "GET /health HTTP/1.1\nHost: a\n\r\n", 400, "End each one in CR LF"},
		{"LF alone in some lines", "GET /health HTTP/1.1\nHost: a\nX-A: 1\r\nConnection: close\r\n\r\n", 200, "healthy"},
		{"empty lines before a request", "\r\n\nGET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200, "healthy"},
		{"TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 400, "The client speaks TLS"},
		{"a space before a colon", "POST /api/v1/h/echo HTTP/1.1\r\nHost: a\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n", 400, "a space before the colon of the header \\\"X-A\\\""},
		{"no Host", "POST /api/v1/h/echo HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400, "The header Host is missing"},
		{"no Host in HTTP/1.0", "GET /health HTTP/1.0\r\n\r\n", 200, "healthy"},
		{"repeated Host", "POST /api/v1/h/echo HTTP/1.1\r\nHost: a\r\nhost: a\r\nContent-Length: 0\r\n\r\n", 400, "Host is repeated"},
		{"a continued line", "POST /api/v1/h/echo HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n  host : 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 200, `"X-A":"1 host : 2"`},
		{"dots stay", "POST /api/v1/h/echo/../echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 404, "webhook_not_found"},
	} {
		status, text := f.raw(test.text)
		require.Equal(t, test.status, status, "%s: %s", test.name, text)
		require.Contains(t, text, test.want, test.name)
	}
}

// A request that states its length twice ends its connection, so that no rest of it
// is taken for a request (RFC 9112, 6.1).
func TestTwoLengthsEndTheConnection(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", "def echo(input):\n    return input")
	f.webhook(`{"path":"echo","function_name":"echo"}`)
	head := "POST /api/v1/h/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	for lengths, closes := range map[string]bool{"Content-Length: 3\r\n": true, "": false} {
		got := f.sent(head + lengths + "\r\n2\r\n{}\r\n0\r\n\r\n")
		require.Equal(t, http.StatusOK, got.StatusCode, got.text)
		require.Equal(t, closes, got.Close, lengths)
	}
}

func (f *fixture) raw(text string) (int, string) {
	f.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	require.NoError(f.t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(f.t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, text)
	require.NoError(f.t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(f.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(f.t, err)
	return response.StatusCode, string(body)
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", "def echo(input):\n    return [input['body'], input['path_params'], input['headers']['X-N'], input['query']]")
	f.webhook(`{"path":"echo/{n}","function_name":"echo"}`)
	errs := make(chan error, 16)
	for worker := range 16 {
		go func() {
			for i := range 40 {
				n := fmt.Sprint(worker*1000 + i)
				got := f.do(ask{call: "POST /api/v1/h/echo/" + n + "?q=" + n, token: "-", header: []string{"X-N: " + n}, body: n})
				want := fmt.Sprintf(`"result":[%s,{"n":"%s"},"%s",{"q":"%s"}]`, n, n, n, n)
				if !strings.Contains(got.text, want) {
					errs <- fmt.Errorf("wanted %s, got %s", want, got.text)
					return
				}
			}
			errs <- nil
		}()
	}
	for range 16 {
		require.NoError(t, <-errs)
	}
}
