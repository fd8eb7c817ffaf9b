package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/model"
	"maestro/internal/schema"
)

// function is a function version with all that a run of it needs.
type function struct {
	calltree.Function
	kind    model.FunctionKind
	timeout time.Duration // 0: the server's
	retry   *model.RetryPolicy
	atOnce  int  // runs at a time; 0: as many as there are
	off     bool // its calls are refused
	// quarantine is why its calls are refused too; empty: they are not.
	quarantine string
	paused     bool            // its runs do not begin
	notify     json.RawMessage // where messages about it go; nil: as the subtenant says
	// The stored texts of the schemas. An outline has not read that of Input, and has
	// not that of Output.
	inputSchema, outputSchema json.RawMessage
	lock                      model.Lock     // of the packages that it requires
	meter                     model.RunMeter // nil: not asked for yet
	sequence                  uint64         // of the snapshot for which it was loaded
}

// unusableError says that a stored function can't be run, now or later, though it
// could when it was saved.
type unusableError struct{ cause error }

func (e *unusableError) Error() string { return e.cause.Error() }

func (e *unusableError) Unwrap() error { return e.cause }

// outlineOf makes a function that can't be run yet.
func outlineOf(stored *model.Function) *function {
	f := &function{
		Function: calltree.Function{Name: stored.Name, Version: stored.Version},
		kind:     stored.Kind, off: stored.Off, lock: stored.Lock, retry: stored.Retry, inputSchema: stored.InputSchema,
	}
	if stored.TimeoutSeconds != nil {
		f.timeout = time.Duration(*stored.TimeoutSeconds * float64(time.Second))
	}
	if stored.MaxConcurrency != nil {
		f.atOnce = *stored.MaxConcurrency
	}
	f.paused, f.notify = stored.PausedAt != nil, stored.Notify
	if stored.Quarantine != nil {
		f.quarantine = stored.Quarantine.Reason
	}
	return f
}

// readInputSchema compiles the input schema of an outline, which is not shared
// with other goroutines. A loaded function has it already.
func (f *function) readInputSchema() (err error) {
	if f.Input != nil {
		return nil
	}
	if f.Input, err = schema.Compile(f.inputSchema); err != nil {
		return &unusableError{fmt.Errorf("function %s, version %d: stored input schema: %w", f.Name, f.Version, err)}
	}
	return nil
}

// meterOf returns what counts the runs of a function, of which there may be an
// outline only.
func (e *Engine) meterOf(tenant string, f *function) model.RunMeter {
	if f.meter != nil {
		return f.meter
	}
	return e.opts.Meter.Of(tenant, f.Name)
}

// newFunction makes what it takes to run a function; program is that of its code,
// nil when it is to be compiled. The error is an
// *unusableError, or says that the lane can't compile at present.
func newFunction(ctx context.Context, lane model.Lane, stored model.Function, program *model.Program) (*function, error) {
	f := outlineOf(&stored)
	var err error
	if err = f.readInputSchema(); err != nil {
		return nil, err
	}
	if f.Output, err = schema.Compile(stored.OutputSchema); err != nil {
		return nil, &unusableError{fmt.Errorf("function %s, version %d: stored output schema: %w", f.Name, f.Version, err)}
	}
	f.outputSchema = stored.OutputSchema
	if f.Program = program; program != nil {
		return f, nil
	}
	if f.Program, err = compile(ctx, lane, &stored, f.Version); err != nil {
		err = fmt.Errorf("function %s, version %d: stored code: %w", f.Name, f.Version, err)
		switch model.CodeOf(err) {
		case model.CodeSyntaxError, model.CodeNoSuchDef:
			err = &unusableError{err}
		}
		return nil, err
	}
	return f, nil
}

// compile makes the program of a function or of a module.
func compile(ctx context.Context, lane model.Lane, stored *model.Function, version int) (*model.Program, error) {
	if stored.Kind == model.KindModule {
		return lane.CompileModule(ctx, stored.Name, version, stored.Code)
	}
	return lane.Compile(ctx, stored.Name, version, stored.Code)
}

// Check says whether a function could be saved: its source compiles and defines a
// function of its name, its schemas are schemas. A module need define nothing. A
// schema that is marked as derived is derived again from the source's type hints.
// No code of the source runs. The error is an *model.Error with CodeSyntaxError, CodeNoSuchDef or
// CodeSchemaInvalid; its problems point into the request's body.
func (e *Engine) Check(ctx context.Context, f *model.Function) error {
	if _, err := schema.Compile(f.InputSchema); err != nil && !f.InputDerived {
		return at("input_schema", err)
	}
	if _, err := schema.Compile(f.OutputSchema); err != nil && !f.OutputDerived {
		return at("output_schema", err)
	}
	if _, err := compile(ctx, e.opts.Lane, f, 0); err != nil {
		return err
	}
	if f.Kind == model.KindModule {
		return nil // it has no input, and no output
	}
	if !f.InputDerived && !f.OutputDerived {
		return nil
	}
	hints, err := e.opts.Lane.Hints(ctx, f.Name, f.Code)
	if err != nil {
		return err
	}
	if f.InputDerived {
		f.InputSchema = e.usable(f, "input", hints.Input)
	}
	if f.OutputDerived {
		f.OutputSchema = e.usable(f, "output", hints.Output)
	}
	return nil
}

// usable returns a derived schema, or nil when it is invalid: that would be a bug
// of the server, and no reason to refuse the author's function.
func (e *Engine) usable(f *model.Function, part string, derived json.RawMessage) json.RawMessage {
	if _, err := schema.Compile(derived); err != nil {
		e.opts.Log.Error("the schema derived from type hints is none", slog.String("tenant", f.Tenant),
			slog.String("function", f.Name), slog.String("part", part), slog.Any("error", err))
		return nil
	}
	return derived
}

// at says in an error about a schema which of the two is meant.
func at(member string, err error) error {
	var coded *model.Error
	if !errors.As(err, &coded) {
		return err
	}
	coded.Detail = member + ": " + coded.Detail
	for i := range coded.Problems {
		coded.Problems[i].Pointer = "/" + member + coded.Problems[i].Pointer
	}
	if len(coded.Problems) == 0 {
		coded.Problems = []model.Problem{{Pointer: "/" + member, Message: coded.Detail}}
	}
	return coded
}
