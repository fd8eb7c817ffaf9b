// Command packages finds out in which lane the most used packages work, as an
// install of each would, and writes the table in docs/packages.md. It must not be part
// of the product.
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
	"maestro/embed"
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
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "packages [flags] [package…]: given packages are tried alone, and printed")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*program, *document, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "packages:", err)
		os.Exit(1)
	}
}

func run(program, document string, only []string) error {
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
	alone := probing
	alone.Command, alone.Guarded = []string{probing.Python, "-I", "-c", embed.ProbeMain}, true
	workshop := packages.Workshop{Pip: runner, Folders: folders, Probe: func(ctx context.Context, in probe.Interpreter, path string, modules []probe.Module) ([]probe.Finding, error) {
		if in == probe.Main {
			return probe.Run(ctx, alone, path, modules)
		}
		return probe.Run(ctx, probing, path, modules)
	}}
	var table strings.Builder
	table.WriteString("| package | version | comes with | lane | why |\n| --- | --- | --- | --- | --- |\n")
	accepted := 0
	all := strings.Fields(names)
	if len(only) > 0 {
		all = only
	}
	for number, name := range all {
		row, ok, err := try(ctx, &workshop, number, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if ok {
			accepted++
		}
		fmt.Fprint(os.Stderr, row)
		table.WriteString(row)
	}
	if len(only) > 0 {
		return nil
	}
	fmt.Fprintf(&table, "\n%d of %d can be installed. Made on %s, CPython %s, with the newest versions of that day.\n", accepted, len(all), time.Now().UTC().Format(time.DateOnly), kit.Version)
	return write(document, table.String())
}

// try installs one package into an environment of its own.
func try(ctx context.Context, workshop *packages.Workshop, number int, name string) (row string, ok bool, err error) {
	want, err := requirement.Parse(name)
	if err != nil {
		return "", false, err
	}
	quiet := func(string) {}
	lock, err := workshop.Pip.Resolve(ctx, []requirement.Requirement{want}, nil, quiet)
	if err != nil {
		var refused *pip.Error
		if !errors.As(err, &refused) {
			return "", false, err
		}
		return fmt.Sprintf("| %s | | | none | %s |\n", name, refused.Text), false, nil
	}
	made := model.Environment{Tenant: "table", Number: number + 1, Lock: lock}
	findings, refused, err := workshop.Make(ctx, &made, nil, true, quiet)
	if err != nil {
		return "", false, err
	}
	cells := fmt.Sprintf("| %s | %s | %d others |", name, made.Lock.Find(want.Name).Version, len(lock)-1)
	if refused != nil {
		return fmt.Sprintf("%s none | `%s` of %s %s |\n", cells, refused.Module, refused.Package, reason(refused)), false, nil
	}
	var remarks []string
	for _, p := range made.Lock {
		if p.NeedsProcess != "" && len(remarks) < 3 {
			remarks = append(remarks, p.Name+": "+plain(p.NeedsProcess))
		}
	}
	for _, f := range findings {
		if f.Kind != probe.OK && len(remarks) < 3 {
			remarks = append(remarks, fmt.Sprintf("`%s` %s", f.Module, reason(&f)))
		}
	}
	choice := model.ChooseLane(model.LaneAuto, model.LaneAuto, made.Lock)
	return fmt.Sprintf("%s %s | %s |\n", cells, choice.Lane, strings.Join(remarks, "; ")), true, nil
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
		return "raises " + plain(f.Detail)
	}
}

// plain is a text as it stands in a cell of the table.
func plain(text string) string {
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "|", "\\|")), " ")
	if len(text) > 150 {
		text = strings.ToValidUTF8(text[:150], "") + "…"
	}
	return text
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
