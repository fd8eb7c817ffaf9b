package calltree

import (
	"fmt"

	"maestro/internal/model"
	"maestro/internal/schema"
)

// Function is one version of a function as calls of it need it. It never changes.
type Function struct {
	Name          string
	Version       int
	Program       *model.Program
	Input, Output *schema.Schema
}

// compile makes the function that a resolved name stands for.
func compile(resolved model.Resolved) (*Function, error) {
	program := resolved.Program
	f := &Function{Name: program.Function, Version: program.Version, Program: program}
	var err error
	if f.Input, err = schema.Compile(resolved.Input); err != nil {
		return nil, fmt.Errorf("function %s, version %d: input schema: %w", f.Name, f.Version, err)
	}
	if f.Output, err = schema.Compile(resolved.Output); err != nil {
		return nil, fmt.Errorf("function %s, version %d: output schema: %w", f.Name, f.Version, err)
	}
	return f, nil
}
