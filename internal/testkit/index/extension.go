package index

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Import is the behaviour of an extension module when it is imported.
type Import string

// The behaviours. OwnGIL and the modules that crash or hang declare support for
// sub-interpreters: otherwise they would be refused before that.
const (
	OwnGIL   Import = ""
	OneOnly  Import = "one"       // it knows one interpreter in a process only
	Crash    Import = "crash"     // it writes to address 0
	SubCrash Import = "sub_crash" // it does so in a sub-interpreter
	Abort    Import = "abort"     // it calls abort()
	Loop     Import = "loop"      // it computes for ever and never releases the GIL
	TakeAll  Import = "memory"    // it asks for memory until there is none
	Exit     Import = "exit"      // it ends the process
)

// source is an extension module without Python's headers, which the embedded
// Python lacks: the structures are declared as in CPython 3.14 on 64 bits.
const source = `
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
typedef struct { long refcount; void *type; } object;
typedef struct { object base; void *init; long index; void *copy; } def_base;
typedef struct { int slot; void *value; } def_slot;
typedef struct { def_base base; const char *name, *doc; long size; void *methods; def_slot *slots; void *traverse, *clear, *free; } module_def;
extern void *PyModuleDef_Init(module_def *);
extern void *PyErr_NoMemory(void);
extern void *PyInterpreterState_Get(void), *PyInterpreterState_Main(void);
extern int PyModule_AddIntConstant(void *, const char *, long);

static int run(void *module) {
#if defined(SUB_CRASH)
	if (PyInterpreterState_Get() != PyInterpreterState_Main())
		*(volatile int *)0 = 1;
#elif defined(CRASH)
	*(volatile int *)0 = 1;
#elif defined(ABORT)
	abort();
#elif defined(LOOP)
	for (volatile int i = 0;; i++) {}
#elif defined(EXIT)
	_exit(0);
#elif defined(MEMORY)
	for (;;) {
		char *block = malloc(16 << 20);
		if (block == NULL) { PyErr_NoMemory(); return -1; }
		memset(block, 1, 16 << 20);
	}
#endif
	return PyModule_AddIntConstant(module, "ANSWER", 42);
}

static def_slot slots[] = {
	{2, (void *)run},
#ifndef ONE
	{3, (void *)2}, /* Py_mod_multiple_interpreters: each with a GIL of its own */
#else
	{3, (void *)0},
#endif
	{0, 0},
};
static module_def def = {{{3L << 30, 0}, 0, 0, 0}, "MODULE", 0, 0, 0, slots, 0, 0, 0};
void *PyInit_MODULE(void) { return PyModuleDef_Init(&def); }
`

// Extension compiles an extension module and returns the wheel's files for it:
// at the top level, or, with dots in its name, inside packages, whose other
// files are the test's.
func Extension(t testing.TB, name string, way Import) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	parts := strings.Split(name, ".")
	last := parts[len(parts)-1]
	text := strings.ReplaceAll(source, "PyInit_MODULE", "PyInit_"+last)
	text = strings.ReplaceAll(text, "MODULE", last)
	code, object := filepath.Join(dir, "module.c"), filepath.Join(dir, "module.so")
	if err := os.WriteFile(code, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-shared", "-fPIC", "-O1", "-w", "-o", object, code}
	if way != OwnGIL {
		args = append(args, "-D"+strings.ToUpper(string(way)))
	}
	if out, err := exec.CommandContext(t.Context(), "cc", args...).CombinedOutput(); err != nil {
		t.Fatalf("compile an extension module: %v: %s", err, out)
	}
	content, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{strings.Join(parts, "/") + ".cpython-314-" + machine() + "-linux-gnu.so": content}
}

func machine() string {
	_, tag, _ := strings.Cut(platform(), "linux_")
	return tag
}
