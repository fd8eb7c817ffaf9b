package house

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCallbacksAreDocumented compares the functions that Go exports to C with
// the table of docs/internals.md, both ways.
func TestCallbacksAreDocumented(t *testing.T) {
	t.Parallel()
	var exported []string
	export := regexp.MustCompile(`(?m)^//export go_maestro_(\w+)$`)
	for _, name := range trackedFiles(t, ".go") {
		if strings.HasPrefix(name, "cpython/") {
			exported = append(exported, submatches(export, read(t, name))...)
		}
	}
	_, section, found := strings.Cut(read(t, "docs/internals.md"), "\n## Callbacks\n")
	require.True(t, found, "docs/internals.md lacks the section Callbacks")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := submatches(regexp.MustCompile("(?m)^\\| `(\\w+)` \\|"), section)
	slices.Sort(exported)
	slices.Sort(documented)
	require.NotEmpty(t, exported)
	require.Equal(t, exported, documented, "the exports of cpython and the table of docs/internals.md differ")
}

func submatches(pattern *regexp.Regexp, text string) []string {
	var out []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		out = append(out, match[1])
	}
	return out
}
