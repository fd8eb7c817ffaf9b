package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"maestro/internal/terminal"
)

func (a *app) secretsCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "secrets",
		Short: "set, list and delete secrets",
		Long:  "Functions read a secret with maestro.secret(\"NAME\"). Its value is never shown again.",
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "list the names of secrets",
		Long: `Lists the names of the secrets, when they were set and last read, and the functions and
modules whose code names them, never their values. One with a question mark computes the
names of secrets, and may read it.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listAs(cmd, a, "/secrets", nil, 0, func(o *terminal.Out, all []shownSecret) {
				var rows [][]terminal.Cell
				for _, s := range all {
					rows = append(rows, []terminal.Cell{{Text: s.Name, Style: terminal.Bold}, {Text: day(s.CreatedAt)}, {Text: day(s.UpdatedAt)}, {Text: lastRead(s.LastReadAt)}, {Text: s.readers()}})
				}
				o.Table([]string{"NAME", "CREATED", "CHANGED", "LAST READ", "READ BY"}, rows, "There are no secrets yet.")
			})
		},
	}
	set := &cobra.Command{
		Use:   "set NAME",
		Short: "set a secret to the text of the standard input",
		Long: `Sets a secret to the text of the standard input, without its last line end; on a terminal
it asks for it, and does not show it. The value is never an argument: other users of the
machine could read that.`,
		Example: `  maestro secrets set API_KEY < key.txt
  pass show api-key | maestro secrets set API_KEY`,
		Args: takes(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			value, err := a.readSecret("Value of " + args[0])
			if err != nil {
				return err
			}
			if value == "" {
				return errors.New("the standard input has no value; nothing was changed")
			}
			return changeAs(cmd, a, http.MethodPut, "/secrets/"+url.PathEscape(args[0]), map[string]string{"value": value}, func(o *terminal.Out, _ any) {
				o.Printf("%s is set.\n", args[0])
			})
		},
	}
	remove := &cobra.Command{
		Use:   "delete NAME",
		Short: "delete a secret",
		Long:  "Deletes a secret. Functions that read it fail from then on.",
		Args:  takes(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeAs(cmd, a, http.MethodDelete, "/secrets/"+url.PathEscape(args[0]), nil, func(o *terminal.Out, _ any) {
				o.Printf("%s was deleted.\n", args[0])
			})
		},
	}
	group.AddCommand(list, set, remove)
	return a.addClientFlags(group)
}

type shownSecret struct {
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`

	LastReadAt *string `json:"last_read_at"`
	Readers    []struct {
		Function string `json:"function"`
		Version  int    `json:"version"`
		Computed bool   `json:"computed"`
	} `json:"readers"`
}

func lastRead(at *string) string {
	if at == nil {
		return "-"
	}
	return day(*at)
}

// readers names the functions with their versions; a "?" behind one tells that it computes
// names, and alone stands for readers that the
// server does not know yet.
func (s *shownSecret) readers() string {
	if s.Readers == nil {
		return "?"
	}
	names := make([]string, len(s.Readers))
	for i, r := range s.Readers {
		names[i] = fmt.Sprintf("%s v%d", r.Function, r.Version)
		if r.Computed {
			names[i] += "?"
		}
	}
	return strings.Join(names, ", ")
}
