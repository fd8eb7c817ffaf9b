package trial

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"maestro/embed"
	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/folder"
	"maestro/internal/model"
)

// session is the function that is pytest: it runs beside the functions that it tests.
//
//go:embed session.py
var session string

// Stub is the stub of the module maestro_test, which has the types of the fixture.
//
//go:embed maestro_test.pyi
var Stub string

const sessionName = "_maestro_tests"

// Options say which tests are run, and how.
type Options struct {
	Folder *folder.Folder
	Home   string        // of Python
	Site   string        // the folder of packages, pytest among them
	Args   []string      // of pytest
	Limit  time.Duration // of each test; 0: none
	Out    *os.File      // of pytest
	Err    *os.File
	Log    *slog.Logger

	// Interrupted gets a value for each time that the tests are to be interrupted.
	Interrupted <-chan os.Signal
	// Stuck is called when a test has not ended that was told to.
	Stuck func(test string)
}

// Result is what pytest comes to.
type Result struct {
	Status int    `json:"status"` // the exit status of pytest
	Tests  []Test `json:"tests"`
}

// Test is one that was run, or was to be run.
type Test struct {
	ID      string  `json:"id"`      // file.py::test_name[parameters]
	Outcome string  `json:"outcome"` // passed, failed, error, skipped, xfailed or xpassed
	Seconds float64 `json:"seconds"`
	Message string  `json:"message,omitempty"`
}

// sessionLimit is the time limit of the session, which is none: each test has its own.
const sessionLimit = 365 * 24 * time.Hour

// Run runs tests. The process can do so once.
func Run(ctx context.Context, o Options) (Result, error) {
	stored, err := load(o)
	if err != nil {
		return Result{}, err
	}
	host, err := embed.New(embed.Options{
		Home: o.Home, Main: true, Compiler: true, SourceFile: sourceFiles(o.Folder), MaxMemory: -1, CodeThreads: -1, Descriptors: -1, KeepLeft: true, Log: o.Log,
		OnTenantLog: func(_ string, line model.LogLine) { _, _ = fmt.Fprintln(o.Out, line.Text) },
	})
	if err != nil {
		return Result{}, err
	}
	if err := host.Start(ctx); err != nil {
		return Result{}, err
	}
	c := &control{
		ctx: ctx, vault: &vault{}, queue: &queue{}, running: map[model.ID]bool{}, limit: o.Limit, stuck: o.Stuck,
		book: &book{entries: map[model.ID]*entry{}, outside: func(e events.Event) { writeLine(o.Out, &e) }},
	}
	l := &lane{Host: host, programs: map[programKey]*model.Program{}}
	s := newStore(o.Site, stored)
	c.store = s
	c.engine = engine.New(engine.Options{
		Store: s, Secrets: c.vault, Recorder: c.book, Events: c.book, Lane: l, Packages: s, Queue: c.queue, Inputs: plain{}, Log: o.Log,
		DefaultLane: model.LaneEmbedded,
	})
	if err := c.check(ctx); err != nil {
		return Result{}, err
	}
	return c.conduct(ctx, o)
}

// load reads the functions, and adds the session to them.
func load(o Options) ([]model.Function, error) {
	stored, faults := functions(o.Folder)
	if faults = append(o.Folder.Faults, faults...); len(faults) > 0 {
		return nil, FaultsError(faults)
	}
	limit := sessionLimit.Seconds()
	now := time.Now()
	return append(stored, model.Function{
		ID: model.NewIDAt(now), Tenant: subtenant, Name: sessionName, Kind: model.KindFunction, Code: session, TimeoutSeconds: &limit,
		IsActive: true, Version: 1, VersionID: model.NewIDAt(now), CreatedAt: now, UpdatedAt: now,
	}), nil
}

// sourceFiles names the files of functions, which tracebacks show.
func sourceFiles(f *folder.Folder) func(string, int) string {
	return func(name string, version int) string {
		if _, ours := f.Items[folder.Key{Kind: folder.Function, Name: name}]; !ours || version != 1 {
			return ""
		}
		return fileOf(f.Dir, name)
	}
}

// check compiles the functions and derives their schemas, as a push does.
func (c *control) check(ctx context.Context) error {
	var faults []folder.Fault
	for _, name := range slices.Sorted(maps.Keys(c.store.originals)) {
		f := c.store.originals[name]
		err := c.engine.Check(ctx, &f)
		if err == nil {
			c.store.functions[name], c.store.originals[name] = f, f
			continue
		}
		faults = append(faults, faultsOf(name, err)...)
	}
	if len(faults) > 0 {
		return FaultsError(faults)
	}
	return nil
}

// conduct runs the session.
func (c *control) conduct(ctx context.Context, o Options) (Result, error) {
	scratch, err := os.MkdirTemp("", "maestro-tests-")
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	address := filepath.Join(scratch, "control")
	listener, err := net.Listen("unix", address)
	if err != nil {
		return Result{}, fmt.Errorf("listen for the requests of tests: %w", err)
	}
	defer func() { _ = listener.Close() }()
	go c.serve(listener)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case <-o.Interrupted:
				c.interrupt()
			case <-ended:
				return
			}
		}
	}()
	input, err := c.input(o, address)
	if err != nil {
		return Result{}, err
	}
	c.session = model.NewID()
	done, err := c.engine.Run(ctx, engine.RunRequest{Tenant: subtenant, Function: sessionName, Input: input, Trigger: model.TriggerManual, ID: c.session})
	if err != nil {
		return Result{}, sessionFailure(err)
	}
	var result Result
	if err := json.Unmarshal(done.Output, &result); err != nil {
		return Result{}, fmt.Errorf("read the result of pytest: %w", err)
	}
	return result, nil
}

// input is that of the session.
func (c *control) input(o Options, address string) ([]byte, error) {
	out, err := privateCopy(o.Out)
	if err != nil {
		return nil, err
	}
	errs, err := privateCopy(o.Err)
	if err != nil {
		return nil, err
	}
	kinds := map[string]model.FunctionKind{}
	for name, f := range c.store.originals {
		if name != sessionName {
			kinds[name] = f.Kind
		}
	}
	return json.Marshal(map[string]any{"args": o.Args, "folder": o.Folder.Dir, "functions": kinds, "control": address, "stdout": out, "stderr": errs})
}

// privateCopy is a descriptor for pytest alone: text that other code writes to 1 and 2
// is output of functions.
func privateCopy(file *os.File) (int, error) {
	const first = 10
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, first)
	if err != nil {
		return 0, fmt.Errorf("copy the descriptor of %s: %w", file.Name(), err)
	}
	return fd, nil
}

func writeLine(w io.Writer, e *events.Event) {
	if e.Level == "" {
		_, _ = fmt.Fprintln(w, e.Text)
	}
}
