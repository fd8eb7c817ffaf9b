package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A run of some programs replaces their rows only, and counts those that stay.
func TestRowsOfSomePrograms(t *testing.T) {
	t.Parallel()
	document := t.TempDir() + "/bounds.md"
	const marks = "head\n<!-- bounds of the process lane begin -->\n<!-- bounds of the process lane end -->\ntail\n"
	require.NoError(t, os.WriteFile(document, []byte(marks), 0o600))
	names := []string{"cpu_a", "cpu_b", "cpu_c"}
	write := func(rows ...row) string {
		require.NoError(t, writeMatrix(document, "process", names, rows))
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		return string(text)
	}
	first := write(row{program: program{name: "cpu_a", purpose: "a | b"}}, row{program: program{name: "cpu_b"}, faults: []string{"lost"}}, row{program: program{name: "cpu_gone"}})
	require.Contains(t, first, "1 of 2 programs are bounded. Made on ")
	require.NotContains(t, first, "cpu_gone")
	second := write(row{program: program{name: "cpu_c"}}, row{program: program{name: "cpu_b"}})
	require.Contains(t, second, "3 of 3 programs are bounded. 2 of the rows were made on ")
	for _, part := range []string{"head\n", "\ntail\n", "| `cpu_a` | a \\| b |"} {
		require.Equal(t, 1, strings.Count(second, part), part)
	}
	require.Less(t, strings.Index(second, "`cpu_b`"), strings.Index(second, "`cpu_c`"))
	require.NotContains(t, second, "lost")
}
