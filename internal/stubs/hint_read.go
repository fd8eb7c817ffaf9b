package stubs

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"

	"maestro/embed/python"
)

// driver reads sources on its standard input and writes what they say about each function.
//
//go:embed driver.py
var driver string

// source is a function's code, as driver gets it.
type source struct {
	Name   string `json:"name"`
	Code   string `json:"code"`
	Module bool   `json:"module"`
}

// said is what a source says about its function.
type said struct {
	Async     bool            `json:"async"`
	Generator bool            `json:"generator"`
	Doc       string          `json:"doc"`
	Parameter string          `json:"parameter"` // its first; empty: there is no such function
	Input     json.RawMessage `json:"input"`     // derived from type hints; null: nothing
	Output    json.RawMessage `json:"output"`
	Builtin   bool            `json:"builtin"` // the name means a builtin of Python
	Error     string          `json:"error"`   // why the source does not compile
}

// readHints asks the Python program of the server's compiler. It runs no code of the sources.
func readHints(ctx context.Context, executable string, sources []source) ([]said, error) {
	text, err := json.Marshal(sources)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, executable, "-I", "-S", "-c", python.Compiler+"\n"+driver)
	cmd.Stdin = bytes.NewReader(text)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("read the type hints: %w: %s", err, bytes.TrimSpace(errs.Bytes()))
	}
	var all []said
	if err := json.Unmarshal(out.Bytes(), &all); err != nil {
		return nil, fmt.Errorf("read the type hints: %w", err)
	}
	return all, nil
}
