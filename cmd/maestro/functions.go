package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
	"maestro/internal/terminal"
)

func (a *app) functionsCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "functions",
		Short: "push, pull, run and list functions",
		Long: `A folder is the source of functions: NAME.py has the code of a function, NAME.toml
beside it its settings, webhooks and schedules. push makes a server hold what the
folder holds, pull the other way round.`,
	}
	group.AddCommand(a.functionsListCommand(), a.functionsPushCommand(), a.functionsPullCommand(), a.functionsRunCommand(), a.functionsTestCommand(),
		a.functionsVersionsCommand(), a.functionsRollbackCommand(), a.functionsDeleteCommand())
	return a.addClientFlags(group)
}

// shownFunction is a function as the API shows it, for people.
type shownFunction struct {
	Name        string   `json:"name"`
	Kind        string   `json:"kind"`
	Version     int      `json:"version"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	IsActive    bool     `json:"is_active"`
	Deleted     bool     `json:"deleted"`
	PausedAt    *string  `json:"paused_at"`
	Quarantine  *struct {
		Reason string `json:"reason"`
	} `json:"quarantine"`
	UpdatedAt string `json:"updated_at"`
}

func (f *shownFunction) state() (string, terminal.Style) {
	switch {
	case f.Quarantine != nil:
		return "quarantined", terminal.Red
	case f.PausedAt != nil:
		return "paused", terminal.Yellow
	case !f.IsActive:
		return "off", terminal.Yellow
	}
	return "active", terminal.Green
}

func (a *app) functionsListCommand() *cobra.Command {
	var tags []string
	var search string
	cmd := &cobra.Command{
		Use:   "list [--tag T] [--search TEXT]",
		Short: "list the functions of a subtenant",
		Long:  "Lists the functions and modules by name, with their versions and states.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			query := url.Values{"active_only": {"false"}}
			if !a.flags.json {
				query.Set("brief", "true") // the table shows no code
			}
			if len(tags) > 0 {
				query["tags"] = tags
			}
			if search != "" {
				query.Set("q", search)
			}
			return listAs(cmd, a, "/functions", query, 0, func(o *terminal.Out, all []shownFunction) {
				var rows [][]terminal.Cell
				for i := range all {
					f := &all[i]
					if f.Deleted {
						continue
					}
					state, style := f.state()
					rows = append(rows, []terminal.Cell{
						{Text: f.Name, Style: terminal.Bold}, {Text: fmt.Sprint(f.Version)}, {Text: f.Kind}, {Text: state, Style: style}, {Text: strings.Join(f.Tags, ", ")},
						{Text: day(f.UpdatedAt)}, {Text: f.Description, Style: terminal.Dim},
					})
				}
				o.Table([]string{"NAME", "VERSION", "KIND", "STATE", "TAGS", "CHANGED", "DESCRIPTION"}, rows, "There are no functions yet. Put NAME.py into a folder, and run maestro functions push.")
			})
		},
	}
	cmd.Flags().StringArrayVar(&tags, "tag", nil, "only functions with this `tag`; several: with all of them")
	cmd.Flags().StringVar(&search, "search", "", "only functions with this `text` in the name or description")
	return cmd
}

// listAs prints a list of the API: as JSON, or as show writes it.
func listAs[T any](cmd *cobra.Command, a *app, path string, query url.Values, limit int, show func(*terminal.Out, []T)) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	if a.flags.json {
		all, err := apiclient.List[any](cmd.Context(), c, path, query, limit)
		if err != nil {
			return err
		}
		return a.printJSON(all)
	}
	all, err := apiclient.List[T](cmd.Context(), c, path, query, limit)
	if err != nil {
		return err
	}
	show(a.out(), all)
	return nil
}

// day is a time of the API to the minute.
func day(stamp string) string {
	if len(stamp) < 16 {
		return stamp
	}
	return strings.Replace(stamp[:16], "T", " ", 1)
}

type shownVersion struct {
	Version      int      `json:"version"`
	CreatedAt    string   `json:"created_at"`
	CreatedBy    string   `json:"created_by"`
	Requirements []string `json:"requirements"`
	Code         string   `json:"code"`
}

func (a *app) functionsVersionsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "versions NAME",
		Short: "list the versions of a function, newest first",
		Long:  "Lists the versions of a function, also of one that was deleted.",
		Args:  takes(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return listAs(cmd, a, "/functions/"+url.PathEscape(args[0])+"/versions", nil, 0, func(o *terminal.Out, all []shownVersion) {
				var rows [][]terminal.Cell
				for _, v := range all {
					rows = append(rows, []terminal.Cell{
						{Text: fmt.Sprint(v.Version), Style: terminal.Bold}, {Text: day(v.CreatedAt)}, {Text: v.CreatedBy},
						{Text: fmt.Sprint(strings.Count(v.Code, "\n"))}, {Text: strings.Join(v.Requirements, ", ")},
					})
				}
				o.Table([]string{"VERSION", "CREATED", "BY", "LINES", "REQUIREMENTS"}, rows, "It has no versions.")
			})
		},
	}
}

func (a *app) functionsRollbackCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rollback NAME VERSION",
		Short: "make a new version that equals an earlier one",
		Long: `Makes a new version of a function that equals an earlier one; it counts from the next
call on. functions pull brings it into the folder.`,
		Args: takes(2, "NAME", "VERSION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeAs(cmd, a, http.MethodPost, "/functions/"+url.PathEscape(args[0])+"/rollback/"+url.PathEscape(args[1]), nil, func(o *terminal.Out, f shownFunction) {
				o.Printf("%s is at version %d, which equals version %s.\n", f.Name, f.Version, args[1])
			})
		},
	}
}

func (a *app) functionsDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: "delete a function; its history stays",
		Long:  "Deletes a function. Its versions and executions stay, and its name can be used again.",
		Args:  takes(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeAs(cmd, a, http.MethodDelete, "/functions/"+url.PathEscape(args[0]), nil, func(o *terminal.Out, _ struct{}) {
				o.Printf("%s was deleted.\n", args[0])
			})
		},
	}
}
