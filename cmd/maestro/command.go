package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"maestro/internal/config"
)

// subcommand is one subcommand.
type subcommand struct {
	name    string // one or two words
	args    string // how its options are written in its usage
	summary string // one line, for the list
	help    string // what more there is to say
	// prepare registers the options and returns what runs with them.
	prepare func(options *flag.FlagSet) action
}

type action func(ctx context.Context, con console) error

// commands in the order of the list.
func commands() []subcommand {
	return []subcommand{serveCommand, migrateUpCommand, migrateStatusCommand, tokenCommand, examplesLoadCommand, censusDevCommand, versionCommand}
}

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a wrong way to call the program.
type usageError string

func (e usageError) Error() string { return string(e) }

// run does what args say and returns the exit status. An error is one line on
// stderr, also where a library's has more; several faults in the settings are a
// line each.
func run(ctx context.Context, args []string, con console) int {
	err := dispatch(ctx, args, con)
	var usage usageError
	var faults config.Faults
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(con.stderr, "maestro: %v\n", err)
		return exitUsage
	case errors.As(err, &faults):
		for _, fault := range faults {
			fmt.Fprintf(con.stderr, "maestro: %s\n", inOneLine(fault))
		}
		return exitFailed
	default:
		fmt.Fprintf(con.stderr, "maestro: %s\n", inOneLine(err.Error()))
		return exitFailed
	}
}

// inOneLine is text without line ends, such as pgx puts into its errors.
func inOneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func dispatch(ctx context.Context, args []string, con console) error {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:], "--help")
	}
	if len(args) == 0 {
		return usageError("no command given; maestro --help lists them")
	}
	if args[0] == probeCommand {
		return probePackages(os.Stdin)
	}
	if isHelp(args[0]) {
		fmt.Fprint(con.stdout, overview(""))
		return nil
	}
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == c.name {
			return c.run(ctx, args[len(words):], con)
		}
	}
	if group := overview(args[0] + " "); strings.Contains(group, "\n  ") {
		if len(args) == 2 && isHelp(args[1]) {
			fmt.Fprint(con.stdout, group)
			return nil
		}
		return usageError(fmt.Sprintf("%s needs one of its commands; maestro %s --help lists them", args[0], args[0]))
	}
	return usageError(fmt.Sprintf("there is no command %q; maestro --help lists them", args[0]))
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-help" || arg == "-h" }

func (c subcommand) run(ctx context.Context, args []string, con console) error {
	options := flag.NewFlagSet("maestro "+c.name, flag.ContinueOnError)
	options.SetOutput(io.Discard)
	act := c.prepare(options)
	err := options.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(con.stdout, c.usage(options))
		return nil
	case err != nil:
		return usageError(fmt.Sprintf("%v; see maestro %s --help", err, c.name))
	case options.NArg() > 0:
		return usageError(fmt.Sprintf("%q is too much; see maestro %s --help", options.Arg(0), c.name))
	}
	return act(ctx, con)
}

// overview is the list of the commands whose name begins with prefix.
func overview(prefix string) string {
	var b strings.Builder
	if prefix == "" {
		b.WriteString("Maestro runs Python functions that call each other, behind webhooks, and records every call.\n\n")
	}
	fmt.Fprintf(&b, "Usage: maestro %sCOMMAND [OPTIONS]\n\nCommands:\n", prefix)
	for _, c := range commands() {
		if strings.HasPrefix(c.name, prefix) {
			fmt.Fprintf(&b, "  %-16s %s\n", c.name, c.summary)
		}
	}
	b.WriteString("\nmaestro COMMAND --help says more about one. Settings come from the environment and\nfrom the file .env in the current folder; .env.example lists them.\n")
	return b.String()
}

func (c subcommand) usage(options *flag.FlagSet) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Usage: %s\n\n%s\n", strings.TrimSpace("maestro "+c.name+" "+c.args), strings.TrimSpace(c.help))
	first := true
	options.VisitAll(func(f *flag.Flag) {
		if first {
			b.WriteString("\nOptions:\n")
			first = false
		}
		placeholder, meaning := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "  %-22s %s\n", strings.TrimSpace("--"+f.Name+" "+placeholder), meaning)
	})
	return b.String()
}

// settings loads the server's settings as every command sees them.
func settings(con console) (*config.Config, error) {
	cfg, warnings, err := config.Load(os.Environ(), ".")
	for _, w := range warnings {
		fmt.Fprintf(con.stderr, "maestro: warning: %s\n", w)
	}
	return cfg, err
}
