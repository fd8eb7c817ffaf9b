package treetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// Shape is a run's record as a text in which ids, times and the order of calls that
// were made at once do not show, and tracebacks unless traced. steps are all of the run, in order.
// It fails the test unless they are a tree, in the order of their beginnings.
func Shape(t *testing.T, execution *model.Execution, steps []model.Step, traced bool) string {
	t.Helper()
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
	fmt.Fprintf(&out, "%s %s %s → %s %s %s\n", execution.FunctionName, execution.Status, execution.Input, compact(t, execution.Output), text(execution.ErrorType), text(execution.Error))
	if traced {
		fmt.Fprintln(&out, text(execution.Traceback))
	}
	var write func(parent model.ID)
	write = func(parent model.ID) {
		slices.SortStableFunc(children[parent], func(a, b *model.Step) int {
			return cmp.Or(strings.Compare(compact(t, a.Input), compact(t, b.Input)), strings.Compare(a.FunctionName, b.FunctionName))
		})
		for _, s := range children[parent] {
			fmt.Fprintf(&out, "%d %s %d %s %s → %s %s %s %v\n", s.Depth, s.FunctionName, s.FunctionVersion, s.Status, compact(t, s.Input), compact(t, s.Output), text(s.ErrorType), text(s.Error), s.RecordComplete)
			if traced {
				fmt.Fprintln(&out, text(s.Traceback))
			}
			write(s.ID)
		}
	}
	write(model.ID{})
	return out.String()
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// compact writes a value without spaces, and with the members of objects in order.
func compact(t *testing.T, value json.RawMessage) string {
	t.Helper()
	if value == nil {
		return "-"
	}
	var v any
	require.NoError(t, json.Unmarshal(value, &v))
	written, err := json.Marshal(v)
	require.NoError(t, err)
	return string(written)
}
