//go:build !nokit

package kit

import (
	"crypto/rand"
	"os"
	"path/filepath"

	"github.com/kluctl/go-embed-python/pip"
	"github.com/kluctl/go-embed-python/python"
)

// Carried reports whether this program has a Python inside for its platform.
const Carried = contentHash != ""

// links are the files of the kit that the module unpacks as full copies of
// another one; they become the symbolic links that they were.
var links = map[string]string{
	"bin/idle3":            "idle3.14",
	"bin/pydoc3":           "pydoc3.14",
	"bin/python":           "python3.14",
	"bin/python3":          "python3.14",
	"bin/python3-config":   "python3.14-config",
	"lib/libpython3.14.so": "libpython3.14.so.1.0",
}

// unpackPython unpacks the interpreter and checks that it has the content
// that this source was written for.
func unpackPython(to string) error {
	// The module's function for unpacking is neither atomic nor checked, but its
	// files are not exported: for a scratch folder it suffices.
	if _, err := python.NewEmbeddedPythonWithTmpDir(to, false); err != nil {
		return err
	}
	for name, target := range links {
		path := filepath.Join(to, name)
		if err := os.Remove(path); err != nil {
			return err
		}
		if err := os.Symlink(target, path); err != nil {
			return err
		}
	}
	return checkContent(to, contentHash)
}

// unpackPip unpacks pip. The module only unpacks to the system's folder for
// temporary files, so pip is copied from there.
func unpackPip(to string) error {
	files, err := pip.NewPipLib("maestro-" + rand.Text())
	if err != nil {
		return err
	}
	from := files.GetExtractedPath()
	defer os.Remove(from + ".lock")
	defer func() { _ = files.Cleanup() }() // a scratch folder
	if err := checkContent(from, pipHash); err != nil {
		return err
	}
	return os.CopyFS(to, os.DirFS(from))
}
