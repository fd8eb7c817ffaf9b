package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/internal/trial"
)

// testsCommand is maestro functions test of a folder, run in it.
func testsCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := command(t, t.TempDir(), append(fromPyPI(), "XDG_CACHE_HOME="+testkit.CacheDir(t, "cache")), append([]string{"functions", "test", dir}, args...)...)
	if exists(dir) {
		cmd.Dir = dir
	}
	return cmd
}

// runTests runs the tests of a folder. It skips the test where pytest can't be installed.
func runTests(t *testing.T, dir string, args ...string) said {
	t.Helper()
	cmd := testsCommand(t, dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		require.NoError(t, err)
	}
	if strings.Contains(errs.String(), "can't be installed") {
		t.Skipf("the package index can't be reached from here: %s", errs.String())
	}
	return said{status: cmd.ProcessState.ExitCode(), stdout: out.String(), stderr: errs.String()}
}

// suite copies a folder of tests, into which pytest writes.
func suite(t *testing.T, folder string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(folder)))
	return dir
}

// testOutcomes are the outcomes of tests by their names, and the status of pytest.
type testOutcomes struct {
	Status int               `json:"status"`
	Tests  map[string]string `json:"tests"`
}

func outcomesOf(t *testing.T, dir string, s said) testOutcomes {
	t.Helper()
	var result trial.Result
	require.NoError(t, json.Unmarshal([]byte(s.stdout), &result), "%s\n%s", s.stdout, s.stderr)
	require.Equal(t, s.status, result.Status)
	all := testOutcomes{Status: result.Status, Tests: map[string]string{}}
	for _, test := range result.Tests {
		name := strings.TrimPrefix(test.ID, filepath.Base(dir)+"/")
		if before := all.Tests[name]; before != "" { // it failed, and so did its end
			all.Tests[name] = before + ", "
		}
		all.Tests[name] += test.Outcome
	}
	return all
}

// TestSuites runs test suites as strangers write them: fixtures, marks, patches, async tests,
// packages that patch clocks and clients, failures of all kinds, and tests that do not end.
func TestSuites(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/suites/*")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			dir := suite(t, folder)
			golden := filepath.Join(dir, "outcomes.json")
			want, err := os.ReadFile(golden)
			if !*update {
				require.NoError(t, err, "go test -update writes it")
			}
			_ = os.Remove(golden)
			got := outcomesOf(t, dir, runTests(t, dir, "--json", "--timeout", "3s"))
			text, err := json.MarshalIndent(got, "", "  ")
			require.NoError(t, err)
			if *update {
				require.NoError(t, os.WriteFile(filepath.Join(folder, "outcomes.json"), append(text, '\n'), 0o644))
				return
			}
			require.JSONEq(t, string(want), string(text))
		})
	}
}

// The examples, as they are in the checkout.
func TestExamplesHaveTests(t *testing.T) {
	t.Parallel()
	got := runTests(t, suite(t, "../../examples/functions"))
	require.Zero(t, got.status, "%s%s", got.stdout, got.stderr)
	require.Contains(t, got.stdout, " passed")
}

func TestFailuresShowTheAuthorsLines(t *testing.T) {
	t.Parallel()
	dir := suite(t, "testdata/suites/failing")
	got := runTests(t, dir)
	require.Equal(t, exitFailed, got.status)
	for _, want := range []string{"outer.py:3: in outer", "return deeper({\"n\": input[\"n\"]})", "deeper.py:2: ZeroDivisionError", "E       ZeroDivisionError: division by zero", "E       AssertionError: assert 0.5 == 0.25", "has no result: it failed"} {
		require.Contains(t, got.stdout, want)
	}
}

func TestArgumentsOfPytest(t *testing.T) {
	t.Parallel()
	dir := suite(t, "testdata/suites/marks")
	report := filepath.Join(t.TempDir(), "report.xml")
	got := runTests(t, dir, "-k", "four", "--", "--junitxml", report)
	require.Zero(t, got.status, "%s%s", got.stdout, got.stderr)
	require.Contains(t, got.stdout, "1 passed, 10 deselected")
	require.Contains(t, content(t, report), `name="test_half[four]"`)

	got = runTests(t, dir, "--", "test_marks.py::test_raises", "-q")
	require.Zero(t, got.status, "%s%s", got.stdout, got.stderr)
	require.Contains(t, got.stdout, "1 passed in")

	got = runTests(t, dir, "--", "--no-such-option")
	require.Equal(t, 4, got.status)
	require.Contains(t, got.stderr, "unrecognized arguments: --no-such-option")
}

func TestFoldersThatCannotBeTested(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, map[string]string{"greet.py": "def greet(input):\n    return 1\n"})
	got := runTests(t, dir)
	require.Equal(t, testsAbsent, got.status)
	require.Contains(t, got.stderr, "has no tests; write test_NAME.py in it, for example:\n\n  def test_greet(maestro):")

	put(t, dir, map[string]string{"test_greet.py": "def test_greet():\n    pass\n", "bad.py": "def bad(input):\n    return (\n", "worse.py": "def better(input):\n    return 1\n", "worst.toml": "tags = 1\n"})
	got = runTests(t, dir)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "worst.toml: has the settings of a function, and there is no worst.py beside it")
	require.NoError(t, os.Remove(filepath.Join(dir, "worst.toml")))
	got = runTests(t, dir)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "bad.py:2: '(' was never closed")
	require.Contains(t, got.stderr, `worse.py: there is no "def worse"`)
	require.Contains(t, got.stderr, "nothing was run, for the faults above")

	got = runTests(t, filepath.Join(dir, "absent"))
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "there is no folder")
}

// A test that waits where nothing interrupts it ends the program, and Ctrl-C one that computes.
func TestTestsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, map[string]string{
		"spin.py":      "def spin(input):\n    while True:\n        pass\n",
		"test_spin.py": "import threading\n\ndef test_spin(maestro):\n    print('begun', flush=True)\n    maestro.run('spin')\n\ndef test_wait():\n    threading.Event().wait()\n",
	})
	got := runTests(t, dir, "-k", "test_wait", "--timeout", "100ms")
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "test_spin.py::test_wait ran past 100ms, and could not be stopped")

	cmd := testsCommand(t, dir, "-k", "test_spin", "--", "-s")
	out := &lines{}
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	out.wait("begun")
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Error(t, cmd.Wait())
	require.Equal(t, testsInterrupted, cmd.ProcessState.ExitCode())
	require.Contains(t, out.String(), "KeyboardInterrupt")
}
