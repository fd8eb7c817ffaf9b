package embed

import (
	"flag"
	"testing"

	"maestro/embed/lanetest"
)

var update = flag.Bool("update", false, "write the golden results of testdata/functions anew: review the difference")

// TestGolden runs the programs of testdata/functions, which show what Python
// code may do here and the result.
func TestGolden(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	for _, folder := range lanetest.Folders(t, ".") {
		t.Run(lanetest.Name(folder), func(t *testing.T) {
			t.Parallel()
			lanetest.Golden(t, h, compilerOf(t, h), folder, *update)
		})
	}
}
