package cpython

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDeclarationsMatchRealHeaders compares what pyapi.h and json_part.h say
// about CPython with CPython's own headers: sizes and offsets of the structs,
// values of the constants, the type of every function, function pointer and
// object in the table. All of it is found in our headers' text, so that a new
// row is checked without a word here. MAESTRO_PYTHON_INCLUDE may name a folder
// with a Python.h; others are looked for in the usual places. Headers older
// than 3.14 lack a few names, which are logged.
func TestDeclarationsMatchRealHeaders(t *testing.T) {
	t.Parallel()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler")
	}
	folders := realHeaders()
	if len(folders) == 0 {
		t.Skip("no headers of CPython 3.13 or 3.14 on this machine: set MAESTRO_PYTHON_INCLUDE to check the declarations")
	}
	ours := readDeclarations(t)
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			compare(t, compiler, folder, ours)
		})
	}
}

func realHeaders() (folders []string) {
	home, _ := os.UserHomeDir()
	for _, pattern := range []string{
		os.Getenv("MAESTRO_PYTHON_INCLUDE"),
		home + "/.pyenv/versions/*/include/python3.1[34]",
		"/usr/include/python3.1[34]",
		"/usr/local/include/python3.1[34]",
	} {
		found, _ := filepath.Glob(pattern)
		for _, folder := range found {
			if _, err := os.Stat(filepath.Join(folder, "Python.h")); err == nil {
				folders = append(folders, folder)
			}
		}
	}
	return folders
}

// declarations is what our headers say, cut out of their text.
type declarations struct {
	structs   map[string][]string // fields by type
	constants []string
	functions [][3]string // result, name, parameters
	pointers  [][3]string // the same, of typedefs
	types     []string
	errors    []string
}

var (
	structPattern   = regexp.MustCompile(`(?s)(?:typedef )?struct (_object|Py\w+) \{\n(.*?)\n\}( Py\w+)?;`)
	fieldPattern    = regexp.MustCompile(`(?m)^    [^/\n]*?\(?\*?\b(\w+)(?:\)\([^;]*\))?;`)
	enumPattern     = regexp.MustCompile(`(?s)\nenum \{\n(.*?)\n\};`)
	constantPattern = regexp.MustCompile(`(?m)^    (\w+) = `)
	definePattern   = regexp.MustCompile(`(?m)^#define (P[Yy]_\w+) `)
	functionPattern = regexp.MustCompile(`(?m)^    X\(([^,()]+), (\w+), (\(.*?\))\) *(?:/\*.*)?\\?$`)
	pointerPattern  = regexp.MustCompile(`(?m)^typedef ([^(\n]*)\(\*(\w+)\)(\(.*\));`)
	typePattern     = regexp.MustCompile(`(?m)^    X\((Py\w+_Type)\)`)
	errorPattern    = regexp.MustCompile(`(?m)^    X\((PyExc_\w+)\)`)
	wordPattern     = regexp.MustCompile(`\w+`)
)

func readDeclarations(t *testing.T) declarations {
	ours := declarations{structs: map[string][]string{}}
	var text string
	for _, name := range []string{"pyapi.h", "pyapi_memory.h", "json_part.h"} {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		text += string(raw)
	}
	for _, match := range structPattern.FindAllStringSubmatch(text, -1) {
		name := strings.TrimSpace(match[3])
		if match[1] == "_object" {
			name = "PyObject"
		}
		if name == "PyASCIIObject" {
			continue // it has bit fields: bitFields
		}
		for _, field := range fieldPattern.FindAllStringSubmatch(match[2], -1) {
			ours.structs[name] = append(ours.structs[name], field[1])
		}
	}
	for _, block := range enumPattern.FindAllStringSubmatch(text, -1) {
		for _, match := range constantPattern.FindAllStringSubmatch(block[1], -1) {
			if strings.HasPrefix(match[1], "Py") || strings.HasPrefix(match[1], "PY") || strings.HasPrefix(match[1], "METH_") {
				ours.constants = append(ours.constants, match[1])
			}
		}
	}
	for _, match := range definePattern.FindAllStringSubmatch(text, -1) {
		ours.constants = append(ours.constants, match[1])
	}
	for _, match := range functionPattern.FindAllStringSubmatch(text, -1) {
		ours.functions = append(ours.functions, [3]string(match[1:]))
	}
	for _, match := range pointerPattern.FindAllStringSubmatch(text, -1) {
		ours.pointers = append(ours.pointers, [3]string(match[1:]))
	}
	for _, match := range typePattern.FindAllStringSubmatch(text, -1) {
		ours.types = append(ours.types, match[1])
	}
	for _, match := range errorPattern.FindAllStringSubmatch(text, -1) {
		ours.errors = append(ours.errors, match[1])
	}
	// A pattern that finds nothing, or not all, would check nothing.
	rows := regexp.MustCompile(`(?m)^    X\(`).FindAllString(text, -1)
	require.Len(t, rows, len(ours.functions)+len(ours.types)+len(ours.errors), "a row of a table is not understood")
	require.Equal(t, []string{"ml_name", "ml_meth", "ml_flags", "ml_doc"}, ours.structs["PyMethodDef"])
	require.Contains(t, ours.structs["PyModuleDef"], "m_traverse")
	require.Contains(t, ours.structs, "PyCompactUnicodeObject")
	require.Contains(t, ours.constants, "METH_O")
	require.Contains(t, ours.constants, "Py_TPFLAGS_LONG_SUBCLASS")
	require.GreaterOrEqual(t, len(ours.pointers), 4)
	return ours
}

// bitFields prints the bits of a str's state, which have no offset.
const bitFields = `
    { PyASCIIObject s; unsigned int bits; memset(&s, 0, sizeof s);
      printf("PyASCIIObject %zu %zu %zu %zu\n", sizeof s, offsetof(PyASCIIObject, length), offsetof(PyASCIIObject, hash), offsetof(PyASCIIObject, state));
      s.state.kind = 7; memcpy(&bits, &s.state, sizeof bits); printf("kind %x\n", bits);
      s.state.compact = 1; memcpy(&bits, &s.state, sizeof bits); printf("compact %x\n", bits);
      s.state.ascii = 1; memcpy(&bits, &s.state, sizeof bits); printf("ascii %x\n", bits); }
`

// realNames are fields that CPython calls otherwise than we do.
var realNames = map[string]string{
	"PyStatus.type": "_type",
	// There they are the members of one of its own, m_base.
	"PyModuleDef.ob_base": "m_base.ob_base",
	"PyModuleDef.m_init":  "m_base.m_init",
	"PyModuleDef.m_index": "m_base.m_index",
	"PyModuleDef.m_copy":  "m_base.m_copy",
}

func compare(t *testing.T, compiler, folder string, ours declarations) {
	words := declaredWords(t, folder)
	recent := strings.Contains(filepath.Base(folder), "3.14")
	known := func(name string) bool {
		if !words[name] {
			require.False(t, recent, "%s is not declared in %s", name, folder)
			t.Logf("not declared in %s: %s", folder, name)
		}
		return words[name]
	}

	// One program prints what our headers say, one what the real ones say.
	var here, there strings.Builder
	for name, fields := range ours.structs {
		if !known(name) {
			continue
		}
		both := func(format string, ourField, realField string) {
			label := name + "." + ourField
			fmt.Fprintf(&here, "    printf(\"%s %%zu\\n\", "+format+");\n", label, name, ourField)
			fmt.Fprintf(&there, "    printf(\"%s %%zu\\n\", "+format+");\n", label, name, realField)
		}
		both("sizeof(%s) + 0 * sizeof(\"%s\")", "", "")
		for _, field := range fields {
			realField := field
			if other, ok := realNames[name+"."+field]; ok {
				realField = other
			}
			both("offsetof(%s, %s)", field, realField)
			if field != "ob_refcnt" { // a part of it has that name in 3.14
				both("sizeof(((%s *)0)->%s)", field, realField)
			}
		}
	}
	for _, name := range ours.constants {
		if known(name) {
			line := fmt.Sprintf("    printf(\"%s %%lld\\n\", (long long)(%s));\n", name, name)
			here.WriteString(line)
			there.WriteString(line)
		}
	}
	const frame = "%s\n#include <stddef.h>\n#include <stdio.h>\n#include <string.h>\n%s\nint main(void) {\n%s%s    return 0;\n}\n"
	self, err := os.Getwd()
	require.NoError(t, err)
	ourText := fmt.Sprintf(frame, `#include "json_part.h"`, "struct maestro_py py;", here.String(), bitFields)
	realText := fmt.Sprintf(frame, "#include <Python.h>", "", there.String(), bitFields)
	require.Equal(t, run(t, compiler, realText, true, folder), run(t, compiler, ourText, true, self))

	// The types of functions and objects: the compiler compares them.
	var rows strings.Builder
	for _, function := range ours.functions {
		if known(function[1]) {
			fmt.Fprintf(&rows, "%s(*check_%s)%s = %s;\n", function[0], function[1], function[2], function[1])
		}
	}
	for _, pointer := range ours.pointers {
		if known(pointer[1]) {
			fmt.Fprintf(&rows, "%s(*check_%s)%s = (%s)0;\n", pointer[0], pointer[1], pointer[2], pointer[1])
		}
	}
	for _, name := range ours.types {
		if known(name) {
			fmt.Fprintf(&rows, "PyTypeObject *check_%s = &%s;\n", name, name)
		}
	}
	for _, name := range ours.errors {
		if known(name) {
			fmt.Fprintf(&rows, "PyObject **check_%s = &%s;\n", name, name)
		}
	}
	run(t, compiler, "#include <Python.h>\n#include <marshal.h>\n"+rows.String(), false, folder)
}

// declaredWords lists every word in the headers of folder.
func declaredWords(t *testing.T, folder string) map[string]bool {
	words := map[string]bool{}
	for _, pattern := range []string{"*.h", "cpython/*.h"} {
		files, err := filepath.Glob(filepath.Join(folder, pattern))
		require.NoError(t, err)
		for _, file := range files {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, word := range wordPattern.FindAllString(string(raw), -1) {
				words[word] = true
			}
		}
	}
	return words
}

// run compiles a C program, warnings being errors, and returns what it prints
// when it is to be linked.
func run(t *testing.T, compiler, text string, link bool, include string) string {
	t.Helper()
	dir := t.TempDir()
	source, program := filepath.Join(dir, "check.c"), filepath.Join(dir, "check")
	require.NoError(t, os.WriteFile(source, []byte(text), 0o600))
	args := []string{"-std=gnu11", "-Wall", "-Werror", "-Wno-unused-function", "-I", include, source, "-o", program}
	if !link {
		args = append(args, "-c")
	}
	out, err := exec.Command(compiler, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	if !link {
		return ""
	}
	out, err = exec.Command(program).CombinedOutput()
	require.NoError(t, err)
	return string(out)
}
