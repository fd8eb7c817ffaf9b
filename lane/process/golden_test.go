package process

import (
	"testing"

	"maestro/embed/lanetest"
)

// TestGoldenInChildren runs the programs of embed/testdata/functions in child
// processes: they come to what they come to in the embedded lane.
func TestGoldenInChildren(t *testing.T) {
	t.Parallel()
	l := startLane(t, Options{MaxChildren: 1})
	h := compiler(t)
	slots := make(chan struct{}, 4) // a subtenant has a process: not all at once
	for _, folder := range lanetest.Folders(t, "../../embed") {
		t.Run(lanetest.Name(folder), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			lanetest.Golden(t, l, h, folder, false)
		})
	}
}
