package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
	"maestro/internal/runtree"
	"maestro/internal/terminal"
)

// logEntry is an entry of a log as the API shows it.
type logEntry struct {
	ID         string          `json:"id"`
	Timestamp  string          `json:"timestamp"`
	Event      string          `json:"event"`
	Function   string          `json:"function_name"`
	Status     string          `json:"status"`
	DurationMS *float64        `json:"duration_ms"`
	ErrorType  string          `json:"error_type"`
	Stream     string          `json:"stream"`
	Level      string          `json:"level"`
	Message    string          `json:"message"`
	Fields     json.RawMessage `json:"fields"`
}

func (a *app) logsCommand() *cobra.Command {
	var follow bool
	var function string
	cmd := &cobra.Command{
		Use:   "logs [EXECUTION] [-f] [--function NAME]",
		Short: "show the log of an execution, or follow it",
		Long: `Shows the calls and the printed lines of an execution: of the newest one, unless another
is named. With -f the lines come as they are written: of the execution named, until its
end, or of each new execution, until Ctrl-C.`,
		Args: takes(0, "EXECUTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			switch {
			case len(args) > 0 && function != "":
				return usageError("--function goes with no execution: leave one of them out")
			case len(args) > 0 && follow:
				return a.followOne(ctx, c, args[0])
			case len(args) > 0:
				return a.readLog(ctx, c, args[0])
			case follow:
				return a.followAll(ctx, c, function)
			}
			newest, err := newestExecutions(ctx, c, function, "", 1)
			if err != nil {
				return err
			}
			if len(newest) == 0 {
				return errors.New("there are no executions yet")
			}
			return a.readLog(ctx, c, newest[0].ID)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on as lines are written")
	cmd.Flags().StringVar(&function, "function", "", "of the executions of the function of this `name`")
	return a.addClientFlags(cmd)
}

// newestExecutions are those after the execution since.
func newestExecutions(ctx context.Context, c *apiclient.Client, function, since string, limit int) ([]runtree.Execution, error) {
	query := url.Values{"brief": {"true"}}
	if function != "" {
		query.Set("function_name", function)
	}
	if since != "" {
		query.Set("since", since)
	}
	return apiclient.List[runtree.Execution](ctx, c, "/executions", query, limit)
}

// readLog prints the log as it is now.
func (a *app) readLog(ctx context.Context, c *apiclient.Client, id string) error {
	after := ""
	for {
		var page struct {
			Logs []json.RawMessage `json:"logs"`
		}
		path := "/executions/" + url.PathEscape(id) + "/logs?count=1000"
		if after != "" {
			path += "&after=" + url.QueryEscape(after)
		}
		if err := c.Call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return err
		}
		for _, raw := range page.Logs {
			entry, err := a.printEntry(raw)
			if err != nil {
				return err
			}
			after = entry.ID
		}
		if len(page.Logs) < 1000 {
			return nil
		}
	}
}

// printEntry prints one entry.
func (a *app) printEntry(raw json.RawMessage) (entry logEntry, err error) {
	if err := json.Unmarshal(raw, &entry); err != nil {
		return entry, fmt.Errorf("read an entry of the log: %w", err)
	}
	if a.flags.json {
		_, err = fmt.Fprintf(a.stdout, "%s\n", raw)
		return entry, err
	}
	showEntry(a.out(), &entry)
	return entry, nil
}

func showEntry(o *terminal.Out, e *logEntry) {
	clock := e.Timestamp
	if len(clock) >= 23 {
		clock = clock[11:23]
	}
	took := ""
	if e.DurationMS != nil {
		took = "  " + terminal.Milliseconds(*e.DurationMS)
	}
	head := o.In(terminal.Dim, clock) + " " + o.In(terminal.Cyan, terminal.OneLine(e.Function))
	switch e.Event {
	case "log":
		style := terminal.Plain
		switch {
		case e.Level == "error" || e.Level == "critical":
			style = terminal.Red
		case e.Level == "warning" || e.Stream == "stderr":
			style = terminal.Yellow
		}
		text := terminal.Lines(e.Message)
		if len(e.Fields) > 0 && string(e.Fields) != "null" {
			text += " " + o.In(terminal.Dim, runtree.Line(e.Fields))
		}
		o.Printf("%s %s\n", head, o.In(style, text))
	case "function_called":
		o.Printf("%s %s\n", head, o.In(terminal.Dim, "called"))
	case "execution_started":
		o.Printf("%s %s\n", head, o.In(terminal.Dim, "started"))
	default:
		text := e.Status
		if e.ErrorType != "" {
			text += " " + e.ErrorType
		}
		o.Printf("%s %s%s\n", head, o.In(runtree.StatusStyle(e.Status), text), took)
	}
}

// followOne prints the entries of one execution as they come, until its end.
func (a *app) followOne(ctx context.Context, c *apiclient.Client, id string) error {
	var failed error
	err := c.Follow(ctx, "/executions/"+url.PathEscape(id)+"/logs/stream", func(event apiclient.Event) bool {
		var entry logEntry
		entry, failed = a.printEntry(json.RawMessage(event.Data))
		return failed == nil && entry.Event != "execution_completed"
	})
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(err, failed)
}

// lookEvery is how often the list of executions is read for new ones.
const lookEvery = time.Second

// followAll follows each execution that begins from now on, one after the other.
func (a *app) followAll(ctx context.Context, c *apiclient.Client, function string) error {
	seen := map[string]bool{}
	begun, err := newestExecutions(ctx, c, function, "", 100)
	if err != nil {
		return err
	}
	for _, e := range begun {
		seen[e.ID] = true
	}
	fmt.Fprintln(a.stderr, "Waiting for executions; Ctrl-C ends it.")
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
		found, err := newestExecutions(ctx, c, function, "-10m", 100)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for i := len(found) - 1; i >= 0; i-- {
			if id := found[i].ID; !seen[id] {
				seen[id] = true
				if err := a.followOne(ctx, c, id); err != nil {
					return err
				}
			}
		}
	}
}
