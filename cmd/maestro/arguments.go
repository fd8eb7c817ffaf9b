package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"maestro/internal/folder"
)

// takes checks the number of arguments. names are those of the usage line.
func takes(least int, names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return usageError(fmt.Sprintf("%s is missing; see %s --help", names[len(args)], cmd.CommandPath()))
		}
		return refuseArguments(cmd, args[min(len(args), len(names)):])
	}
}

// printJSON writes a value as JSON, on several lines.
func (a *app) printJSON(value any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// readText is text itself, the content of the file after an @, or the standard input for -.
func (a *app) readText(text string) ([]byte, error) {
	switch {
	case text == "-":
		return io.ReadAll(a.stdin)
	case strings.HasPrefix(text, "@"):
		return os.ReadFile(text[1:])
	}
	return []byte(text), nil
}

// isTerminal reports whether a person can answer a question.
func (a *app) isTerminal() bool {
	in, ok := a.stdin.(*os.File)
	out, also := a.stdout.(*os.File)
	return ok && also && term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd()))
}

// confirm asks a question whose answer is no unless it begins with y.
func (a *app) confirm(question string) bool {
	fmt.Fprintf(a.stdout, "%s [y/N] ", question)
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.readLine())), "y")
}

// readLine reads a line of the standard input, byte by byte: the rest is left to others.
func (a *app) readLine() string {
	var line strings.Builder
	one := make([]byte, 1)
	for {
		n, err := a.stdin.Read(one)
		if n > 0 && one[0] != '\n' {
			line.WriteByte(one[0])
		}
		if err != nil || n > 0 && one[0] == '\n' {
			return line.String()
		}
	}
}

// readSecret reads a text that must not be seen: without an echo on a terminal,
// otherwise the standard input without its last line end.
func (a *app) readSecret(prompt string) (string, error) {
	if file, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(a.stderr, prompt+": ")
		text, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(a.stderr)
		return string(text), err
	}
	text, err := io.ReadAll(io.LimitReader(a.stdin, 1<<20))
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), err
}

func writeFaults(w io.Writer, faults []folder.Fault) {
	for _, fault := range faults {
		fmt.Fprintf(w, "maestro: %s\n", inOneLine(fault.String()))
	}
}
