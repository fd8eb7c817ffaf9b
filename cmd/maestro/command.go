package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
	"maestro/internal/config"
	"maestro/internal/deploy"
	"maestro/internal/supervisor"
	"maestro/internal/trial"
)

// app is what the commands share. Each command is a method of it that returns a
// *cobra.Command, in a file of its own, and stands in the list in newRoot or in
// its group.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	timing         timing
	flags          clientFlags
	getenv         func(string) string // nil: os.Getenv
	client         *apiclient.Client   // of the server that this process has started; nil: connect finds one
}

// env is a variable of the environment.
func (a *app) env(name string) string {
	if a.getenv != nil {
		return a.getenv(name)
	}
	return os.Getenv(name)
}

// timing is the patience of a server, and its wall clock. Only tests change it.
type timing struct {
	grace    time.Duration    // that a stop gives the runs under way before it ends them
	silence  time.Duration    // after which a server counts as gone; 0: the scheduler's own
	keyLease time.Duration    // how long such a server holds an idempotency key; 0: the gate's own
	now      func() time.Time // for schedules; nil: time.Now
}

func newApp() *app {
	return &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, timing: timing{grace: 30 * time.Second}}
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
func run(ctx context.Context, args []string, a *app) int {
	root := newRoot(a)
	root.SetArgs(twoDashes(args))
	err := root.ExecuteContext(ctx)
	var usage usageError
	var faults config.Faults
	var end *supervisor.EndError
	var files deploy.FaultsError
	var refused *deploy.RefusedError
	var tested trial.FaultsError
	var status exitStatus
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errShown):
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &files):
		writeFaults(a.stderr, files)
		fmt.Fprintln(a.stderr, "maestro: nothing was changed, for the faults above")
	case errors.As(err, &tested):
		writeFaults(a.stderr, tested)
		fmt.Fprintln(a.stderr, "maestro: nothing was run, for the faults above")
	case errors.As(err, &refused):
		writeFaults(a.stderr, refused.Faults)
		fmt.Fprintln(a.stderr, "maestro: nothing was changed, for the faults above")
	case errors.As(err, &end) && end.Signal == 0 && end.Reason == "":
		return end.Status // the server has said why
	case errors.As(err, &usage):
		fmt.Fprintf(a.stderr, "maestro: %s\n", inOneLine(err.Error()))
		return exitUsage
	case errors.As(err, &faults):
		for _, fault := range faults {
			fmt.Fprintf(a.stderr, "maestro: %s\n", inOneLine(fault))
		}
	default:
		fmt.Fprintf(a.stderr, "maestro: %s\n", inOneLine(err.Error()))
	}
	return exitFailed
}

// errShown ends a command whose output says already what failed.
var errShown = errors.New("it failed, as shown")

// inOneLine is text without line ends, such as pgx puts into its errors. pgx has a line
// for each attempt to connect, with TLS and without: the same is said once.
func inOneLine(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		if last := len(lines) - 1; last >= 0 && strings.HasPrefix(line, lines[last]) {
			lines[last] = line
		} else if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

// settings loads the server's settings as every command sees them.
func (a *app) settings() (*config.Config, error) {
	cfg, warnings, err := config.Load(os.Environ(), ".")
	for _, w := range warnings {
		fmt.Fprintf(a.stderr, "maestro: warning: %s\n", w)
	}
	return cfg, err
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "maestro",
		Short: "run Python functions that call each other, behind webhooks",
		Long: `Maestro runs Python functions that call each other, behind webhooks, and records every call.

Settings come from the environment and from the file .env in the current folder;
.env.example lists them.`,
		SilenceErrors:     true, // run writes them
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.Flags().BoolP(versionFlag, "v", false, "version for maestro")
	root.SetHelpCommand(a.helpCommand())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(fmt.Sprintf("%v; see %s --help", err, cmd.CommandPath()))
	})
	root.AddCommand(
		a.serveCommand(), a.migrateCommand(), a.tokenCommand(), a.doctorCommand(), a.backupCommand(), a.restoreCommand(), a.censusDevCommand(),
		a.loginCommand(), a.logoutCommand(), a.functionsCommand(), a.executionsCommand(), a.logsCommand(), a.secretsCommand(), a.schedulesCommand(), a.webhooksCommand(),
		a.packagesCommand(), a.examplesCommand(), a.devCommand(), a.stubsCommand(),
		a.completionCommand(), a.manCommand(), a.probeCommand(), a.laneChildCommand(), a.runServerCommand(), a.versionCommand(),
	)
	root.SetUsageFunc(writeUsage)
	root.SetHelpFunc(writeHelp)
	a.checkArguments(root)
	a.completeNames(root)
	return root
}

// checkArguments gives every command below and including cmd the same answer to
// arguments that it does not take.
func (a *app) checkArguments(cmd *cobra.Command) {
	cmd.DisableFlagsInUseLine = true // those with options name them
	switch {
	case cmd.HasSubCommands():
		cmd.Args, cmd.RunE = cobra.ArbitraryArgs, a.refuseGroup
	case cmd.Args == nil:
		cmd.Args = refuseArguments
	}
	for _, sub := range cmd.Commands() {
		a.checkArguments(sub)
	}
}

const versionFlag = "version" // of the root alone

// refuseGroup is what a group of commands does without one of them.
func (a *app) refuseGroup(cmd *cobra.Command, args []string) error {
	if asked, err := cmd.Flags().GetBool(versionFlag); err == nil && asked {
		_, err := fmt.Fprint(a.stdout, a.versionLine(cmd.Context()))
		return err
	}
	if len(args) == 0 {
		return usageError(fmt.Sprintf("no command given; %s --help lists the commands", cmd.CommandPath()))
	}
	return usageError(fmt.Sprintf("unknown command %q; %s --help lists the commands", args[0], cmd.CommandPath()))
}

func refuseArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError(fmt.Sprintf("unexpected argument %q; see %s --help", args[0], cmd.CommandPath()))
}

// twoDashes writes -name as --name, as which it has always been understood.
func twoDashes(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(out[i:], args[i:])
			break
		}
		if len(arg) > 2 && arg[0] == '-' && 'a' <= arg[1] && arg[1] <= 'z' {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}
