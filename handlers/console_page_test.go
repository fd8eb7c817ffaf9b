package handlers_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConsolePage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	folder := f.must(ask{name: "its assets are relative", call: "GET /console", token: "-", status: 308})
	require.Equal(t, "console/", folder.Header.Get("Location"))
	named := f.must(ask{call: "GET /console?subtenant=company-a", token: "-", status: 308})
	require.Equal(t, "console/?subtenant=company-a", named.Header.Get("Location"))

	page := f.must(ask{call: "GET /console/?subtenant=company-a", token: "-", status: 200, want: []string{"<title>Maestro</title>"}})
	require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
	require.Equal(t, "nosniff", page.Header.Get("X-Content-Type-Options"))
	nonce := regexp.MustCompile(`style-src 'self' 'nonce-(\w{20,})'`)
	found := nonce.FindStringSubmatch(page.Header.Get("Content-Security-Policy"))
	require.Len(t, found, 2)
	require.Contains(t, page.text, `nonce="`+found[1]+`"`)
	again := f.must(ask{name: "each response has its own", call: "GET /console/", token: "-", status: 200})
	require.NotEqual(t, found[1], nonce.FindStringSubmatch(again.Header.Get("Content-Security-Policy"))[1])
	f.must(ask{name: "an unknown parameter", call: "GET /console/?utm_source=x", token: "-", status: 200})

	assets := regexp.MustCompile(`(?:src|href)="\./([^"]+)"`).FindAllStringSubmatch(page.text, -1)
	require.GreaterOrEqual(t, len(assets), 2)
	for _, asset := range assets {
		got := f.must(ask{call: "GET /console/" + asset[1], token: "-", status: 200})
		require.Equal(t, "public, max-age=31536000, immutable", got.Header.Get("Cache-Control"), asset[1])
		require.True(t, strings.HasPrefix(got.Header.Get("Content-Type"), "text/"), asset[1])
		small := f.must(ask{call: "GET /console/" + asset[1], token: "-", header: []string{"Accept-Encoding: gzip"}, status: 200})
		require.Equal(t, "gzip", small.Header.Get("Content-Encoding"))
		require.NotEmpty(t, got.Header.Get("ETag"))
	}
	f.all([]ask{
		{name: "a file of another version", call: "GET /console/index-00000000.js", token: "-", status: 404, want: []string{"Load its page again"}},
		{name: "the page is no asset", call: "GET /console/index.html", token: "-", status: 404},
		{name: "nothing outside", call: "GET /console/..%2fembed.go", token: "-", status: 404},
		{name: "method", call: "POST /console/", token: "-", status: 405},
	})
}
