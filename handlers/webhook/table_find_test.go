package webhook

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func tree(routes ...string) *routeNode {
	root := &routeNode{}
	for _, text := range routes {
		method, path, _ := strings.Cut(text, " ")
		root.insert(newRoute(model.Webhook{Method: method, Path: path}))
	}
	return root
}

// matched renders what a call finds: the route and its parameters, or the
// methods that the path takes.
func matched(root *routeNode, method, path string) string {
	var m match
	if !root.find(splitPath(nil, []byte(path)), method, &m) {
		slices.Sort(m.allow)
		return "- " + strings.Join(m.allow, ",")
	}
	out := m.route.webhook.Method + " " + m.route.webhook.Path
	for i, name := range m.route.parameters {
		out += fmt.Sprintf(" %s=%s", name, m.values[i])
	}
	return out
}

func TestFind(t *testing.T) {
	t.Parallel()
	root := tree(
		"POST hello", "GET orders/{id}", "GET orders/new", "ANY orders/{id}", "POST orders/new/items",
		"GET a/{x}/c", "GET a/b/{y}", "GET {first}/only", "ANY deep/{a}/{b}/{c}", "PUT a/b/d",
	)
	for call, want := range map[string]string{
		"POST hello":             "POST hello",
		"POST hello/":            "POST hello",
		"POST hello//":           "- ",
		"POST Hello":             "- ",
		"GET hello":              "- POST",
		"POST hel%6Co":           "POST hello",
		"GET orders/new":         "GET orders/new",
		"GET orders/7":           "GET orders/{id} id=7",
		"PATCH orders/7":         "ANY orders/{id} id=7",
		"POST orders/new":        "ANY orders/{id} id=new", // the literal path takes GET alone
		"GET orders/":            "- ",
		"GET orders/a%2Fb":       "GET orders/{id} id=a/b",
		"GET orders/a%zz":        "GET orders/{id} id=a%zz",
		"GET a/b/c":              "GET a/b/{y} y=c", // literal before parameter from left to right
		"GET a/z/c":              "GET a/{x}/c x=z",
		"GET a/b/d":              "GET a/b/{y} y=d",
		"PUT a/b/d":              "PUT a/b/d",
		"GET z/only":             "GET {first}/only first=z",
		"BREW deep/1/2/3":        "ANY deep/{a}/{b}/{c} a=1 b=2 c=3",
		"GET deep/1/2":           "- ",
		"GET orders/new/items/9": "- ",
		"GET ":                   "- ",
	} {
		method, path, _ := strings.Cut(call, " ")
		require.Equal(t, want, matched(root, method, path), call)
	}
}

func TestFindOnNothing(t *testing.T) {
	t.Parallel()
	var none *routeNode
	require.False(t, none.find(splitPath(nil, []byte("a")), "GET", &match{}))
	require.False(t, tree().find(nil, "GET", &match{}))
}

// FuzzFind holds the tree against a plain reading of the rule.
func FuzzFind(f *testing.F) {
	f.Add("POST a/b\nGET a/{x}\nANY {y}/b", "GET", "a/b")
	f.Add("GET a/{x}/c\nGET a/b/{y}", "GET", "a/b/c")
	f.Add("GET a", "GET", "%61/")
	f.Fuzz(func(t *testing.T, table, method, path string) {
		var hooks []string
		for line := range strings.SplitSeq(table, "\n") {
			own, template, ok := strings.Cut(line, " ")
			if ok && own != "" && PathFault(template, false) == "" {
				hooks = append(hooks, own+" "+template)
			}
		}
		got := matched(tree(hooks...), method, path)
		var segments []string
		for _, segment := range splitPath(nil, []byte(path)) {
			segments = append(segments, string(segment))
		}
		require.Equal(t, bestOf(hooks, method, segments), !strings.HasPrefix(got, "- "), "%s %q in %q: %s", method, path, hooks, got)
	})
}

// bestOf reports whether any of the webhooks takes the call.
func bestOf(hooks []string, method string, segments []string) bool {
	return slices.ContainsFunc(hooks, func(hook string) bool {
		own, template, _ := strings.Cut(hook, " ")
		parts := strings.Split(template, "/")
		if own != method && own != methodAny || len(parts) != len(segments) {
			return false
		}
		for i, part := range parts {
			_, parameter := Parameter(part)
			if parameter && segments[i] == "" || !parameter && part != segments[i] {
				return false
			}
		}
		return true
	})
}

func TestPathFault(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"a", "process-invoice", "a/b.c/{id}", "v1/{a}/{b_2}", "A_b", "..a", strings.Repeat("a", 255)} {
		require.Empty(t, PathFault(path, true), path)
	}
	for _, path := range []string{
		"", "/a", "a/", "a//b", ".", "a/../b", "a/./b", "a b", "a?b", "@a/b", "ä", "a/{x", "a/{}", "a/x{y}", "a/{1}", "a/{x}/{x}",
		"{x}/a", "a\n", strings.Repeat("a", 256),
	} {
		require.NotEmpty(t, PathFault(path, true), path)
	}
	require.Empty(t, PathFault("{x}/a", false), "only public ones need a literal first segment")
}

func BenchmarkFind(b *testing.B) {
	root := &routeNode{}
	for i := range 1000 {
		root.insert(newRoute(model.Webhook{Method: "POST", Path: fmt.Sprintf("service-%d/orders/{id}", i)}))
	}
	path := []byte("service-500/orders/42")
	for b.Loop() {
		var buffer [16][]byte
		var values [8][]byte
		m := match{values: values[:0]}
		if !root.find(splitPath(buffer[:0], path), "POST", &m) {
			b.Fatal("not found")
		}
	}
}
