package probe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/packages/probe"
)

func TestFindingsThatNeedTheProcessLane(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		finding probe.Finding
		needs   bool
		reason  string
	}{
		"a refusal":                    {probe.Finding{Package: "orjson", Module: "orjson", Kind: probe.Refuses, Refuser: "orjson.orjson"}, true, "its module orjson.orjson does not support sub-interpreters"},
		"a refusal without a name":     {probe.Finding{Package: "jiter", Module: "jiter", Kind: probe.Refuses, Detail: "PyO3 modules do not"}, true, "its module jiter does not support sub-interpreters (PyO3 modules do not)"},
		"a refusal inside":             {probe.Finding{Package: "lxml", Module: "lxml.etree", Inside: true, Kind: probe.Refuses, Refuser: "lxml.etree"}, true, "its module lxml.etree does not support sub-interpreters"},
		"a refusal that is caught":     {probe.Finding{Package: "aiohttp", Module: "aiohttp._http_parser", Inside: true, Kind: probe.Refuses}, false, ""},
		"a refusal that is not caught": {probe.Finding{Package: "aiohttp", Module: "aiohttp", Kind: probe.Refuses, Refuser: "x"}, true, "its module x does not support sub-interpreters"},
		"a crash":                      {probe.Finding{Package: "a", Module: "a.b", Inside: true, Kind: probe.Crashed, Detail: "the process was ended by SIGSEGV"}, true, "its module a.b crashed when it was imported: the process was ended by SIGSEGV, in a sub-interpreter"},
		"an exception":                 {probe.Finding{Package: "a", Module: "a", Kind: probe.Failed}, false, ""},
		"nothing":                      {probe.Finding{Package: "a", Module: "a", Kind: probe.OK}, false, ""},
	} {
		require.Equal(t, c.needs, c.finding.NeedsProcess(), name)
		if c.needs {
			require.Equal(t, c.reason, c.finding.Reason(), name)
		}
	}
	refuses := probe.Finding{Module: "a", Kind: probe.Refuses}
	require.Nil(t, probe.RefusalInProcess([]probe.Finding{refuses, {Kind: probe.Failed}}))
	require.Equal(t, "late", probe.RefusalInProcess([]probe.Finding{refuses, {Module: "late", Kind: probe.TimedOut}}).Module)
}

func TestRestOfModules(t *testing.T) {
	t.Parallel()
	all := []probe.Module{{Package: "a", Name: "a", Extensions: []string{"a.x", "a.y"}}, {Package: "b", Name: "b"}, {Package: "c", Name: "c", Extensions: []string{"c.x"}}}
	for count, want := range [][]probe.Module{
		{{Package: "a", Name: "a", Extensions: []string{"a.x", "a.y"}}, {Package: "c", Name: "c", Extensions: []string{"c.x"}}},
		{{Package: "a", Extensions: []string{"a.x", "a.y"}}, {Package: "c", Name: "c", Extensions: []string{"c.x"}}},
		{{Package: "a", Extensions: []string{"a.x", "a.y"}}, {Package: "c", Name: "c", Extensions: []string{"c.x"}}},
		{{Package: "a", Extensions: []string{"a.x", "a.y"}}, {Package: "c", Extensions: []string{"c.x"}}},
		{{Package: "a", Extensions: []string{"a.y"}}, {Package: "c", Extensions: []string{"c.x"}}},
		{{Package: "c", Extensions: []string{"c.x"}}},
		{},
	} {
		require.Equal(t, want, probe.Rest(all, count, "b"), count)
	}
	require.Equal(t, []probe.Module{{Package: "c", Extensions: []string{"c.x"}}}, probe.Rest(probe.Rest(all, 4, "a"), 0, ""))
}
