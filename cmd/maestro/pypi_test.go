package main

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// fromPyPI has the server use the index that the machine's pip uses.
func fromPyPI() []string {
	env := []string{"CENSUS_JWT_SECRET=" + jwtSecret}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "PIP_") || strings.HasPrefix(name, "SSL_CERT") || name == "REQUESTS_CA_BUNDLE" || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			env = append(env, entry)
		}
	}
	return env
}

// What people use, from where they get it.
func TestPackagesFromPyPI(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.DataDir(t), append(fromPyPI(), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))...)
	c := p.client(t, "acme")
	first := c.awaited(c.send("POST", "/api/v1/packages", map[string]any{"package_name": "python-dateutil"}))
	if strings.Contains(string(first.body), `"unavailable"`) {
		t.Skipf("PyPI can't be reached from here: %s", first.body)
	}
	require.Equal(t, http.StatusCreated, first.status, "%s", first.body)
	for _, name := range []string{"httpx", "requests", "jinja2", "pyyaml"} {
		c.want("POST", "/api/v1/packages", map[string]any{"package_name": name}, http.StatusCreated)
	}
	c.define("uses", `
import importlib.metadata
import dateutil.parser, httpx, jinja2, requests, yaml

def uses(input):
    request = httpx.Request("GET", "https://example.com/", params={"q": "a b"})
    prepared = requests.Request("POST", "https://example.com/", json={"a": 1}).prepare()
    return {
        "date": dateutil.parser.parse("24 November 2026 10:30").isoformat(),
        "url": str(request.url),
        "body": prepared.body.decode(),
        "page": jinja2.Template("{% for i in items %}<{{ i|e }}>{% endfor %}").render(items=["a", "<b>"]),
        "yaml": yaml.safe_load("a: [1, 2, {b: c}]"),
        "versions": all(importlib.metadata.version(n) for n in ("httpx", "requests", "jinja2", "pyyaml", "python-dateutil")),
    }
`)
	require.JSONEq(t, `{"date": "2026-11-24T10:30:00", "url": "https://example.com/?q=a+b", "body": "{\"a\": 1}", "page": "<a><&lt;b&gt;>",
		"yaml": {"a": [1, 2, {"b": "c"}]}, "versions": true}`, urlSpaces(c.result("uses", nil)))

	for _, name := range []string{"numpy", "pydantic"} {
		installed := c.want("POST", "/api/v1/packages", map[string]any{"package_name": name}, http.StatusCreated)
		require.Equal(t, "process", installed["lane"], "%v", installed)
	}
}

// urlSpaces brings the two ways to write a space in a query into one.
func urlSpaces(text string) string { return strings.ReplaceAll(text, "%20", "+") }
