package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
	"maestro/internal/runtree"
	"maestro/internal/terminal"
)

func (a *app) executionsCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "executions",
		Short: "list executions, show one as a tree of its calls, compare two",
		Long:  "An execution is the record of one run: its input and output, and each call of a function within it.",
	}
	group.AddCommand(a.executionsListCommand(), a.executionsShowCommand(), a.executionsCompareCommand(), a.executionsCancelCommand(), a.executionsRetryCommand())
	return a.addClientFlags(group)
}

func (a *app) executionsListCommand() *cobra.Command {
	var function, since, until, kind, trigger string
	var statuses []string
	var limit int
	cmd := &cobra.Command{
		Use:   "list [--function NAME] [--status S] [--since T] [--limit N]",
		Short: "list executions, newest first",
		Long:  "Lists executions, newest first.",
		Example: `  maestro executions list --status failed --since -24h
  maestro executions list --function greet --limit 5`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usageError("--limit must be 1 or more")
			}
			query := url.Values{}
			for name, value := range map[string]string{"function_name": function, "since": since, "until": until, "error_type": kind, "trigger_type": trigger} {
				if value != "" {
					query.Set(name, value)
				}
			}
			if len(statuses) > 0 {
				query["status"] = statuses
			}
			return listAs(cmd, a, "/executions", query, limit, showExecutions)
		},
	}
	cmd.Flags().StringVar(&function, "function", "", "only of the function of this `name`")
	cmd.Flags().StringArrayVar(&statuses, "status", nil, "only with this `status`: pending, running, completed, failed, timed_out, cancelled or crashed; may be repeated")
	cmd.Flags().StringVar(&since, "since", "", "only from this `time` on: an age such as -24h, a date, or RFC 3339")
	cmd.Flags().StringVar(&until, "until", "", "only up to this `time`")
	cmd.Flags().StringVar(&kind, "error", "", "only with an error of this `class`, such as ValueError")
	cmd.Flags().StringVar(&trigger, "trigger", "", "only with this `trigger`: webhook, schedule, manual, retry or spawn")
	cmd.Flags().IntVar(&limit, "limit", 20, "at most this `number`")
	return cmd
}

// wide is the width from which on a line has room for more than the essential.
const wide = 110

func showExecutions(o *terminal.Out, all []runtree.Execution) {
	header := []string{"ID", "FUNCTION", "STATUS", "TOOK", "TRIGGER", "CREATED", "ERROR"}
	narrow := o.Width > 0 && o.Width < wide
	if narrow {
		header = []string{"ID", "FUNCTION", "STATUS", "TOOK", "CREATED"}
	}
	var rows [][]terminal.Cell
	for i := range all {
		e := &all[i]
		took, fault := "", ""
		if e.DurationMS != nil {
			took = terminal.Milliseconds(*e.DurationMS)
		}
		if e.Status != "completed" && e.ErrorType != "" {
			fault = e.ErrorType + ": " + e.Error
		}
		row := []terminal.Cell{{Text: e.ID, Style: terminal.Bold}, {Text: e.Function}, {Text: e.Status, Style: runtree.StatusStyle(e.Status)}, {Text: took}}
		if narrow {
			row = append(row, terminal.Cell{Text: day(e.CreatedAt)})
		} else {
			row = append(row, terminal.Cell{Text: e.Trigger}, terminal.Cell{Text: moment(e.CreatedAt)}, terminal.Cell{Text: fault, Style: terminal.Red})
		}
		rows = append(rows, row)
	}
	o.Table(header, rows, "No execution matches.")
}

// moment is a time of the API to the second.
func moment(stamp string) string {
	if len(stamp) < 19 {
		return stamp
	}
	return strings.Replace(stamp[:19], "T", " ", 1)
}

// execution loads an execution with its steps.
func execution(ctx context.Context, c *apiclient.Client, id string) (e runtree.Execution, steps []runtree.Step, err error) {
	path := "/executions/" + url.PathEscape(id)
	if err = c.Call(ctx, http.MethodGet, path, nil, &e); err != nil {
		return e, nil, err
	}
	steps, err = apiclient.List[runtree.Step](ctx, c, path+"/steps", nil, 0)
	return e, steps, err
}

func (a *app) executionsShowCommand() *cobra.Command {
	var values bool
	cmd := &cobra.Command{
		Use:   "show ID [--values]",
		Short: "show an execution as a tree of its calls",
		Long: `Shows an execution: the calls within it as a tree, with their times and their part of the
whole, and the error and its traceback if it failed.`,
		Args: takes(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.executionJSON(cmd.Context(), c, args[0])
			}
			e, steps, err := execution(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			o := a.out()
			o.Printf("execution %s  %s  %s, %s", o.In(terminal.Bold, e.ID), o.In(runtree.StatusStyle(e.Status), e.Status), e.Trigger, moment(e.CreatedAt))
			if e.Attempt > 1 {
				o.Printf(", attempt %d", e.Attempt)
			}
			o.Printf("\n\n")
			runtree.Show(o, runtree.Build(&e, steps), values)
			if !values {
				o.Printf("\n%s %s\n", o.In(terminal.Dim, "input "), runtree.Line(e.Input))
				if e.Status == "completed" {
					o.Printf("%s %s\n", o.In(terminal.Dim, "output"), runtree.Line(e.Output))
				}
			}
			if e.Traceback != "" {
				o.Printf("\n%s\n", strings.TrimRight(terminal.Lines(e.Traceback), "\n"))
			} else if e.Error != "" && e.Status != "completed" {
				o.Printf("\n%s\n", o.In(terminal.Red, terminal.Lines(e.Error)))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&values, "values", false, "show the input and output of each call")
	return cmd
}

// executionJSON prints an execution as the API shows it, with its steps.
func (a *app) executionJSON(ctx context.Context, c *apiclient.Client, id string) error {
	path, shown := "/executions/"+url.PathEscape(id), map[string]any{}
	if err := c.Call(ctx, http.MethodGet, path, nil, &shown); err != nil {
		return err
	}
	steps, err := apiclient.List[any](ctx, c, path+"/steps", nil, 0)
	if err != nil {
		return err
	}
	shown["steps"] = steps
	return a.printJSON(shown)
}

func (a *app) executionsCompareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compare A B",
		Short: "compare two executions call by call",
		Long: `Shows two executions as one tree: "=" marks a call that is the same in both, "~" one whose
input, output, version or outcome differs, "-" one that only A has, "+" one that only B
has; with the times of both. The exit status is 0 also when they differ.`,
		Args: takes(2, "A", "B"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			var trees [2]*runtree.Node
			for i, id := range args {
				e, steps, err := execution(cmd.Context(), c, id)
				if err != nil {
					return fmt.Errorf("execution %s: %w", id, err)
				}
				trees[i] = runtree.Build(&e, steps)
			}
			pair := runtree.Compare(trees[0], trees[1])
			if a.flags.json {
				return a.printJSON(pair)
			}
			o := a.out()
			o.Printf("A %s\nB %s\n\n", args[0], args[1])
			runtree.ShowComparison(o, pair)
			if pair.Same() {
				o.Printf("\nThe same calls, inputs and outputs.\n")
			}
			return nil
		},
	}
}

type startedRun struct {
	ExecutionID string `json:"execution_id"`
	Status      string `json:"status"`
}

func (a *app) executionsCancelCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel ID",
		Short: "stop an execution that has not ended",
		Long:  "Asks for the end of an execution. One that waits ends at once, one that runs is stopped.",
		Args:  takes(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeAs(cmd, a, http.MethodPost, "/executions/"+url.PathEscape(args[0])+"/cancel", nil, func(o *terminal.Out, _ any) {
				o.Printf("The end of %s was asked for.\n", args[0])
			})
		},
	}
}

func (a *app) executionsRetryCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "retry ID",
		Short: "run the function of an execution again, with the same input",
		Long:  "Runs the function of an execution that has ended again, with the same input, as a new execution.",
		Args:  takes(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeAs(cmd, a, http.MethodPost, "/executions/"+url.PathEscape(args[0])+"/retry", nil, func(o *terminal.Out, run startedRun) {
				o.Printf("%s\n", run.ExecutionID)
			})
		},
	}
}
