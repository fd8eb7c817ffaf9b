package engine

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/calltree"
	"maestro/internal/calltree/treetest"
	"maestro/internal/model"
)

// remote is a lane that runs plans of treetest as a child process would: with a Host
// of calltree that reports to the engine.
type remote struct {
	*script
	catalogue calltree.Catalogue
}

func (l *remote) Changed(_ string, number uint64) { l.catalogue.Changed(number) }

func (l *remote) Call(ctx context.Context, call model.Call) (model.Outcome, error) {
	link := treetest.NewLink(call.Host)
	host := calltree.New(ctx, link.Frame(), call.Program, link, &l.catalogue)
	output, failure := treetest.Run(host, 0, call.Input)
	host.Close()
	return model.Outcome{Output: output, Failure: failure}, link.Broken()
}

// local runs them as the embedded lane would.
type local struct{ *script }

func (l local) Call(_ context.Context, call model.Call) (model.Outcome, error) {
	output, failure := treetest.Run(call.Host, 0, call.Input)
	return model.Outcome{Output: output, Failure: failure}, nil
}

// setupTrees makes an engine with the functions of treetest, and MAX_STEPS as its
// plans expect it.
func setupTrees(t *testing.T, laneOf func(*script) model.Lane) *bundle {
	t.Helper()
	b := setup(t)
	b.opts.Lane, b.opts.MaxSteps = laneOf(b.lane), treetest.MaxSteps
	b.catalogue.lane = b.opts.Lane
	for _, f := range treetest.Functions() {
		b.define(t, f.Name, f)
	}
	return b
}

// shapeOf runs a plan, and returns the shape of its record and its error.
func shapeOf(t *testing.T, b *bundle, plan *treetest.Plan) (shape string, err error) {
	t.Helper()
	_, err = b.run(t, "strict", string(plan.JSON()))
	b.book.mu.Lock()
	defer b.book.mu.Unlock()
	last := b.book.records[len(b.book.records)-1]
	rows := map[model.ID]model.Step{}
	for _, part := range append(b.book.parts, last) {
		for _, row := range part.Steps {
			if part.Execution.ID == last.Execution.ID && !rows[row.ID].Status.Final() { // parts may overtake each other
				rows[row.ID] = row
			}
		}
	}
	b.book.parts = nil
	return treetest.Shape(t, &last.Execution, slices.Collect(maps.Values(rows))), err
}

func TestTheRecordOfRandomCallTreesInBothLanes(t *testing.T) {
	t.Parallel()
	here := setupTrees(t, func(s *script) model.Lane { return local{s} })
	there := setupTrees(t, func(s *script) model.Lane { return &remote{script: s} })
	seen := map[string]int{}
	for seed := range uint64(300) {
		plan := treetest.Random(seed)
		expected, failed := shapeOf(t, here, &plan)
		actual, failedThere := shapeOf(t, there, &plan)
		require.Equal(t, expected, actual, "seed %d", seed)
		require.Equal(t, failed == nil, failedThere == nil)
		if failed == nil {
			seen["completed"]++
			continue
		}
		seen[failureType(t, failed)]++
		if !plan.Concurrent() { // which of two steps fails last, in the same words, depends on the threads
			require.Equal(t, failedFunctions(t, failed), failedFunctions(t, failedThere))
		}
	}
	for _, kind := range []string{"completed", "ValueError", "NameError", "RecursionError", "RuntimeError", "InputInvalid", "OutputInvalid"} {
		require.NotZero(t, seen[kind], "%s of %v", kind, seen)
	}
}

func failureType(t *testing.T, err error) string {
	t.Helper()
	var coded *model.Error
	require.ErrorAs(t, err, &coded)
	return coded.Failure.Type
}

func failedFunctions(t *testing.T, err error) []string {
	t.Helper()
	var coded *model.Error
	require.ErrorAs(t, err, &coded)
	if coded.FailedStep == nil {
		return nil
	}
	return coded.FailedStep.Path
}
