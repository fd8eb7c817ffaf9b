package stubs

import (
	"context"
	_ "embed" // the stub of the module is a file
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"maestro/embed/python"
	"maestro/internal/folder"
)

// Folder is where the stubs of a folder are: type checkers look there by themselves.
const Folder = "typings"

// The files of it.
const (
	// builtinsFile has the names that are defined without an import, for pyright, Pylance,
	// basedpyright and ty.
	builtinsFile = "__builtins__.pyi"
	// siblingsFile has the same to be imported, for mypy.
	siblingsFile = "siblings.pyi"
	moduleFile   = "maestro.pyi"
	fixtureFile  = "maestro_test.pyi"
)

const head = "# Made by maestro stubs: changes here are lost.\n"

// Written are the stubs of a folder.
type Written struct {
	Files     []string // that were changed
	Functions int      // that have a stub
	Faults    []folder.Fault
}

// Exist reports whether the folder has stubs.
func Exist(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, Folder, builtinsFile))
	return err == nil
}

// Write writes the stubs of a folder of functions. A function whose code has a syntax error
// has a stub without types. executable is a Python 3.14, fixture the stub of the fixture.
func Write(ctx context.Context, f *folder.Folder, executable, fixture string) (Written, error) {
	w := Written{Faults: f.Faults}
	siblings, err := w.siblings(ctx, f, executable)
	if err != nil {
		return w, err
	}
	provided := "import json as json\nimport uuid as uuid\nfrom datetime import datetime as datetime\n"
	dir := filepath.Join(f.Dir, Folder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return w, fmt.Errorf("write the stubs: %w", err)
	}
	// mypy knows no extra_items (PEP 728).
	closed := strings.NewReplacer(", extra_items=Any", "", "    extra_items=Any,\n", "").Replace(siblings)
	for _, file := range []struct{ name, text string }{
		{builtinsFile, head + "# mypy: ignore-errors\n" + provided + siblings}, {siblingsFile, head + provided + closed}, {moduleFile, head + python.Stub}, {fixtureFile, head + fixture},
	} {
		changed, err := replaceFile(filepath.Join(dir, file.name), file.text)
		if err != nil {
			return w, fmt.Errorf("write the stubs: %w", err)
		}
		if changed {
			w.Files = append(w.Files, filepath.Join(Folder, file.name))
		}
	}
	return w, nil
}

// siblings are the definitions of the functions.
func (w *Written) siblings(ctx context.Context, f *folder.Folder, executable string) (string, error) {
	var sources []source
	var all []folder.Members
	for _, key := range f.Keys() {
		m := f.Items[key]
		if code, ok := m["code"].(string); ok && key.Kind == folder.Function && m["kind"] != "module" {
			sources = append(sources, source{Name: key.Name, Code: code})
			all = append(all, m)
		}
	}
	hints, err := readHints(ctx, executable, sources)
	if err != nil {
		return "", err
	}
	t := &types{taken: map[string]bool{}}
	var functions strings.Builder
	for i, hint := range hints {
		if hint.Error != "" {
			w.Faults = append(w.Faults, folder.Fault{File: sources[i].Name + ".py", Message: hint.Error})
		}
		if hint.Builtin { // code that uses it means Python's; only maestro.call reaches the function
			continue
		}
		functions.WriteString(t.function(sources[i].Name, all[i], &hint))
		w.Functions++
	}
	imports := `from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from typing import Any, Literal, NotRequired, Unpack, overload

from typing_extensions import TypedDict

`
	return imports + t.classes.String() + functions.String(), nil
}

// function is the stub of a function, as its siblings call it.
func (t *types) function(name string, m folder.Members, hint *said) string {
	class := camel(name)
	input := t.of(passed, class+"Input", chosen(m, "input_schema", hint.Input))
	output := t.of(got, class+"Output", chosen(m, "output_schema", hint.Output))
	keyword := "def"
	switch {
	case hint.Generator && hint.Async:
		output = "AsyncGenerator[" + itemOf(output) + "]"
	case hint.Generator:
		output = "Generator[" + itemOf(output) + "]"
	case hint.Async:
		keyword = "async def"
	}
	body := " ..."
	description, _ := m["description"].(string)
	if hint.Doc != "" {
		description = hint.Doc
	}
	if description != "" {
		body = "\n    " + docstring(description)
	}
	parameter := "input: " + input
	if input == anything {
		parameter += " = ..."
	}
	plain := fmt.Sprintf("%s %s(%s) -> %s:", keyword, name, parameter, output)
	if !t.taken[input] { // no object: its members can't be passed as keywords
		if strings.HasPrefix(input, passed.mapping) || input == anything {
			plain = fmt.Sprintf("%s %s(%s, **members: Any) -> %s:", keyword, name, strings.TrimSuffix(parameter, " = ...")+" = ...", output)
		}
		return plain + body + "\n\n"
	}
	byKeyword := fmt.Sprintf("%s %s(**input: Unpack[%s]) -> %s:", keyword, name, input, output)
	return "@overload\n" + plain + body + "\n@overload\n" + byKeyword + body + "\n\n"
}

// itemOf is the type of the items of a list.
func itemOf(list string) string {
	if item, found := strings.CutPrefix(list, "list["); found {
		return strings.TrimSuffix(item, "]")
	}
	return anything
}

// chosen is the schema of the settings, or the one that the hints derive.
func chosen(m folder.Members, name string, derived json.RawMessage) json.RawMessage {
	value, given := m[name]
	if !given {
		return derived
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return text
}

// replaceFile writes a file if it has another text: editors look at its time.
func replaceFile(path, text string) (changed bool, err error) {
	before, err := os.ReadFile(path)
	if err == nil && string(before) == text {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, os.WriteFile(path, []byte(text), 0o644)
}
