package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"maestro/internal/terminal"
)

// changeAs makes one request that changes something, and prints the answer: as
// JSON, or as show writes it.
func changeAs[T any](cmd *cobra.Command, a *app, method, path string, body any, show func(*terminal.Out, T)) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	answer := json.RawMessage("{}")
	if err := c.WithPatience(installTime).Call(cmd.Context(), method, path, body, &answer); err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(answer)
	}
	var decoded T
	if err := json.Unmarshal(answer, &decoded); err != nil {
		return err
	}
	show(a.out(), decoded)
	return nil
}
