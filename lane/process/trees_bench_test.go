package process

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/calltree/treetest"
	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/internal/testkit"
)

// BenchmarkSiblings is a run from the engine and back, in the embedded lane and in this
// one, of a function that calls a sibling so many times.
func BenchmarkSiblings(b *testing.B) {
	embedded := treetest.NewEngine(b, testkit.DB(b), compiler(b), testkit.Logger(b))
	inChildren := treetest.NewEngine(b, testkit.DB(b), whole{compiler(b), startLane(b, Options{})}, testkit.Logger(b))
	lanes := map[string]*treetest.Engine{"embedded": embedded, "process": inChildren}
	for _, e := range lanes {
		e.Forget = true
		for name, code := range map[string]string{
			"small": "def small(n):\n    return n\n",
			"loop":  "def loop(n):\n    for i in range(n):\n        small(i)\n    return n\n",
		} {
			_, err := e.DB.CreateFunction(b.Context(), treetest.Tenant, model.Function{Name: name, Code: code}, nil, nil)
			require.NoError(b, err)
		}
		e.FunctionsChanged(treetest.Tenant)
	}
	run := func(e *treetest.Engine, function string, n int) {
		_, err := e.Run(b.Context(), engine.RunRequest{Tenant: treetest.Tenant, Function: function, Input: json.RawMessage(fmt.Sprint(n)), Trigger: model.TriggerManual})
		if err != nil {
			b.Error(err)
		}
	}
	for _, steps := range []int{0, 1, 10, 100} {
		function := "loop"
		if steps == 0 {
			function = "small"
		}
		for _, lane := range []string{"embedded", "process"} {
			b.Run(fmt.Sprintf("%d/%s", steps, lane), func(b *testing.B) {
				run(lanes[lane], function, steps)
				for b.Loop() {
					run(lanes[lane], function, steps)
				}
			})
		}
	}
}
