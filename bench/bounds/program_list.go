package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

//go:embed programs/*.py
var builtIn embed.FS

// program is one way to harm a server.
type program struct {
	name    string
	purpose string // the comment in its first line
	code    string
	variant
}

// programList reads the built-in programs, or those of a folder, and adds the
// attacks that need no program. They are sorted by name.
func programList(folder string) ([]program, error) {
	var source fs.FS = builtIn
	pattern := "programs/*.py"
	if folder != "" {
		source, pattern = os.DirFS(folder), "*.py"
	}
	names, err := fs.Glob(source, pattern)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no programs (*.py)", folder)
	}
	var programs []program
	for _, name := range names {
		code, err := fs.ReadFile(source, name)
		if err != nil {
			return nil, err
		}
		p := program{name: strings.TrimSuffix(path.Base(name), ".py"), code: string(code)}
		if first, _, _ := strings.Cut(p.code, "\n"); strings.HasPrefix(first, "#") {
			p.purpose = strings.TrimSpace(strings.TrimLeft(first, "# "))
		}
		p.variant = variants[p.name]
		p.fault = strings.HasPrefix(p.name, "crash_") || p.fault // CPython's own
		programs = append(programs, p)
	}
	if folder == "" {
		for name, attack := range attacks {
			programs = append(programs, program{name: name, purpose: attack.purpose, variant: variant{attack: attack.run}})
		}
	}
	slices.SortFunc(programs, func(a, b program) int { return strings.Compare(a.name, b.name) })
	return programs, nil
}
