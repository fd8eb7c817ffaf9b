package cpython

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"maestro/cpython/kit"
)

// testHome is the kit, or the Python of MAESTRO_PYTHON_HOME.
func testHome(ctx context.Context) (string, error) {
	if home := os.Getenv("MAESTRO_PYTHON_HOME"); home != "" {
		_, err := kit.Examine(ctx, home)
		return home, err
	}
	return kit.Ensure(ctx, filepath.Join(os.TempDir(), "maestro-test"), nil)
}

// watched is the file for markers of crashes; markerVariable may name it.
var watched string

const markerVariable = "MAESTRO_TEST_MARKER"

// TestMain loads Python once, from a folder that stays from one run
// to the next, and wants every counter of a debug build back at zero.
func TestMain(m *testing.M) {
	if err := os.Setenv(planted, "a secret"); err != nil {
		panic(err)
	}
	home, err := testHome(context.Background())
	if err == nil {
		SetCallbacks(stages, stages)
		err = Load(home)
	}
	if watched = os.Getenv(markerVariable); watched == "" {
		watched = filepath.Join(os.TempDir(), fmt.Sprintf("maestro-test-marker-%d", os.Getpid()))
	}
	if err == nil {
		err = WatchFaults(watched)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	endCompiler()
	for name, count := range Counters() {
		if count != 0 && code == 0 {
			fmt.Fprintf(os.Stderr, "%d %s are left\n", count, name)
			code = 1
		}
	}
	if os.Getenv(markerVariable) == "" {
		_ = os.Remove(watched)
	}
	os.Exit(code)
}
