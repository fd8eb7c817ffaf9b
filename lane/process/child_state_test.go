package process

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStatesOfAChildAreDocumented compares the table of docs/internals.md with childMoves.
func TestStatesOfAChildAreDocumented(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/internals.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(document), "### States of a child\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n#")
	documented := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z]+) \| .* \|([a-z, ]*)\|$`).FindAllStringSubmatch(section, -1) {
		if row[1] != "state" {
			documented[row[1]] = strings.TrimSpace(row[2])
		}
	}
	inCode := map[string]string{}
	for from, next := range childMoves {
		var names []string
		for _, to := range next {
			names = append(names, to.String())
		}
		inCode[childState(from).String()] = strings.Join(names, ", ")
	}
	require.Equal(t, inCode, documented)
}

func TestReasonsOfKills(t *testing.T) {
	t.Parallel()
	require.Len(t, killReasons, int(killClosing)+1)
}
