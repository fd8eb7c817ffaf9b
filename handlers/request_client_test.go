package handlers_test

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
)

// accessLine waits for the line of a request: it follows the answer.
func (f *fixture) accessLine(requestID string) string {
	f.t.Helper()
	found := ""
	require.Eventually(f.t, func() bool {
		for line := range strings.Lines(f.access.String()) {
			if strings.Contains(line, requestID) {
				found = line
				return true
			}
		}
		return false
	}, 5*time.Second, 5*time.Millisecond, "a line follows the answer")
	return found
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("f", "def f(input):\n    return 1")
	f.webhook(`{"path":"f","function_name":"f"}`)
	f.do(ask{call: "GET /api/v1/functions/none?key=swordfish", header: []string{"X-Request-ID: of-this-test"}})
	require.Regexp(t, regexp.MustCompile(`^time=\S+ level=INFO msg=request method=GET path=/api/v1/functions/none status=422 duration_ms=[0-9.]+ bytes=\d+ client=127.0.0.1 request_id=of-this-test tenant=default\n$`),
		f.accessLine("of-this-test"))
	got := f.do(ask{call: "POST /api/v1/h/f", token: "-", header: []string{"X-Request-ID: a-run", "X-Forwarded-For: 203.0.113.9"}})
	line := f.accessLine("a-run")
	require.Contains(t, line, " client=127.0.0.1 ", "no proxy is trusted")
	require.Contains(t, line, " execution_id="+got.Header.Get("X-Execution-ID"))
	require.NotContains(t, f.access.String(), "swordfish")
	require.NotContains(t, f.log.String(), "swordfish")
	require.NotContains(t, f.log.String(), f.token)
}

func TestAccessLogInJSON(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.AccessLogJSON = true })
	f.function("f", "def f(input):\n    return 1")
	f.webhook(`{"path":"f","function_name":"f"}`)
	got := f.do(ask{call: "POST /api/v1/h/f?a=b", token: "-", header: []string{"X-Request-ID: a-run"}})
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(f.accessLine("a-run")), &line))
	_, err := time.Parse(time.RFC3339, line["time"].(string))
	require.NoError(t, err)
	require.Positive(t, line["duration_ms"])
	delete(line, "time")
	delete(line, "duration_ms")
	require.Equal(t, map[string]any{
		"level": "INFO", "msg": "request", "method": "POST", "path": "/api/v1/h/f", "status": 200.0, "bytes": float64(len(got.text)),
		"client": "127.0.0.1", "request_id": "a-run", "tenant": "default", "execution_id": got.Header.Get("X-Execution-ID"),
	}, line)
}

// What a trusted proxy says of the sender counts, what it was told by others
// does not.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	f.function("url", "def url(input):\n    return input['url']")
	f.webhook(`{"path":"url","function_name":"url"}`)
	own := strings.TrimPrefix(f.url, "http://")
	for i, test := range []struct {
		header       []string
		client, base string
	}{
		{nil, "127.0.0.1", "http://" + own},
		{[]string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: api.example.com"}, "203.0.113.9", "https://api.example.com"},
		{[]string{"X-Forwarded-For: 6.6.6.6, 203.0.113.9:4711, 10.1.1.1", "X-Forwarded-Proto: http, HTTPS"}, "203.0.113.9", "https://" + own},
		{[]string{"X-Forwarded-For: [2001:db8::1]:443"}, "2001:db8::1", "http://" + own},
		{[]string{"X-Forwarded-For: unknown, 10.1.1.1", "X-Forwarded-Host: a/b", "X-Forwarded-Proto: ftp"}, "10.1.1.1", "http://" + own},
	} {
		id := "request-" + string(rune('a'+i))
		got := f.must(ask{call: "POST /api/v1/h/url?a=b", token: "-", header: append(test.header, "X-Request-ID: "+id), status: 200})
		require.Contains(t, got.text, `"result":"`+test.base+`/api/v1/h/url?a=b"`)
		require.Contains(t, f.accessLine(id), " client="+test.client+" ")
	}
}

func TestForwardedHeadersOfStrangersDoNotCount(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("url", "def url(input):\n    return input['url']")
	f.webhook(`{"path":"url","function_name":"url"}`)
	got := f.must(ask{call: "POST /api/v1/h/url", token: "-", header: []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example.com"}, status: 200})
	require.Contains(t, got.text, `"result":"`+f.url+`/api/v1/h/url"`)
}
