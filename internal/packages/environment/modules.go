package environment

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/probe"
)

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// maxExtensions is how many extension modules of a package are probed.
const maxExtensions = 200

// Modules lists the modules of the packages of lock that are not the same in
// before, with the extension modules inside them. All wheels of lock are in
// the store.
func (f *Folders) Modules(lock, before model.Lock) []probe.Module {
	var all []probe.Module
	for _, p := range lock {
		if known := before.Find(p.Name); known != nil && known.SHA256 == p.SHA256 {
			continue
		}
		entries, _ := os.ReadDir(f.wheel(p))
		for _, entry := range entries {
			name, rest, _ := strings.Cut(entry.Name(), ".")
			switch {
			case !identifier.MatchString(name) || name == "__pycache__":
			case entry.IsDir() && rest == "":
				if extensions, code := inside(filepath.Join(f.wheel(p), name), name); code {
					all = append(all, probe.Module{Package: p.Name, Name: name, Extensions: extensions})
				}
			case rest == "py" || strings.HasSuffix(rest, "so") && !strings.HasPrefix(rest, "libs"):
				all = append(all, probe.Module{Package: p.Name, Name: name})
			}
		}
	}
	return all
}

// inside lists the extension modules below a folder, and reports whether it
// contains anything to import.
func inside(folder, name string) (extensions []string, code bool) {
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // unreadable folders are skipped
		}
		if strings.HasSuffix(path, ".py") {
			code = true
		}
		if !strings.HasSuffix(path, ".so") {
			return nil
		}
		code = true
		relative, err := filepath.Rel(folder, path)
		if err != nil || len(extensions) == maxExtensions {
			return nil //nolint:nilerr // it is below
		}
		parts := strings.Split(relative, string(filepath.Separator))
		last := len(parts) - 1
		parts[last], _, _ = strings.Cut(parts[last], ".")
		if !slices.ContainsFunc(parts, func(part string) bool { return !identifier.MatchString(part) }) {
			extensions = append(extensions, name+"."+strings.Join(parts, "."))
		}
		return nil
	})
	return extensions, code
}
