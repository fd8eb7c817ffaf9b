package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/calltree/treetest"
	"maestro/internal/model"
	"maestro/internal/testkit"
)

func TestTheRecordOfRandomCallTreesInBothLanes(t *testing.T) {
	t.Parallel()
	treetest.Compare(t, 300, treetest.NewEngine(t, testkit.DB(t), &treetest.Local{}, testkit.Logger(t)), treetest.NewEngine(t, testkit.DB(t), &treetest.Remote{}, testkit.Logger(t)), true)
}

// TestSiblingsThatAChildKnows: a call of one is no round trip, until a function changes;
// the very next call sees that.
func TestSiblingsThatAChildKnows(t *testing.T) {
	t.Parallel()
	lane := &treetest.Remote{}
	e := treetest.NewEngine(t, testkit.DB(t), lane, testkit.Logger(t))
	plan := treetest.Plan{ID: 1, Calls: []treetest.Call{{Function: "node", Plan: treetest.Plan{ID: 2, Repeat: 50}}}}
	version := func() int {
		_, steps, err := e.RunPlan(t, &plan)
		require.NoError(t, err)
		require.Len(t, steps, 51)
		for _, s := range steps {
			require.Equal(t, steps[0].FunctionVersion, s.FunctionVersion)
		}
		return steps[0].FunctionVersion
	}
	require.Equal(t, 1, version())
	require.Equal(t, 1, version())
	require.EqualValues(t, 1, lane.Asked.Load())
	for next := 2; next < 5; next++ {
		_, err := e.DB.UpdateFunction(t.Context(), treetest.Tenant, "node", func(f *model.Function) error {
			f.Code += "\n# another version"
			return nil
		}, nil, nil, nil)
		require.NoError(t, err)
		e.FunctionsChanged(treetest.Tenant)
		require.Equal(t, next, version())
		require.EqualValues(t, next, lane.Asked.Load())
	}
	require.NoError(t, e.DB.DeleteFunction(t.Context(), treetest.Tenant, "node"))
	e.FunctionsChanged(treetest.Tenant)
	_, _, err := e.RunPlan(t, &plan)
	require.ErrorContains(t, err, "name 'node' is not defined")
}
