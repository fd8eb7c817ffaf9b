package main

import (
	"github.com/spf13/cobra"

	"maestro/internal/terminal"
)

type shownWebhook struct {
	Method       string `json:"http_method"`
	URL          string `json:"url"`
	Function     string `json:"function_name"`
	RequiresAuth bool   `json:"requires_auth"`
	Signature    *struct {
		Scheme string `json:"scheme"`
	} `json:"signature"`
	ResponseMode string `json:"response_mode"`
	IsActive     bool   `json:"is_active"`
}

func (a *app) webhooksCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "webhooks",
		Short: "list webhooks",
		Long:  "A webhook is an address that runs a function. functions push creates those of a folder.",
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "list webhooks with their addresses",
		Long:  "Lists the webhooks with their addresses, and who can call them.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listAs(cmd, a, "/webhooks", nil, 0, func(o *terminal.Out, all []shownWebhook) {
				var rows [][]terminal.Cell
				for i := range all {
					w := &all[i]
					access, style := "public", terminal.Yellow
					switch {
					case !w.IsActive:
						access, style = "off", terminal.Dim
					case w.Signature != nil:
						access, style = "signed, "+w.Signature.Scheme, terminal.Green
					case w.RequiresAuth:
						access, style = "token", terminal.Green
					}
					rows = append(rows, []terminal.Cell{{Text: w.Method}, {Text: w.Function, Style: terminal.Bold}, {Text: access, Style: style}, {Text: w.ResponseMode}, {Text: w.URL, Style: terminal.Cyan}})
				}
				o.Table([]string{"METHOD", "FUNCTION", "ACCESS", "RESPONSE", "URL"}, rows, "There are no webhooks yet. Write [[webhooks]] with a path into NAME.toml, and run maestro functions push.")
			})
		},
	}
	group.AddCommand(list)
	return a.addClientFlags(group)
}
