package treetest

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// Shape is a run's record as a text in which ids, times and the order of calls that
// were made at once do not show. steps are all of the run. It fails the test unless
// they are a tree, in the order of their beginnings.
func Shape(t *testing.T, execution *model.Execution, steps []model.Step) string {
	t.Helper()
	steps = slices.SortedFunc(slices.Values(steps), func(a, b model.Step) int { return cmp.Compare(a.Position, b.Position) })
	children := map[model.ID][]*model.Step{}
	known := map[model.ID]*model.Step{}
	for i := range steps {
		s := &steps[i]
		require.Equal(t, i+1, s.Position, "the positions have no gap")
		require.Equal(t, model.StepID(execution.ID, execution.Attempt, s.Position), s.ID)
		earliest, depth := execution.StartedAt, 0
		if !s.ParentID.IsZero() {
			parent := known[s.ParentID]
			require.NotNil(t, parent, "a parent begins before its children")
			earliest, depth = parent.StartedAt, parent.Depth
		}
		require.Equal(t, depth+1, s.Depth)
		require.False(t, s.StartedAt.Before(earliest), "step %d begins before its parent", s.Position)
		require.False(t, s.CompletedAt.After(execution.CompletedAt), "step %d ends after its execution", s.Position)
		require.GreaterOrEqual(t, s.Duration, s.Duration.Abs())
		known[s.ID] = s
		children[s.ParentID] = append(children[s.ParentID], s)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s %s → %s %s %s\n%s\n", execution.FunctionName, execution.Status, execution.Input, execution.Output, text(execution.ErrorType), text(execution.Error), text(execution.Traceback))
	var write func(parent model.ID, indent string)
	write = func(parent model.ID, indent string) {
		slices.SortStableFunc(children[parent], func(a, b *model.Step) int {
			return cmp.Or(bytes.Compare(a.Input, b.Input), strings.Compare(a.FunctionName, b.FunctionName))
		})
		for _, s := range children[parent] {
			fmt.Fprintf(&out, "%s%s %d %s %s → %s %s %s %v\n", indent, s.FunctionName, s.FunctionVersion, s.Status, s.Input, s.Output, text(s.ErrorType), text(s.Error), s.RecordComplete)
			out.WriteString(text(s.Traceback))
			write(s.ID, indent+"  ")
		}
	}
	write(model.ID{}, "  ")
	return out.String()
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}
