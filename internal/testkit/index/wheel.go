package index

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Wheel is a package in one version. Only Name and Version are needed: a module
// of that name then says which version it is.
type Wheel struct {
	Name, Version  string
	Files          map[string]string // path → content; nil: NAME.py with VERSION = "…"
	Binary         map[string][]byte // the same, for extension modules
	Requires       []string          // Requires-Dist
	Extras         []string          // Provides-Extra
	RequiresPython string
	Description    string // in its metadata, below the fields
	Yanked         bool
	Source         bool // there is only a source distribution
}

// module is the name that a package's module has.
func (w *Wheel) module() string { return strings.ReplaceAll(strings.ToLower(w.Name), "-", "_") }

// platform is this machine's tag for extension modules.
func platform() string {
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	return "cp314-cp314-linux_" + machine
}

func (w *Wheel) fileName() string {
	name := strings.ReplaceAll(w.Name, "-", "_")
	switch {
	case w.Source:
		return name + "-" + w.Version + ".tar.gz"
	case len(w.Binary) > 0:
		return name + "-" + w.Version + "-" + platform() + ".whl"
	default:
		return name + "-" + w.Version + "-py3-none-any.whl"
	}
}

func (w *Wheel) metadata() string {
	var text strings.Builder
	fmt.Fprintf(&text, "Metadata-Version: 2.1\nName: %s\nVersion: %s\n", w.Name, w.Version)
	if w.RequiresPython != "" {
		fmt.Fprintf(&text, "Requires-Python: %s\n", w.RequiresPython)
	}
	for _, extra := range w.Extras {
		fmt.Fprintf(&text, "Provides-Extra: %s\n", extra)
	}
	for _, other := range w.Requires {
		fmt.Fprintf(&text, "Requires-Dist: %s\n", other)
	}
	if w.Description != "" {
		text.WriteString("\n" + w.Description)
	}
	return text.String()
}

// build makes the wheel's file.
func (w *Wheel) build(t testing.TB) []byte {
	t.Helper()
	files := map[string][]byte{}
	for path, content := range w.Files {
		files[path] = []byte(content)
	}
	maps.Copy(files, w.Binary)
	if len(files) == 0 {
		files[w.module()+".py"] = fmt.Appendf(nil, "VERSION = %q\n", w.Version)
	}
	info := strings.ReplaceAll(w.Name, "-", "_") + "-" + w.Version + ".dist-info/"
	files[info+"METADATA"] = []byte(w.metadata())
	tag, pure := "py3-none-any", "true"
	if len(w.Binary) > 0 {
		tag, pure = platform(), "false"
	}
	files[info+"WHEEL"] = []byte("Wheel-Version: 1.0\nGenerator: maestro\nRoot-Is-Purelib: " + pure + "\nTag: " + tag + "\n")
	var record, archive bytes.Buffer
	out := zip.NewWriter(&archive)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256(files[path])
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", path, base64.RawURLEncoding.EncodeToString(sum[:]), len(files[path]))
		put(t, out, path, files[path])
	}
	fmt.Fprintf(&record, "%sRECORD,,\n", info)
	put(t, out, info+"RECORD", record.Bytes())
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func put(t testing.TB, out *zip.Writer, path string, content []byte) {
	t.Helper()
	file, err := out.Create(path)
	if err == nil {
		_, err = file.Write(content)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
