package testkit

import (
	"context"
	"os"
	"sync"
	"testing"

	"maestro/cpython/kit"
)

// KitHome returns the home of the embedded Python, unpacked once for all test
// processes of this account; or that of MAESTRO_PYTHON_HOME, for a run of the
// tests on another Python.
func KitHome(t testing.TB) string {
	t.Helper()
	if home := os.Getenv("MAESTRO_PYTHON_HOME"); home != "" {
		examined(t, home)
		return home
	}
	dir, err := cacheDir("kit")
	if err != nil {
		t.Fatal(err)
	}
	home, err := kit.Ensure(t.Context(), dir, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatalf("unpack the carried Python: %v", err)
	}
	return home
}

var (
	examineOnce sync.Once
	examineErr  error // written once
)

// examined fails a test whose Python cannot be used.
func examined(t testing.TB, home string) {
	t.Helper()
	examineOnce.Do(func() {
		if _, examineErr = kit.Examine(context.Background(), home); examineErr == nil {
			examineErr = kit.Compile(context.Background(), home, nil)
		}
	})
	if examineErr != nil {
		t.Fatalf("MAESTRO_PYTHON_HOME: %v", examineErr)
	}
}
