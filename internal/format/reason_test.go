package format

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A reason is read by people who know neither Go nor its libraries.
func TestReasonsNameNoGo(t *testing.T) {
	t.Parallel()
	for name, texts := range map[string][]string{
		"date":                  {"06/19/1963", "2021-02-29", "March 1st, 2020", ""},
		"date-time":             {"2021-02-29T00:00:00Z", "06/19/1963T00:00:00Z"},
		"period":                {"2021-02-29T00:00:00Z/P1D"},
		"uuid":                  {"2eb8aa08-aa98-11ea-b4aa-73b441d1638", "x"},
		"ipv6":                  {"12345::", "fe80::1%eth0", "127.0.0.1", "::/64"},
		"json-pointer":          {"/a~", "a"},
		"relative-json-pointer": {"/a", "01", "0##"},
		"semver":                {"1.2", "1.02.3", "1.2.3-"},
	} {
		for _, text := range texts {
			err := Named(name).Check(text)
			require.Error(t, err, "%s %q", name, text)
			require.NotRegexp(t, `parsing|ParseAddr|2006|element|versionCore|non-hex`, err.Error(), "%s %q", name, text)
			require.Regexp(t, `must|day of the calendar`, err.Error(), "%s %q", name, text)
		}
	}
}
