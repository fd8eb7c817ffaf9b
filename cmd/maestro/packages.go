package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
	"maestro/internal/terminal"
)

type shownPackage struct {
	Name        string `json:"package_name"`
	Version     string `json:"version"`
	InstalledAt string `json:"installed_at"`
	InstalledBy string `json:"installed_by"`
}

func (a *app) packagesCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "packages",
		Short: "install, list and remove Python packages",
		Long: `Packages that functions import. What requirements in NAME.toml name is installed by
functions push; these commands are for the rest.`,
	}
	var all bool
	list := &cobra.Command{
		Use:   "list [--all]",
		Short: "list packages",
		Long:  "Lists the packages that were asked for by themselves.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			query := url.Values{}
			if all {
				query.Set("all", "true")
			}
			return listAs(cmd, a, "/packages", query, 0, func(o *terminal.Out, found []shownPackage) {
				var rows [][]terminal.Cell
				for _, p := range found {
					rows = append(rows, []terminal.Cell{{Text: p.Name, Style: terminal.Bold}, {Text: p.Version}, {Text: day(p.InstalledAt)}, {Text: p.InstalledBy}})
				}
				o.Table([]string{"NAME", "VERSION", "INSTALLED", "BY"}, rows, "There are no packages that were asked for by themselves; --all lists those of functions too.")
			})
		},
	}
	list.Flags().BoolVar(&all, "all", false, "also those that functions require, and that others need")
	remove := &cobra.Command{
		Use:   "remove NAME",
		Short: "remove a package",
		Long:  "Removes a package and those that only it needs, unless a function requires it.",
		Args:  takes(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeAs(cmd, a, http.MethodDelete, "/packages/"+url.PathEscape(args[0]), nil, func(o *terminal.Out, _ any) {
				o.Printf("%s was removed.\n", args[0])
			})
		},
	}
	group.AddCommand(list, a.packagesInstallCommand(), remove)
	return a.addClientFlags(group)
}

func (a *app) packagesInstallCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "install NAME[==VERSION]",
		Short: "install a package, and show how it proceeds",
		Long:  "Installs a package for all functions of the subtenant; one that is installed at another version is replaced.",
		Args:  takes(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			name, version, exact := strings.Cut(args[0], "==")
			body := map[string]string{"package_name": name}
			if exact {
				body["version"] = version
			}
			var answer struct {
				shownPackage
				ID     string `json:"id"`
				Status string `json:"status"`
			}
			if err := c.Call(cmd.Context(), http.MethodPost, "/packages", body, &answer); err != nil {
				return err
			}
			if answer.Status != "" { // it goes on after the answer
				if err := a.followInstall(cmd.Context(), c, answer.ID); err != nil {
					return err
				}
			}
			found, err := apiclient.List[shownPackage](cmd.Context(), c, "/packages", nil, 0)
			if err != nil {
				return err
			}
			for _, p := range found {
				if strings.EqualFold(strings.NewReplacer("_", "-", ".", "-").Replace(p.Name), strings.NewReplacer("_", "-", ".", "-").Replace(strings.Split(name, "[")[0])) {
					if a.flags.json {
						return a.printJSON(p)
					}
					fmt.Fprintf(a.stdout, "%s %s is installed.\n", p.Name, p.Version)
				}
			}
			return nil
		},
	}
}

// followInstall prints the lines of an install until its end.
func (a *app) followInstall(ctx context.Context, c *apiclient.Client, id string) error {
	path := "/packages/installs/" + url.PathEscape(id)
	err := c.Follow(ctx, path+"/log/stream", func(event apiclient.Event) bool {
		var entry logEntry
		if json.Unmarshal([]byte(event.Data), &entry) == nil && entry.Message != "" {
			fmt.Fprintln(a.stderr, terminal.Lines(entry.Message))
		}
		return entry.Event != "execution_completed"
	})
	if err != nil {
		return err
	}
	var install struct {
		Status string `json:"status"`
		Error  string `json:"error"`
	}
	if err := c.Call(ctx, http.MethodGet, path, nil, &install); err != nil {
		return err
	}
	if install.Error != "" {
		return errors.New(install.Error)
	}
	return nil
}
