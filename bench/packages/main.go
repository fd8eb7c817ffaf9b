// Command packages finds out which of the most used packages work in a
// subtenant's interpreter, as an install of each would, and writes the table in
// docs/packages.md. It must not be part of the product.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"maestro/cpython/kit"
	"maestro/internal/model"
	"maestro/internal/packages"
	"maestro/internal/packages/environment"
	"maestro/internal/packages/pip"
	"maestro/internal/packages/probe"
	"maestro/internal/packages/requirement"
)

//go:embed names.txt
var names string

// The table stands between these lines of the document.
const (
	begins = "<!-- table begins -->"
	ends   = "<!-- table ends -->"
)

func main() {
	program := flag.String("maestro", "bin/maestro", "the program whose probe is used")
	document := flag.String("document", "docs/packages.md", "the file with the table")
	flag.Parse()
	if err := run(*program, *document); err != nil {
		fmt.Fprintln(os.Stderr, "packages:", err)
		os.Exit(1)
	}
}

func run(program, document string) error {
	dir, err := os.MkdirTemp("", "maestro-packages-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	home, err := kit.Ensure(ctx, dir, func(line string) { fmt.Fprintln(os.Stderr, line) })
	if err != nil {
		return err
	}
	if program, err = filepath.Abs(program); err != nil {
		return err
	}
	runner := pip.New(pip.Options{Python: kit.Executable(home), PipPath: kit.PipPath(home), CacheDir: filepath.Join(dir, "cache"), TempDir: filepath.Join(dir, "pip")})
	folders, err := environment.Open(environment.Options{Dir: filepath.Join(dir, "packages"), Unpack: runner.Unpack, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	probing := probe.Options{Command: []string{program, "probe-packages"}, Python: kit.Executable(home), Home: home, TempDir: folders.TempDir()}
	var table strings.Builder
	table.WriteString("| package | version | comes with | works? |\n| --- | --- | --- | --- |\n")
	accepted := 0
	all := strings.Fields(names)
	for number, name := range all {
		row, ok, err := try(ctx, runner, folders, probing, number, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if ok {
			accepted++
		}
		fmt.Fprint(os.Stderr, row)
		table.WriteString(row)
	}
	fmt.Fprintf(&table, "\n%d of %d can be installed; those with a \"but\" work in part. Made on %s, CPython %s, with the newest versions of that day.\n", accepted, len(all), time.Now().UTC().Format(time.DateOnly), kit.Version)
	return write(document, table.String())
}

// try installs one package into an environment of its own.
func try(ctx context.Context, runner *pip.Runner, folders *environment.Folders, probing probe.Options, number int, name string) (row string, ok bool, err error) {
	want, err := requirement.Parse(name)
	if err != nil {
		return "", false, err
	}
	quiet := func(string) {}
	lock, err := runner.Resolve(ctx, []requirement.Requirement{want}, nil, quiet)
	if err != nil {
		var refused *pip.Error
		if !errors.As(err, &refused) {
			return "", false, err
		}
		return fmt.Sprintf("| %s | | | no: %s |\n", name, refused.Text), false, nil
	}
	workshop := packages.Workshop{Pip: runner, Folders: folders, Probe: func(ctx context.Context, path string, modules []probe.Module) ([]probe.Finding, error) {
		return probe.Run(ctx, probing, path, modules)
	}}
	findings, refused, err := workshop.Make(ctx, &model.Environment{Tenant: "table", Number: number + 1, Lock: lock}, nil, quiet)
	if err != nil {
		return "", false, err
	}
	version := lock.Find(want.Name).Version
	if refused != nil {
		return fmt.Sprintf("| %s | %s | %d others | no: `%s` of %s %s |\n", name, version, len(lock)-1, refused.Module, refused.Package, reason(refused)), false, nil
	}
	var remarks []string
	for _, f := range findings {
		if f.Kind != probe.OK && len(remarks) < 3 {
			remarks = append(remarks, fmt.Sprintf("`%s` %s", f.Module, reason(&f)))
		}
	}
	words := "yes"
	if len(remarks) > 0 {
		words = "yes, but " + strings.Join(remarks, "; ")
	}
	return fmt.Sprintf("| %s | %s | %d others | %s |\n", name, version, len(lock)-1, words), true, nil
}

func reason(f *probe.Finding) string {
	switch f.Kind {
	case probe.Refuses:
		return "refuses sub-interpreters"
	case probe.Crashed:
		return "crashes"
	case probe.TimedOut:
		return "does not come to an end"
	case probe.OutOfMemory:
		return "takes too much memory"
	default:
		text := strings.ReplaceAll(f.Detail, "|", "\\|")
		if len(text) > 100 {
			text = strings.ToValidUTF8(text[:100], "") + "…"
		}
		return "raises " + strings.Join(strings.Fields(text), " ")
	}
}

func write(document, table string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), begins)
	_, after, closed := strings.Cut(rest, ends)
	if !found || !closed {
		return fmt.Errorf("%s has no lines %q and %q", document, begins, ends)
	}
	return os.WriteFile(document, []byte(before+begins+"\n"+table+ends+after), 0o644)
}
