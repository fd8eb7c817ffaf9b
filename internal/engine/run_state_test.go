package engine

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestStatesOfARunAreDocumented(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/internals.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(document), "### States of a run\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n#")
	documented := map[string][]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z]+) \| .* \|([a-z, ]*)\|$`).FindAllStringSubmatch(section, -1) {
		if row[1] != "state" {
			documented[row[1]] = strings.FieldsFunc(row[2], func(c rune) bool { return c == ',' || c == ' ' })
		}
	}
	inCode := map[string][]string{}
	for state, next := range runMoves {
		names := []string{}
		for _, other := range next {
			names = append(names, other.String())
		}
		inCode[runState(state).String()] = names
	}
	require.Equal(t, documented, inCode)
}

func TestARunEntersOnlyWhatMayFollow(t *testing.T) {
	t.Parallel()
	for from := range runStates {
		for to := range runStates {
			r := &run{state: runState(from)}
			require.Equal(t, slices.Contains(runMoves[from], runState(to)), r.enter(runState(to)))
			if slices.Contains(runMoves[from], runState(to)) {
				require.Equal(t, runState(to), r.state)
			} else {
				require.Equal(t, runState(from), r.state)
			}
		}
	}
}

// A cancel outweighs that the server stops, in either order.
func TestTheGreatestReasonForAStopCounts(t *testing.T) {
	t.Parallel()
	for _, reasons := range [][]stopReason{
		{cancelRequested, serverStops, subtenantDeleted}, {subtenantDeleted, serverStops, cancelRequested}, {serverStops, cancelRequested},
	} {
		r := &run{cancel: func() {}}
		for _, reason := range reasons {
			require.True(t, r.stop(reason))
		}
		require.Equal(t, cancelRequested, r.stopping)
	}
	over := &run{cancel: func() {}, state: runEnded}
	require.True(t, over.stop(cancelRequested), "a synchronous run is answered with what it came to")
	over.queued = &model.QueuedRun{}
	require.False(t, over.stop(cancelRequested), "another attempt may follow")
}
