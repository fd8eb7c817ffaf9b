package embed

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// packagesOf writes a folder as an install makes one: a package named theirs of
// that version, and any other given files.
func packagesOf(t testing.TB, number int, more map[string]string) model.SitePackages {
	t.Helper()
	folder := t.TempDir()
	files := map[string]string{
		"theirs/__init__.py": fmt.Sprintf("VERSION = %d\n", number),
		"theirs/later.py":    "from . import VERSION\n",
		fmt.Sprintf("theirs-%d.dist-info/METADATA", number): fmt.Sprintf("Metadata-Version: 2.1\nName: theirs\nVersion: %d\n", number),
	}
	for name, text := range more {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return model.SitePackages{Number: number, Path: folder}
}

// callWith runs a stored function with packages.
func (e *testEngine) callWith(ctx context.Context, tenant, name, input string, packages model.SitePackages) (model.Outcome, error) {
	e.mu.Lock()
	p := e.functions[name]
	e.mu.Unlock()
	return e.host.Call(ctx, model.Call{
		Tenant: tenant, Program: p, Input: []byte(input), Host: e, Deadline: time.Now().Add(time.Minute), Packages: packages,
	})
}

func (e *testEngine) outputWith(t *testing.T, tenant, name, input string, packages model.SitePackages) string {
	t.Helper()
	outcome, err := e.callWith(t.Context(), tenant, name, input, packages)
	require.NoError(t, err)
	require.Nil(t, outcome.Failure, "%+v", outcome.Failure)
	return string(outcome.Output)
}

func TestPythonImportsPackages(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	site := packagesOf(t, 3, map[string]string{
		"json.py":    "raise ImportError('this is not the standard library')\n",
		"json.pth":   "",
		"théirs.py":  "NAME = 'ünïcode'\n",
		"uuid/it.py": "raise ImportError('nor is this')\n",
	})
	e.define(t, "f", `
import sys
def f(input):
    import json, importlib.metadata, théirs, uuid
    import theirs.later
    return [theirs.later.VERSION, importlib.metadata.version("theirs"), json.loads("1"), théirs.NAME, sys.path.count(input),
            [d.metadata["Name"] for d in importlib.metadata.distributions()], sys.path[-1] == input]
`)
	path, err := json.Marshal(site.Path)
	require.NoError(t, err)
	require.JSONEq(t, `[3, "3", 1, "ünïcode", 1, ["theirs"], true]`, e.outputWith(t, "a", "f", string(path), site))
	outcome := e.call(t, "b", "f", string(path))
	require.Equal(t, "ModuleNotFoundError", outcome.Failure.Type, "a subtenant without packages has none")
}

func TestPythonPthFiles(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	outside := t.TempDir()
	site := packagesOf(t, 1, map[string]string{
		"lib/inner.py":       "VALUE = 1\n",
		"lib two/other.py":   "VALUE = 2\n",
		".hidden/never.py":   "",
		"lib/inner_again.py": "",
		"a.pth":              "\ufeff# a comment\nlib\r\n\n  \nlib/\nlib/../lib\nno/such/folder\n../" + filepath.Base(outside) + "\n" + outside + "\n..\n.\n/\nlib\x00two\n",
		"b.pth":              "import sys; sys.hacked = True\nimport\tsys; sys.hacked = True\nlib two\n",
		".c.pth":             ".hidden\n",
		"d.pth":              "\xff\xfe\n",
		"lib/e.pth":          "../.hidden\n",
		"f.pth/inner.py":     "",
	})
	require.NoError(t, syscall.Mkfifo(filepath.Join(site.Path, "g.pth"), 0o600))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(site.Path, "h.pth")))
	e.define(t, "f", `
import sys
def f(folder):
    import inner, other
    return [inner.VALUE, other.VALUE, hasattr(sys, "hacked"), [p.removeprefix(folder) for p in sys.path if p.startswith(folder)],
            [p for p in sys.path if not p.startswith((folder, sys.prefix))]]
`)
	require.JSONEq(t, `[1, 2, false, ["", "/lib", "/lib two"], []]`, e.outputWith(t, "a", "f", `"`+site.Path+`"`, site))
}

func TestPythonFolderOfPackagesIsGone(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "f", "def f(input):\n    return 1\n")
	_, err := e.callWith(t.Context(), "a", "f", "1", model.SitePackages{Number: 1, Path: "/no/such/folder"})
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
	require.Equal(t, "1", e.outputWith(t, "a", "f", "1", packagesOf(t, 2, nil)))
}

// A call in flight keeps the modules that it has, and those that it imports
// later are of the same version; a call that comes meanwhile has the new ones.
func TestPythonCallInFlightKeepsItsModules(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	e := newTestEngine(h)
	e.define(t, "version", "import theirs\ndef version(input):\n    return theirs.VERSION\n")
	e.define(t, "slow", `
import os, time, theirs
def slow(input):
    before = theirs.VERSION
    open(input + "/started", "w").close()
    while not os.path.exists(input + "/go"):
        time.sleep(0.001)
    from theirs import later
    return [before, theirs.VERSION, later.VERSION, version(None)]
`)
	signals := t.TempDir()
	one, two := packagesOf(t, 1, nil), packagesOf(t, 2, nil)
	done := make(chan string, 1)
	go func() {
		outcome, err := e.callWith(t.Context(), "a", "slow", `"`+signals+`"`, one)
		done <- fmt.Sprintf("%s %v %v", outcome.Output, outcome.Failure, err)
	}()
	eventually(t, func() bool { _, err := os.Stat(signals + "/started"); return err == nil }, "it is under way")
	require.Equal(t, "2", e.outputWith(t, "a", "version", "null", two))
	require.Equal(t, "2", e.outputWith(t, "a", "version", "null", one), "a late one has the newer")
	require.Equal(t, map[string]bool{one.Path: true, two.Path: true}, h.SitesInUse())
	require.NoError(t, os.WriteFile(signals+"/go", nil, 0o600))
	require.Equal(t, "[1,1,1,1] <nil> <nil>", <-done)
	eventually(t, func() bool { return h.Stats().InterpretersEnded == 1 }, "the old interpreter is ended")
	require.Equal(t, map[string]bool{two.Path: true}, h.SitesInUse())
}

func TestPythonTwoTenantsWithTwoVersions(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "version", "import theirs\ndef version(input):\n    return theirs.VERSION\n")
	var wg sync.WaitGroup
	for number := range 2 {
		site := packagesOf(t, number+1, nil)
		for range 4 {
			wg.Go(func() {
				for range 50 {
					outcome, err := e.callWith(t.Context(), fmt.Sprint("tenant-", number), "version", "null", site)
					if err != nil || string(outcome.Output) != fmt.Sprint(number+1) {
						t.Errorf("version %d: %s, %v, %v", number+1, outcome.Output, outcome.Failure, err)
					}
				}
			})
		}
	}
	wg.Wait()
}

// extension is the source of a C module that supports interpreters with a GIL
// of their own. The kit has no headers: it declares what it needs.
const extension = `
#include <stdint.h>
typedef struct { int64_t count; void *type; } object;
typedef struct { int slot; void *value; } slot;
typedef struct {
    struct { object head; void *init; int64_t index; void *copy; } base;
    const char *name, *doc;
    int64_t size;
    void *methods;
    slot *slots;
    void *traverse, *clear, *release;
} definition;
extern void *PyModuleDef_Init(definition *);
extern int PyModule_AddIntConstant(void *, const char *, long);
static int execute(void *module) { return PyModule_AddIntConstant(module, "VERSION", NUMBER); }
static slot slots[] = {{2, execute}, {3, (void *)2}, {0, 0}}; // Py_mod_exec; Py_mod_multiple_interpreters
static definition module = {.base = {{1, 0}}, .name = "theirs_in_c", .slots = slots};
void *PyInit_theirs_in_c(void) { return PyModuleDef_Init(&module); }
`

// compileExtension makes theirs_in_c of that version within the folder.
func compileExtension(t *testing.T, folder string, version int) {
	t.Helper()
	compiler := exec.CommandContext(t.Context(), "cc", "-shared", "-fPIC", fmt.Sprintf("-DNUMBER=%d", version),
		"-x", "c", "-", "-o", folder+"/theirs_in_c.so")
	compiler.Stdin = strings.NewReader(extension)
	said, err := compiler.CombinedOutput()
	require.NoError(t, err, "%s", said)
}

// One C extension in two versions, in two subtenants at once and in one after
// the other.
func TestPythonExtensionInTwoVersions(t *testing.T) {
	t.Parallel()
	e := newTestEngine(startPython(t, Options{}))
	e.define(t, "version", "import theirs_in_c\ndef version(input):\n    return theirs_in_c.VERSION\n")
	one, two := packagesOf(t, 1, nil), packagesOf(t, 2, nil)
	compileExtension(t, one.Path, 1)
	compileExtension(t, two.Path, 2)
	require.Equal(t, "1", e.outputWith(t, "a", "version", "null", one))
	require.Equal(t, "2", e.outputWith(t, "b", "version", "null", two))
	require.Equal(t, "1", e.outputWith(t, "a", "version", "null", one))
	require.Equal(t, "2", e.outputWith(t, "a", "version", "null", two))
	require.Equal(t, "2", e.outputWith(t, "b", "version", "null", two))
}

// Packages change under load, calls are stopped: every call finds those that it
// needs or newer ones, and no interpreter is left.
func TestPythonPackagesStress(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{IdleAfter: 100 * time.Millisecond, WaitLimit: time.Minute, StuckAfter: time.Minute})
	e := newTestEngine(h)
	e.define(t, "version", "import theirs\nfrom theirs import later\ndef version(x):\n    return [theirs.VERSION, later.VERSION]\n")
	e.define(t, "outer", "def outer(x):\n    return version(x)\n")
	e.define(t, "sleep", "import time, theirs\ndef sleep(x):\n    time.sleep(100)\n")
	const tenants, versions = 3, 12
	var sites [versions + 1]model.SitePackages
	for number := 1; number <= versions; number++ {
		sites[number] = packagesOf(t, number, nil)
	}
	var newest [tenants]atomic.Int64
	for at := range newest {
		newest[at].Store(1)
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 3))
			for range 120 {
				at := random.IntN(tenants)
				number := newest[at].Load()
				name := []string{"version", "outer"}[random.IntN(2)]
				ctx, cancel := context.WithCancel(t.Context())
				switch random.IntN(40) {
				case 0:
					number = min(versions, newest[at].Add(1))
				case 1:
					number = max(1, number-2)
				case 2:
					name = "sleep"
					time.AfterFunc(time.Duration(random.IntN(5))*time.Millisecond, cancel)
				}
				number = min(versions, number)
				outcome, err := e.callWith(ctx, fmt.Sprint("tenant-", at), name, "1", sites[number])
				cancel()
				if name == "sleep" {
					continue
				}
				var found []int64
				if err != nil || outcome.Failure != nil || json.Unmarshal(outcome.Output, &found) != nil || found[0] < number || found[1] != found[0] {
					t.Errorf("a call that needs %d found %s, %+v, %v", number, outcome.Output, outcome.Failure, err)
				}
			}
		})
	}
	wg.Wait()
	eventually(t, func() bool {
		s := h.Stats()
		return s.Stuck()+s.ThreadsBusy+s.InterpretersLive+s.InterpretersEnding == 0 && s.InterpretersEnded+s.InterpretersWarm == s.InterpretersCreated
	}, "nothing is left")
	require.Empty(t, h.SitesInUse())
}
