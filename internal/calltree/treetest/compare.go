package treetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// Compare runs so many random plans with two engines, and compares their records and
// errors. traced says that tracebacks are compared too: both lanes run the same code.
func Compare(t *testing.T, plans int, here, there *Engine, traced bool) {
	t.Helper()
	seen := map[string]int{} // error types; of those that completed ""
	all := 0
	for seed := range uint64(plans) {
		plan := Random(seed)
		execution, steps, failed := here.RunPlan(t, &plan)
		expected := Shape(t, execution, steps, traced)
		all += len(steps)
		execution, steps, failedThere := there.RunPlan(t, &plan)
		require.Equal(t, expected, Shape(t, execution, steps, traced), "seed %d", seed)
		require.Equal(t, failed == nil, failedThere == nil)
		if execution.ErrorType == nil {
			seen[""]++
			continue
		}
		seen[*execution.ErrorType]++
		if !plan.Concurrent() { // which of two steps fails last, in the same words, depends on the threads
			require.Equal(t, failedPath(t, failed), failedPath(t, failedThere), "seed %d", seed)
		}
	}
	require.Greater(t, all, plans)
	for _, kind := range []string{"", "ValueError", "NameError", "RecursionError", "RuntimeError", "InputInvalid", "OutputInvalid"} {
		require.NotZero(t, seen[kind], "%q is not among %v: run more plans", kind, seen)
	}
}

func failedPath(t *testing.T, err error) []string {
	t.Helper()
	var coded *model.Error
	require.ErrorAs(t, err, &coded)
	if coded.FailedStep == nil {
		return nil
	}
	return coded.FailedStep.Path
}
