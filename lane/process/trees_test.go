package process

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/calltree"
	"maestro/internal/calltree/treetest"
	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/internal/testkit"
)

// whole is the lane with a compiler.
type whole struct {
	model.Compiler
	*Lane
}

func newWhole(t *testing.T) whole {
	t.Helper()
	return whole{compiler(t), startLane(t, Options{})}
}

// TestTheRecordOfRandomCallTrees: it is that of the embedded lane, tracebacks included.
func TestTheRecordOfRandomCallTrees(t *testing.T) {
	t.Parallel()
	embedded := treetest.NewEngine(t, testkit.DB(t), compiler(t), testkit.Logger(t))
	inChildren := treetest.NewEngine(t, testkit.DB(t), newWhole(t), testkit.Logger(t))
	treetest.Compare(t, 200, embedded, inChildren, true)
}

// TestTheQuarantineOfASiblingThatCrashes: the third crash of its child within ten
// minutes has its calls refused, and those of other functions not.
func TestTheQuarantineOfASiblingThatCrashes(t *testing.T) {
	t.Parallel()
	lane := newWhole(t)
	e := treetest.NewEngine(t, testkit.DB(t), lane, testkit.Logger(t))
	for name, code := range map[string]string{
		"crasher": "import ctypes\ndef crasher(input):\n    ctypes.string_at(16)\n",
		"outer":   "def outer(input):\n    double(1)\n    crasher(2)\n",
		"double":  "def double(input):\n    return 2 * input\n",
	} {
		_, err := e.DB.CreateFunction(t.Context(), treetest.Tenant, model.Function{Name: name, Code: code}, nil, nil)
		require.NoError(t, err)
	}
	e.FunctionsChanged(treetest.Tenant)
	run := func(function string) error {
		_, err := e.Run(t.Context(), engine.RunRequest{Tenant: treetest.Tenant, Function: function, Input: []byte(`1`), Trigger: model.TriggerManual})
		return err
	}
	for range 3 {
		var failed *model.Error
		require.ErrorAs(t, run("outer"), &failed)
		require.Equal(t, model.ErrorProcessCrashed, failed.Failure.Type)
		require.Contains(t, failed.Failure.Traceback, `File "<crasher v1>", line 3, in crasher`)
		require.Equal(t, []string{"outer", "crasher"}, failed.FailedStep.Path)
		execution, steps := e.Record(t, failed.ExecutionID)
		require.Equal(t, model.StatusFailed, execution.Status)
		require.Len(t, steps, 2)
		require.Equal(t, model.StatusCompleted, steps[0].Status)
		require.JSONEq(t, `2`, string(steps[0].Output))
		require.Equal(t, model.ErrorProcessCrashed, *steps[1].ErrorType)
	}
	require.Equal(t, model.CodeQuarantined, model.CodeOf(run("crasher")))
	require.ErrorContains(t, run("outer"), "the function crasher is quarantined")
	require.NoError(t, run("double"))
}

// TestARunOfManySteps: it waits for the database now and then, also on the thread that
// reads what the server answers.
func TestARunOfManySteps(t *testing.T) {
	t.Parallel()
	e := treetest.NewEngine(t, testkit.DB(t), newWhole(t), testkit.Logger(t), func(o *engine.Options) { o.MaxSteps = 100_000 })
	const times = 3 * calltree.PartSteps
	plan := treetest.Plan{ID: 1, Repeat: times}
	for range 3 {
		execution, steps, err := e.RunPlan(t, &plan)
		require.NoError(t, err)
		require.Len(t, steps, times)
		treetest.Shape(t, execution, steps, true)
		for _, s := range steps {
			require.Equal(t, model.StatusCompleted, s.Status)
		}
	}
}
