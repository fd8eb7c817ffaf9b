package embed

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStatesAreDocumented compares the tables of docs/internals.md with those
// of states.go, both ways.
func TestStatesAreDocumented(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/internals.md")
	require.NoError(t, err)
	for _, machine := range []struct {
		title  string
		states []string
		table  moves
	}{
		{"### States of a call", callStates, callMoves},
		{"### States of a worker", workerStates, workerMoves},
		{"### States of an interpreter", interpreterStates, interpreterMoves},
	} {
		_, section, found := strings.Cut(string(document), machine.title+"\n")
		require.True(t, found, "docs/internals.md lacks %q", machine.title)
		section, _, _ = strings.Cut(section, "\n#")
		documented := map[string][]string{}
		for _, row := range regexp.MustCompile(`(?m)^\| ([a-z]+) \| .* \|([a-z, ]*)\|$`).FindAllStringSubmatch(section, -1) {
			if row[1] == "state" {
				continue
			}
			next := []string{}
			for name := range strings.SplitSeq(row[2], ",") {
				if name = strings.TrimSpace(name); name != "" {
					next = append(next, name)
				}
			}
			documented[row[1]] = next
		}
		inCode := map[string][]string{}
		for from, name := range machine.states {
			next := []string{}
			for to, other := range machine.states {
				if machine.table[from]&(1<<to) != 0 {
					next = append(next, other)
				}
			}
			inCode[name] = next
		}
		require.Equal(t, inCode, documented, machine.title)
	}
}
