package embed

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/schema"
)

var updateHints = flag.Bool("update-hints", false, "write the golden files of testdata/hints anew")

// hintsCase is a line in a case's source that says of a value whether the
// derived schema lets it pass.
var hintsCase = regexp.MustCompile(`(?m)^ *# (accepts|refuses) (input|output): (.*)$`)

// TestHints derives the schemas of each source in testdata/hints, compares them
// with the golden file beside it, and tries the values that the source names.
func TestHints(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("testdata/hints/*.py")
	require.NoError(t, err)
	sources = slices.DeleteFunc(sources, func(path string) bool { return filepath.Base(path) == "derive.py" })
	require.NotEmpty(t, sources)
	lines := strings.Split(strings.TrimSpace(runPython(t, append([]string{"testdata/hints/derive.py", "python"}, sources...)...)), "\n")
	require.Len(t, lines, len(sources))
	for i, path := range sources {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".py"), func(t *testing.T) {
			t.Parallel()
			compareHints(t, strings.TrimSuffix(path, ".py")+".json", lines[i])
			var derived map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(lines[i]), &derived))
			source, err := os.ReadFile(path)
			require.NoError(t, err)
			tryHints(t, derived, source)
		})
	}
}

func compareHints(t *testing.T, golden, derived string) {
	t.Helper()
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, []byte(derived), "", "  "))
	pretty.WriteByte('\n')
	if *updateHints {
		require.NoError(t, os.WriteFile(golden, pretty.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), pretty.String())
}

func tryHints(t *testing.T, derived map[string]json.RawMessage, source []byte) {
	t.Helper()
	compiled := map[string]*schema.Schema{}
	for part, raw := range derived {
		var err error
		compiled[part], err = schema.Compile(raw)
		require.NoError(t, err, "%s: %s", part, raw)
	}
	for _, line := range hintsCase.FindAllSubmatch(source, -1) {
		verdict, part, value := string(line[1]), string(line[2]), line[3]
		require.True(t, json.Valid(value), "%s", value)
		problems, err := compiled[part].Validate(t.Context(), time.Time{}, value)
		require.NoError(t, err)
		if verdict == "accepts" {
			require.Empty(t, problems, "%s %s", part, value)
		} else {
			require.NotEmpty(t, problems, "%s %s", part, value)
		}
	}
}
