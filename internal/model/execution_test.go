package model

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table of docs/internals.md is that of MayFollow.
func TestStatesAreDocumented(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/internals.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(document), "\n### States of an execution\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n#")
	documented := map[Status][]Status{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z_]+) \| .* \|([^|]*)\|$`).FindAllStringSubmatch(section, -1) {
		if row[1] == "state" {
			continue
		}
		documented[Status(row[1])] = nil
		for _, next := range regexp.MustCompile(`([a-z_]+)(?: \([^)]*\))?(?:,|$)`).FindAllStringSubmatch(strings.TrimSpace(row[2]), -1) {
			documented[Status(row[1])] = append(documented[Status(row[1])], Status(next[1]))
		}
	}
	inCode := map[Status][]Status{}
	for _, status := range Statuses {
		inCode[status] = status.MayFollow()
		require.Equal(t, status.Final(), len(inCode[status]) == 0)
	}
	require.Equal(t, inCode, documented)
}
