package embed

import (
	"testing"

	"maestro/internal/calltree/treetest"
	"maestro/internal/testkit"
)

// TestTheRecordOfRandomCallTrees compares Python's with those of the same calls in Go.
func TestTheRecordOfRandomCallTrees(t *testing.T) {
	t.Parallel()
	inGo := treetest.NewEngine(t, testkit.DB(t), &treetest.Local{}, testkit.Logger(t))
	inPython := treetest.NewEngine(t, testkit.DB(t), startPython(t, Options{}), testkit.Logger(t))
	treetest.Compare(t, 200, inGo, inPython, false)
}
