package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"maestro/internal/terminal"
)

type shownWebhook struct {
	ID           string `json:"id"`
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
		Short: "list webhooks, and the calls that they refused",
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
	group.AddCommand(list, a.webhooksRefusalsCommand())
	return a.addClientFlags(group)
}

type shownRefusal struct {
	LastAt  string   `json:"last_at"`
	Reason  string   `json:"reason"`
	Address *string  `json:"address"`
	Calls   int64    `json:"calls"`
	Headers []string `json:"header_names"`
}

func (a *app) webhooksRefusalsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "refusals ID",
		Short: "list the calls of a webhook that were refused for their signatures",
		Long:  "Lists the calls of a webhook that were refused for their signatures, newest first: one row for each minute, reason and sender. maestro webhooks list --json has the ids.",
		Args:  takes(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return listAs(cmd, a, "/webhooks/"+url.PathEscape(args[0])+"/refusals", nil, 0, func(o *terminal.Out, all []shownRefusal) {
				var rows [][]terminal.Cell
				for _, r := range all {
					sender := "others"
					if r.Address != nil {
						sender = *r.Address
					}
					rows = append(rows, []terminal.Cell{
						{Text: moment(r.LastAt)}, {Text: r.Reason, Style: terminal.Red}, {Text: fmt.Sprint(r.Calls)}, {Text: sender}, {Text: strings.Join(r.Headers, ", "), Style: terminal.Dim},
					})
				}
				o.Table([]string{"LAST", "REASON", "CALLS", "SENDER", "HEADERS"}, rows, "No call was refused for its signature.")
			})
		},
	}
}
