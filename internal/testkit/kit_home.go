package testkit

import (
	"testing"

	"maestro/cpython/kit"
)

// KitHome returns the home of the embedded Python, unpacked once for all test
// processes of this account.
func KitHome(t testing.TB) string {
	t.Helper()
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
