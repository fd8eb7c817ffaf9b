package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

type warning struct {
	Line, Column        int
	Message, Suggestion string
}

// warnings saves a function anew and returns what its author is told.
func (f *fixture) warnings(name, code string, extra ...string) []warning {
	f.t.Helper()
	object := map[string]any{"name": name, "code": code}
	for _, member := range extra {
		require.NoError(f.t, json.Unmarshal([]byte("{"+member+"}"), &object))
	}
	body, err := json.Marshal(object)
	require.NoError(f.t, err)
	got := f.do(ask{call: "POST /api/v1/functions", body: string(body)})
	if got.StatusCode == http.StatusConflict {
		delete(object, "kind")
		body, err = json.Marshal(object)
		require.NoError(f.t, err)
		got = f.do(ask{call: "PUT /api/v1/functions/" + name, body: string(body)})
	}
	require.Less(f.t, got.StatusCode, 300, got.text)
	var said struct{ Warnings []warning }
	require.NoError(f.t, json.Unmarshal([]byte(got.text), &said))
	require.NotNil(f.t, said.Warnings, got.text)
	return said.Warnings
}

// TestWarningsOnSave: names and imports that nothing answers to; none of it keeps the
// code from being saved, and nothing that runs is warned of.
func TestWarningsOnSave(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.function("validate_customer", "def validate_customer(x):\n    return x")
	f.function("helpers", "def clean(x):\n    return x", asModule)
	undefined := func(line, column int, name, suggestion string) warning {
		message := "name '" + name + "' is not defined, and no function has that name"
		if suggestion != "" {
			message += "; did you mean '" + suggestion + "'?"
		}
		return warning{line, column, message, suggestion}
	}
	relative := func(line, column int) warning {
		return warning{line, column, "functions and stored modules are in no package: import a stored module by its name alone, and call a function without an import", ""}
	}
	for _, c := range []struct {
		name, code string
		want       []warning
	}{
		{"a misspelt sibling", "def f(x):\n    return valdate_customer(x)", []warning{undefined(2, 12, "valdate_customer", "validate_customer")}},
		{"a misspelt builtin", "def f(x):\n    é = pritn(x)\n    return é, lenn(x)", []warning{undefined(2, 9, "pritn", "print"), undefined(3, 15, "lenn", "len")}},
		{"after letters beyond ASCII", "def f(x):\n    return 'äöü', nobody_has_this", []warning{undefined(2, 19, "nobody_has_this", "")}},
		{"a misspelt name of its own", "LIMITS = 1\ndef f(x):\n    return LIMIT", []warning{undefined(3, 12, "LIMIT", "LIMITS")}},
		{"at module level, in a class, a lambda, an annotation, a decorator", "@deco\ndef f(x):\n    pass\nclass C:\n    a = zz1\n    b: zz2 = a\n    def m(self): return zz3\nzz4()\n(lambda: zz5)\n", []warning{
			undefined(1, 2, "deco", ""), undefined(5, 9, "zz1", ""), undefined(6, 8, "zz2", ""), undefined(7, 25, "zz3", ""), undefined(8, 1, "zz4", ""), undefined(9, 10, "zz5", ""),
		}},
		{"each place", "def f(x):\n    return zz1 + zz1", []warning{undefined(2, 12, "zz1", ""), undefined(2, 18, "zz1", "")}},
		{"siblings, conveniences, builtins", "def f(x):\n    return validate_customer(json.loads('1')), uuid, datetime, map(validate_customer, x), __name__, __file__", nil},
		{"everything that binds", "import os, json as j\nfrom math import *\nA: int\ndef f(x, *, k=1):\n    global G\n    G = [i for i in x]\n    match x:\n        case {'a': q, **r}: return q, r\n    with open(x) as h: pass\n    return G, h, undefined_after_star\n", nil},
		{"bound in a function", "def g():\n    global late\n    late = 1\ndef f(x):\n    return late", nil},
		{"provided for", "try:\n    unicode\nexcept NameError:\n    unicode = str\ndef f(x):\n    try:\n        return zz1\n    except (KeyError, NameError):\n        return zz2", []warning{undefined(9, 16, "zz2", "")}},
		{"mangled", "class A:\n    def m(self): return __hidden(1)\ndef f(x): pass", []warning{undefined(2, 25, "_A__hidden", "")}},
		{"class scope", "class A:\n    a = 1\n    b = a\n    c: a\n    class B:\n        d = 1\ndef f(x): pass", nil},
		{"Python's own", "def f(x):\n    return x is 1", []warning{{2, 0, `"is" with 'int' literal. Did you mean "=="?`, ""}}},
		{"imports", "import json, os.path, helpers, maestro\nfrom helpers import clean\nimport helper\ndef f(x):\n    from zzz.b import c\n    import validate_customer", []warning{
			{3, 1, "there is no module helper: it is not of the standard library, not installed, not in requirements, and not stored; did you mean helpers?", "helpers"},
			{5, 5, "there is no module zzz: it is not of the standard library, not installed, not in requirements, and not stored", ""},
			{6, 5, "validate_customer is a function, not a module: call it by its name, without an import", ""},
		}},
		{"imports that are provided for", "import __main__, contextlib\nfrom typing import TYPE_CHECKING\ntry:\n    import orjson\nexcept ImportError:\n    orjson = None\nif TYPE_CHECKING:\n    import pandas\nwith contextlib.suppress(ImportError):\n    import ujson\ndef f(x): pass", nil},
		{"globals that it writes itself", "globals().update(a=1)\ndef f(x):\n    return a", nil},
		{"a relative star import", "from .x import *\ndef f(x):\n    return a", []warning{relative(1, 1)}},
		{"relative imports", "try:\n    from . import x\nexcept ImportError:\n    x = None\ndef f(x):\n    from ..helpers import clean\n    return clean(x)", []warning{relative(6, 5)}},
		{"a star import of a module", "from helpers import *\ndef f(x):\n    return clean(x), zzz", nil},
	} {
		got := f.warnings("f", c.code)
		require.Len(t, got, len(c.want), "%s: %+v", c.name, got)
		for i := range c.want {
			require.Equal(t, c.want[i], got[i], c.name)
		}
	}
	require.Equal(t, []warning{undefined(2, 12, "clan", "clean")}, f.warnings("helpers", "def clean(x):\n    return clan", asModule), "a module's too")
}

// TestCalledBy: who calls a function is told with it, also of code that an
// earlier version of the server has saved.
func TestCalledBy(t *testing.T) {
	t.Parallel()
	f := setupApart(t)
	f.function("target", "def target(x):\n    return x")
	f.function("lib", "def go(x):\n    return target(x)", asModule)
	f.function("plain", "def plain(x):\n    return target(x)")
	f.function("value", "def value(x):\n    return list(map(target, x))")
	f.function("named", "import maestro\ndef named(x):\n    maestro.spawn('target', x)")
	f.function("own", "def target(x): pass\ndef own(x):\n    return target(x)")
	f.function("imports", "from lib import go\ndef imports(x):\n    return go(x)")
	callers := func(name string) []string {
		var said struct {
			CalledBy []string `json:"called_by"`
		}
		require.NoError(t, json.Unmarshal([]byte(f.must(ask{call: "GET /api/v1/functions/" + name, status: 200}).text), &said))
		return said.CalledBy
	}
	want := []string{"lib", "named", "plain", "value"}
	require.Equal(t, want, callers("target"))
	require.Equal(t, []string{"imports"}, callers("lib"))
	require.Empty(t, callers("plain"))
	list := f.must(ask{call: "GET /api/v1/functions", status: 200}).text
	require.Contains(t, list, `"called_by":["lib","named","plain","value"]`)
	// As saved before there were such columns.
	conn, err := pgx.Connect(t.Context(), f.database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	_, err = conn.Exec(t.Context(), "UPDATE function_versions SET uses = NULL, imports = NULL")
	require.NoError(t, err)
	require.Equal(t, want, callers("target"))
	var unread int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM function_versions WHERE uses IS NULL").Scan(&unread))
	require.Zero(t, unread, "the names are stored")

	f.change("plain", "def plain(x):\n    return x")
	require.Equal(t, []string{"lib", "named", "value"}, callers("target"))
	f.must(ask{call: "POST /api/v1/functions/plain/rollback/1", status: 200, want: []string{`"warnings":[]`}})
	require.Equal(t, want, callers("target"))
	f.must(ask{call: "DELETE /api/v1/functions/value", status: 204})
	require.Equal(t, []string{"lib", "named", "plain"}, callers("target"))
	got := f.must(ask{call: "DELETE /api/v1/functions/target", status: 204})
	require.Equal(t, "lib, named, plain", got.Header.Get("X-Called-By"))
	got = f.must(ask{call: "DELETE /api/v1/functions/plain", status: 204})
	require.Empty(t, got.Header.Values("X-Called-By"))
	require.Equal(t, "name 'target' is not defined, and no function has that name", f.warnings("again", "def again(x):\n    return target(x)")[0].Message)
}
