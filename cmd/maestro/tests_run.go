package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"maestro/internal/folder"
	"maestro/internal/trial"
)

// testOptions are those of functions test.
type testOptions struct {
	dir     string
	pytest  []string // arguments of pytest
	limit   time.Duration
	install bool
}

func (a *app) functionsTestCommand() *cobra.Command {
	var o testOptions
	var keyword string
	var first bool
	cmd := &cobra.Command{
		Use:   "test [DIR] [-k EXPRESSION] [-x] [--timeout T] [--reinstall] [-- PYTEST OPTIONS]",
		Short: "run the tests of a folder of functions with pytest",
		Long: `Runs test_*.py and *_test.py of the folder with pytest, beside its functions, on this machine
and without a server: in the interpreter and by the engine of the server, so that siblings
are found by name, schemas are validated and steps are recorded. Tests have the fixture
maestro:

  def test_greet(maestro):
      maestro.replace("fetch_name", lambda input: "Ada")
      run = maestro.run("greet", {"id": 7})
      assert run.result == "Hello, Ada!"
      assert [step.function for step in run.steps] == ["fetch_name"]

pytest, the requirements of the functions and those in requirements-test.txt are installed
from the package index into a cache, and need no network after that.

The exit status is that of pytest: 0, 1 if a test failed, 2 if it was interrupted, 4 for
wrong usage, 5 if there are no tests.`,
		Example: `  maestro functions test functions
  maestro functions test functions -k invoice -x
  maestro functions test functions -- --junitxml report.xml --durations 5`,
		Args: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				args = args[:at]
			}
			return takes(0, "DIR")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				args, o.pytest = args[:at], args[at:]
			}
			if o.dir = "."; len(args) > 0 {
				o.dir = args[0]
			}
			if keyword != "" {
				o.pytest = append([]string{"-k", keyword}, o.pytest...)
			}
			if first {
				o.pytest = append([]string{"-x"}, o.pytest...)
			}
			return a.testFolder(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&keyword, "keyword", "k", "", "only tests whose names match the `expression`")
	cmd.Flags().BoolVarP(&first, "exitfirst", "x", false, "stop at the first test that fails")
	cmd.Flags().DurationVar(&o.limit, "timeout", time.Minute, "the `time` that one test may take; 0: any")
	cmd.Flags().BoolVar(&o.install, "reinstall", false, "install the packages again, in their newest versions")
	return cmd
}

// exitStatus ends the program with a status, and no message of its own.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Exit statuses of pytest.
const (
	testsInterrupted = 2
	testsAbsent      = 5
)

func (a *app) testFolder(ctx context.Context, o testOptions) error {
	f, err := folder.Read(o.dir)
	if err != nil {
		return err
	}
	if f.Dir, err = filepath.Abs(o.dir); err != nil {
		return err
	}
	places, named := testPlaces(o.dir, o.pytest)
	if !named && !hasTests(o.dir) {
		fmt.Fprintf(a.stderr, "maestro: %s has no tests; write test_NAME.py in it, for example:\n\n%s\n", o.dir, exampleTest(f))
		return exitStatus(testsAbsent)
	}
	home, site, err := a.testPackages(ctx, f, o.install)
	if err != nil {
		return err
	}
	interrupts := make(chan os.Signal, 1)
	if slices.Contains(o.pytest, "--pdb") || slices.Contains(o.pytest, "--trace") {
		o.limit = 0
	}
	options := trial.Options{
		Folder: f, Home: home, Site: site, Limit: o.limit, Out: os.Stdout, Err: os.Stderr, Interrupted: interrupts,
		Args: append([]string{"-p", "no:faulthandler", "--capture=sys"}, places...),
		Log:  slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Stuck: func(test string) {
			fmt.Fprintf(a.stderr, "\nmaestro: %s ran past %v, and could not be stopped; the other tests were not run\n", test, o.limit)
			os.Exit(exitFailed)
		},
	}
	if a.flags.json {
		options.Out = os.Stderr
	}
	go forwardInterrupts(ctx, interrupts)
	result, err := trial.Run(ctx, options)
	if err != nil {
		return err
	}
	if a.flags.json {
		if err := a.printJSON(result); err != nil {
			return err
		}
	}
	if result.Status != exitOK {
		return exitStatus(result.Status)
	}
	return nil
}

// forwardInterrupts hands the first Ctrl-C on to the tests. A second one ends the program.
func forwardInterrupts(ctx context.Context, to chan<- os.Signal) {
	received := make(chan os.Signal, 2)
	signal.Notify(received, os.Interrupt)
	select {
	case s := <-received:
		to <- s
	case <-ctx.Done():
		return
	}
	<-received
	os.Exit(testsInterrupted)
}

// testPackages returns Python and the folder of the packages that the tests need.
func (a *app) testPackages(ctx context.Context, f *folder.Folder, again bool) (home, site string, err error) {
	home, cache, err := a.toolPython(ctx)
	if err != nil {
		return "", "", err
	}
	own, err := trial.TestRequirements(f.Dir)
	if err != nil {
		return "", "", err
	}
	pip, err := toolPip(ctx, cache, home)
	if err != nil {
		return "", "", err
	}
	installer := trial.Installer{
		Home: home, Pip: pip, Cache: filepath.Join(cache, "tests"), Again: again,
		Progress: func(line string) { fmt.Fprintln(a.stderr, line) },
	}
	site, err = installer.Ensure(ctx, append(trial.Requirements(f), own...))
	return home, site, err
}

// testPlaces adds the folder to the arguments of pytest, unless they name files. Files are
// found beside the functions too.
func testPlaces(dir string, args []string) (places []string, named bool) {
	takesValue := false
	for _, arg := range args {
		if !takesValue && !strings.HasPrefix(arg, "-") {
			file, rest, _ := strings.Cut(arg, "::")
			if len(rest) > 0 {
				rest = "::" + rest
			}
			beside := filepath.Join(dir, file)
			switch {
			case exists(file):
				named = true
			case exists(beside):
				arg, named = beside+rest, true
			}
		}
		takesValue = slices.Contains([]string{"-k", "-m", "-p", "-c", "-o", "-W", "-n", "-r"}, arg)
		places = append(places, arg)
	}
	if !named {
		places = append(places, dir)
	}
	return places, named
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// hasTests reports whether the folder, or one below it, has a file of tests.
func hasTests(dir string) (found bool) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // pytest says so
		case entry.IsDir() && path != dir && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".py":
			return nil
		}
		if name := strings.TrimSuffix(entry.Name(), ".py"); strings.HasPrefix(name, "test_") || strings.HasSuffix(name, "_test") {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// exampleTest is a test of the folder's first function.
func exampleTest(f *folder.Folder) string {
	name := "greet"
	for _, key := range f.Keys() {
		if key.Kind == folder.Function && f.Items[key]["kind"] != "module" {
			name = key.Name
			break
		}
	}
	return fmt.Sprintf("  def test_%s(maestro):\n      run = maestro.run(%q, {})\n      assert run.status == \"completed\"\n", name, name)
}
