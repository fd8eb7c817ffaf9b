package handlers_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/web"
)

func TestPages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for path, want := range map[string]string{
		"/": "<title>Maestro</title>", "/docs": "swagger-ui", "/redoc": "redoc.standalone.js", "/docs/docs.js": "SwaggerUIBundle",
		"/guide": "<h1>Guide</h1>", "/guide/webhooks": "<h1>Webhooks</h1>", "/guide/call-path.svg": "<svg", "/guide/search.json": `"page":"webhooks"`,
		"/docs/swagger-ui.css": ".swagger-ui", "/openapi.json": `"openapi":"3.1.0"`,
	} {
		got := f.must(ask{call: "GET " + path, token: "-", status: 200, want: []string{want}})
		require.Equal(t, web.ContentSecurityPolicy, got.Header.Get("Content-Security-Policy"), path)
		require.Equal(t, "nosniff", got.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-cache", got.Header.Get("Cache-Control"))
		require.Equal(t, "Accept-Encoding", got.Header.Get("Vary"))
		etag := got.Header.Get("ETag")
		again := f.must(ask{name: "the browser has it", call: "GET " + path, token: "-", header: []string{`If-None-Match: "x", W/` + etag}, status: 304})
		require.Empty(t, again.text)
		require.Equal(t, etag, again.Header.Get("ETag"))
		f.must(ask{name: "it has another", call: "GET " + path, token: "-", header: []string{`If-None-Match: "x"`}, status: 200})
		head := f.must(ask{call: "HEAD " + path, token: "-", status: 200})
		require.Equal(t, int64(len(got.text)), head.ContentLength, path)

		small := f.must(ask{call: "GET " + path, token: "-", header: []string{"Accept-Encoding: br, gzip;q=0.8"}, status: 200})
		require.Equal(t, "gzip", small.Header.Get("Content-Encoding"))
		require.NotEqual(t, etag, small.Header.Get("ETag"))
		reader, err := gzip.NewReader(strings.NewReader(small.text))
		require.NoError(t, err)
		plain, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.Equal(t, got.text, string(plain))
		refused := f.must(ask{call: "GET " + path, token: "-", header: []string{"Accept-Encoding: gzip;q=0"}, status: 200})
		require.Empty(t, refused.Header.Get("Content-Encoding"))
	}
	f.all([]ask{
		{name: "no such page", call: "GET /guide/nothing", token: "-", status: 404, want: []string{"/guide lists them"}},
		{name: "no file of the source", call: "GET /guide/..%2fembed.go", token: "-", status: 404},
		{name: "nothing else is served", call: "GET /docs/embed.go", token: "-", status: 404, want: []string{`"code":"not_found"`}},
		{name: "nor outside", call: "GET /docs/..%2fembed.go", token: "-", status: 404},
		{name: "a page is not an asset", call: "GET /docs/docs.html", token: "-", status: 404},
		{name: "a browser gets the envelope too", call: "GET /nothing", token: "-", header: []string{"Accept: text/html"}, status: 404},
		{name: "method", call: "POST /docs", token: "-", status: http.StatusMethodNotAllowed},
	})
}

// TestLinksToPagesCarryMarks: others add parameters to addresses of pages, which change nothing.
func TestLinksToPagesCarryMarks(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, path := range []string{"/", "/guide", "/guide/webhooks", "/docs", "/redoc", "/console/"} {
		f.must(ask{call: "GET " + path + "?utm_source=newsletter&utm_source=&fbclid=%00", token: "-", status: 200})
	}
	f.must(ask{call: "GET /openapi.json?utm_source=newsletter", token: "-", status: 422})
}

// With a slash at the end, the relative links of a page would lead elsewhere.
func TestGuideWithASlash(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for path, target := range map[string]string{
		"/guide/": "../guide", "/guide/webhooks/": "../webhooks", "/docs/": "../docs", "/redoc/?utm_source=a&b=%2F": "../redoc?utm_source=a&b=%2F",
	} {
		got := f.must(ask{call: "GET " + path, token: "-", status: http.StatusPermanentRedirect})
		require.Equal(t, target, got.Header.Get("Location"))
	}
}
