package format

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The official optional suite of draft 2020-12 (json-schema-org,
// JSON-Schema-Test-Suite, tests/draft2020-12/optional/format), every instance.
func TestOfficialSuite(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/suite/format/*.json")
	require.NoError(t, err)
	instances := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var groups []struct {
			Schema struct {
				Format string `json:"format"`
			} `json:"schema"`
			Tests []struct {
				Description string `json:"description"`
				Data        any    `json:"data"`
				Valid       bool   `json:"valid"`
			} `json:"tests"`
		}
		require.NoError(t, json.Unmarshal(text, &groups))
		for _, group := range groups {
			f := Named(group.Schema.Format)
			require.Equal(t, group.Schema.Format == "unknown", f == nil, "format %q in %s", group.Schema.Format, file)
			for _, test := range group.Tests {
				instances++
				if f == nil {
					require.True(t, test.Valid)
					continue
				}
				err := f.CheckValue(test.Data)
				if (err == nil) != test.Valid {
					t.Errorf("%s: %q (%s): %v, want valid %t", strings.TrimSuffix(filepath.Base(file), ".json"), test.Data, test.Description, err, test.Valid)
				}
			}
		}
	}
	require.Equal(t, 764, instances, "instances of the suite")
}
