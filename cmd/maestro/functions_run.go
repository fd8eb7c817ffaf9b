package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
)

func (a *app) functionsRunCommand() *cobra.Command {
	var input string
	var version int
	var async bool
	cmd := &cobra.Command{
		Use:   "run NAME [--input JSON] [--version N] [--async]",
		Short: "run a function and print its result",
		Long: `Runs a function and prints its result as JSON. The id of the execution goes to the standard
error, for maestro executions show. A function that fails ends the command with status 1.`,
		Example: `  maestro functions run greet --input '{"name": "Ada"}'
  maestro functions run greet --input @input.json
  echo '{"name": "Ada"}' | maestro functions run greet --input -`,
		Args: takes(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.readText(input)
			if err != nil {
				return fmt.Errorf("read the input: %w", err)
			}
			data, err := inputJSON(input, text)
			if err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			body := map[string]any{"function_name": args[0], "input_data": data}
			if version != 0 {
				body["function_version"] = version
			}
			if async {
				body["mode"] = "async"
			}
			var answer struct {
				ExecutionID string          `json:"execution_id"`
				Status      string          `json:"status,omitempty"`
				Success     bool            `json:"success"`
				Result      json.RawMessage `json:"result,omitempty"`
			}
			err = c.WithPatience(installTime).Call(cmd.Context(), http.MethodPost, "/executions", body, &answer)
			var failed *apiclient.Error
			if errors.As(err, &failed) && failed.ExecutionID != "" {
				return fmt.Errorf("%s; maestro executions show %s has the rest", strings.TrimSuffix(failed.Detail, "."), failed.ExecutionID)
			}
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(answer)
			}
			if async {
				fmt.Fprintf(a.stdout, "%s\n", answer.ExecutionID)
				return nil
			}
			fmt.Fprintf(a.stderr, "execution %s\n", answer.ExecutionID)
			return a.printJSON(answer.Result)
		},
	}
	cmd.Flags().StringVarP(&input, "input", "i", "{}", "the input, as `JSON`; @FILE reads a file, - the standard input")
	cmd.Flags().IntVar(&version, "version", 0, "an earlier `version` of it; its siblings are the current ones")
	cmd.Flags().BoolVar(&async, "async", false, "print the id of the execution, and do not wait for its end")
	return cmd
}
