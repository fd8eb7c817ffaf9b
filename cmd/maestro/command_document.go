package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// writeReference writes the reference of the command line, docs/cli.md.
func writeReference(w io.Writer, root *cobra.Command) {
	_, _ = fmt.Fprint(w, `# The command line

One program is the server and its client. This page is made from its help texts (`+"`go test ./cmd/maestro -run Reference -update`"+`);
[daily-tasks.md](daily-tasks.md) has the commands by task, [folders.md](folders.md) the files of a folder.

Commands that are clients find a server in this order: `+"`--profile`"+`; `+"`MAESTRO_URL` and `MAESTRO_TOKEN`"+`; the profile that `+"`MAESTRO_PROFILE`"+` names;
the profile `+"`default`"+` of `+"`maestro login`"+`; the development server on the same data folder. `+"`--json`"+` prints the API's JSON.
The exit status is 0, 1 if it failed (the reason is on the standard error), and 2 for wrong usage.

`)
	reference(w, root)
}

func reference(w io.Writer, cmd *cobra.Command) {
	if cmd.Hidden {
		return
	}
	if cmd.HasParent() {
		_, _ = fmt.Fprintf(w, "%s `%s`\n\n%s\n\n", strings.Repeat("#", 1+strings.Count(cmd.CommandPath(), " ")), cmd.CommandPath(), markdown(cmd.Long))
		var b strings.Builder
		if !cmd.HasAvailableSubCommands() {
			b.WriteString(broken(optionsOf(cmd.UseLine()), "", "    ") + "\n")
			if cmd.HasAvailableLocalFlags() {
				b.WriteString("\n" + strings.TrimRight(cmd.LocalNonPersistentFlags().FlagUsagesWrapped(helpWidth), "\n") + "\n")
			}
			if cmd.HasExample() {
				b.WriteString("\n" + cmd.Example + "\n")
			}
			_, _ = fmt.Fprintf(w, "```\n%s```\n\n", b.String())
		}
	}
	for _, sub := range cmd.Commands() {
		if sub.Name() != "help" {
			reference(w, sub)
		}
	}
}

// markdown is a help text with its indented lines as blocks of code.
func markdown(text string) string {
	var b strings.Builder
	code := false
	for line := range strings.SplitSeq(text, "\n") {
		indented := strings.HasPrefix(line, "  ")
		if indented != code && (indented || line != "") {
			b.WriteString("```\n")
			code = indented
		}
		b.WriteString(strings.TrimPrefix(line, "  ") + "\n")
	}
	if code {
		b.WriteString("```\n")
	}
	return strings.TrimRight(b.String(), "\n")
}
