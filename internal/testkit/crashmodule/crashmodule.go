// Package crashmodule builds an extension module that ends the process that uses it,
// for tests alone. It needs the C compiler that builds Maestro too. It knows neither
// Maestro nor the lane in which the module is used.
package crashmodule

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed crashes.c.txt
var source []byte

// Build builds the module "crashes" and returns the folder to import it from.
func Build(t testing.TB) (folder string) {
	t.Helper()
	folder = t.TempDir()
	text := filepath.Join(folder, "crashes.c")
	if err := os.WriteFile(text, source, 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("cc", "-shared", "-fPIC", "-O1", "-o", filepath.Join(folder, "crashes.so"), text)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build a module that crashes: %v\n%s", err, said)
	}
	return folder
}
