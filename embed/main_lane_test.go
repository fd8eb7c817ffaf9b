package embed

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython"
	"maestro/internal/testkit"
)

// mainVariable has a process of the tests run subtenants' code in its main interpreter.
const mainVariable = "MAESTRO_TEST_MAIN"

func inMain() bool { return os.Getenv(mainVariable) != "" }

var compilerBeside struct {
	sync.Once
	host *Host
}

// compilerOf returns the host that compiles for h: another one where h has no compiler.
func compilerOf(t testing.TB, h *Host) *Host {
	t.Helper()
	if !h.opt.Main {
		return h
	}
	compilerBeside.Do(func() {
		opt := Options{Home: testkit.KitHome(t), WarmPool: -1}
		m := pythonMachines(cpython.Limits{})
		m.load = func(Options) error { return nil } // h has
		compilerBeside.host = newHost(opt, m)
		require.NoError(t, compilerBeside.host.Start(context.Background()))
	})
	return compilerBeside.host
}

// endCompilerBeside ends it with the tests.
func endCompilerBeside() {
	if compilerBeside.host != nil {
		_ = compilerBeside.host.Close(context.Background())
	}
}

// inAnotherProcess runs one test in a process of its own, in its main interpreter.
func inAnotherProcess(t *testing.T, test string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run", test, "-test.count=1", "-test.v=test2json")
	cmd.Env = append(os.Environ(), mainVariable+"=1")
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	require.NoError(t, err, output.String())
	require.Contains(t, output.String(), "--- PASS", "the test is there")
}

// pattern is the one that a single test fits.
func pattern(test string) string { return "^" + strings.ReplaceAll(test, "/", "$/^") + "$" }

// TestGoldenInMain is TestGolden, each program in the main interpreter of a process.
func TestGoldenInMain(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/functions/*/*")
	require.NoError(t, err)
	slots := make(chan struct{}, 2)
	for _, folder := range folders {
		name := strings.TrimPrefix(folder, "testdata/functions/")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			inAnotherProcess(t, pattern("TestGolden/"+name))
		})
	}
}

// TestInMain runs tests of calls in the main interpreter of a process: those that need one
// subtenant, and none of its interpreters to be replaced.
func TestInMain(t *testing.T) {
	t.Parallel()
	slots := make(chan struct{}, 2)
	names := []string{
		"TestPythonCall", "TestPythonException", "TestTasksLeftBehind", "TestRawThreadLeftBehind", "TestPoolsLeftBehind", "TestThreadsThatLaterCallsUse", "TestProcessesLeftBehind",
		"TestObjectsOfAModuleBesideABlockedLoop", "TestACallGoesOnAfterItBlocked", "TestThousandsWaitOnOneThread",
		"TestATaskIsCancelledFirst", "TestATaskThatDoesNotEnd", "TestWhatATaskRaises", "TestOnlyWhatRunsForACallIsStopped",
		"TestMemoryAfterLargeCalls", "TestValuesBeyondTheirBound", "TestPythonModuleAfterItsCall", "TestPythonPthFiles",
		"TestPythonRedirectedOutputStaysWithinItsCall", "TestPythonVersionsSideBySide", "TestPythonSourcesAreForgotten",
		"TestPythonCancel", "TestPythonStopDoesNotLeakIntoTheNextCall", "TestPythonStopWhileLoading",
		"TestDeadlocksOfAnEventLoopAreStopped",
	}
	for name := range deadlocks {
		names = append(names, "TestDeadlocksAreStopped/"+name)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			inAnotherProcess(t, pattern(name))
		})
	}
}
