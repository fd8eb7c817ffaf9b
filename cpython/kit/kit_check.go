package kit

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Library is the path of the shared library inside a home.
const Library = "lib/libpython3.14.so.1.0"

// Check reports whether home has a Python 3.14 that this program can load: its
// shared library for this processor, its standard library, its interpreter. It
// runs none of them. The error is user-facing.
func Check(home string) error {
	library := filepath.Join(home, Library)
	file, err := elf.Open(library)
	if err != nil {
		return fmt.Errorf("%s has no Python 3.14 built as a shared library: %w", home, err)
	}
	defer func() { _ = file.Close() }() // opened for reading only
	if want := machines[runtime.GOARCH]; file.Type != elf.ET_DYN || file.Machine != want {
		return fmt.Errorf("%s is for another processor (%v, not %v)", library, file.Machine, want)
	}
	for _, name := range []string{"lib/python3.14/os.py", "lib/python3.14/encodings/__init__.py", "bin/python3"} {
		info, err := os.Stat(filepath.Join(home, name))
		if err != nil {
			return fmt.Errorf("%s is not a complete Python 3.14: %w", home, err)
		}
		if !info.Mode().IsRegular() || name == "bin/python3" && info.Mode()&0o111 == 0 {
			return fmt.Errorf("%s is not a complete Python 3.14: %s has the wrong type", home, name)
		}
	}
	return nil
}

var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
