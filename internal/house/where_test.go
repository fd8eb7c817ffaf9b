package house

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table "Where to look" names files, each with functions, statements or
// variables that the file declares.
func TestWhereToLookNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	_, section, found := strings.Cut(read(t, rooms), "\n### Where to look\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	names := 0
	for _, row := range regexp.MustCompile(`(?m)^\| [^|]+ \| (.+) \|$`).FindAllStringSubmatch(section, -1) {
		file, text := "", ""
		for _, span := range codeSpan.FindAllStringSubmatch(row[1], -1) {
			if strings.Contains(span[1], "/") {
				file, text = span[1], read(t, span[1])
				require.NotEmpty(t, text, "%s names %s", rooms, file)
				continue
			}
			declared := regexp.MustCompile(`(?m)^(func (\([^)]*\) )?|var |-- name: )` + regexp.QuoteMeta(span[1]) + `\b`)
			require.Regexp(t, declared, text, "%s looks for it in %s", rooms, file)
			names++
		}
	}
	require.Greater(t, names, 20, "the pattern finds the names")
}
