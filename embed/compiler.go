package embed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"maestro/internal/model"
)

// The compiler is a separate interpreter with its own thread, shared by all
// subtenants. Sources are compiled in it and never run, so it keeps no data of a
// subtenant. A source that keeps it busy for longer than Options.CompileLimit
// causes it to be replaced.

// compileJob is one source to compile, or to read the type hints of.
type compileJob struct {
	function string // of compile.py
	request  []byte
	done     chan compileResult // buffered: the caller may have stopped waiting
}

type compileResult struct {
	answer []byte
	err    error
}

// Compile makes a program of a function's source without running it. The
// error is a *model.Error with CodeSyntaxError or CodeNoSuchDef if the
// source is wrong, with CodeUnavailable if the host is closed.
func (h *Host) Compile(ctx context.Context, function string, version int, source string) (*model.Program, error) {
	answer, err := h.askCompiler(ctx, "compile_program", compileRequest{Name: function, Version: version, Source: source, File: h.sourceFile(function, version)})
	if err != nil {
		return nil, err
	}
	return programOf(function, version, source, answer)
}

// CompileModule is Compile for a stored module.
func (h *Host) CompileModule(ctx context.Context, name string, version int, source string) (*model.Program, error) {
	answer, err := h.askCompiler(ctx, "compile_program", compileRequest{Name: name, Version: version, Source: source, Module: true, File: h.sourceFile(name, version)})
	if err != nil {
		return nil, err
	}
	return programOf(name, version, source, answer)
}

// Inspect reads the unresolved names and imports of a source without running
// it. A source that does not compile has none.
func (h *Host) Inspect(ctx context.Context, name, source string, siblings []string) (model.Inspection, error) {
	if siblings == nil {
		siblings = []string{}
	}
	answer, err := h.askCompiler(ctx, "inspect_program", compileRequest{Name: name, Source: source, Siblings: siblings})
	if err != nil {
		return model.Inspection{}, err
	}
	var said model.Inspection
	if err := json.Unmarshal(answer, &said); err != nil {
		return model.Inspection{}, fmt.Errorf("read the names of function %s: %w", name, err)
	}
	return said, nil
}

// Hints derives schemas from a function's type hints without running the
// source. Its errors are those of Compile, except the source's own: hints that
// are not understood produce no schema.
func (h *Host) Hints(ctx context.Context, function, source string) (model.Hints, error) {
	answer, err := h.askCompiler(ctx, "hint_schemas", compileRequest{Name: function, Source: source})
	if err != nil {
		return model.Hints{}, err
	}
	var said map[string]json.RawMessage
	if err := json.Unmarshal(answer, &said); err != nil {
		return model.Hints{}, fmt.Errorf("read the type hints of function %s: %w", function, err)
	}
	return model.Hints{Input: unlessNull(said["input"]), Output: unlessNull(said["output"])}, nil
}

func unlessNull(value json.RawMessage) json.RawMessage {
	if string(value) == "null" {
		return nil
	}
	return value
}

// compiles reports whether the host has a compiler.
func (h *Host) compiles() bool { return !h.opt.Main || h.opt.Compiler }

func (h *Host) sourceFile(name string, version int) string {
	if h.opt.SourceFile == nil {
		return ""
	}
	return h.opt.SourceFile(name, version)
}

// askCompiler runs a function of compile.py on the compiler's thread.
func (h *Host) askCompiler(ctx context.Context, what string, asked compileRequest) ([]byte, error) {
	function := asked.Name
	request, err := json.Marshal(asked)
	if err != nil {
		return nil, fmt.Errorf("compile function %s: %w", function, err)
	}
	if !h.compiles() {
		return nil, fmt.Errorf("compile function %s: the process of one subtenant has no compiler", function)
	}
	job := &compileJob{function: what, request: request, done: make(chan compileResult, 1)}
	select {
	case h.compileJobs <- job:
	case <-h.closing:
		return nil, model.NewError(model.CodeUnavailable, "The server is stopping and does not compile functions. Try again in a moment.")
	case <-ctx.Done():
		return nil, fmt.Errorf("compile function %s: %w", function, ctx.Err())
	}
	select {
	case result := <-job.done:
		return result.answer, result.err
	case <-ctx.Done():
		return nil, fmt.Errorf("compile function %s: %w", function, ctx.Err())
	}
}

// compileRequest is the argument of the functions of compile.py.
type compileRequest struct {
	Name     string   `json:"name"`
	Version  int      `json:"version"`
	Source   string   `json:"source"`
	Module   bool     `json:"module"`
	File     string   `json:"file,omitempty"` // the name of the source; empty: by name and version
	Siblings []string `json:"siblings,omitempty"`
}

// compileAnswer is the first line of the result of compile.py.
type compileAnswer struct {
	Async     bool     `json:"async"`
	Generator bool     `json:"generator"`
	Imports   []string `json:"imports"`
	Error     *struct {
		Kind    string `json:"kind"`
		Message string `json:"message"`
		Line    int    `json:"line"`
		Column  int    `json:"column"`
	} `json:"error"`
}

func programOf(function string, version int, source string, answer []byte) (*model.Program, error) {
	head, code, _ := bytes.Cut(answer, []byte("\n"))
	var a compileAnswer
	if err := json.Unmarshal(head, &a); err != nil {
		return nil, fmt.Errorf("compile function %s: read the compiler's answer: %w", function, err)
	}
	if a.Error != nil {
		problem := model.Problem{Line: a.Error.Line, Column: a.Error.Column, Message: a.Error.Message}
		e := model.NewError(model.CodeSyntaxError, "The code is not valid Python: %s.", a.Error.Message)
		if a.Error.Line > 0 {
			e.Detail = fmt.Sprintf("The code is not valid Python: %s (line %d).", a.Error.Message, a.Error.Line)
		}
		switch a.Error.Kind {
		case "no_such_def":
			e = model.NewError(model.CodeNoSuchDef, "The code does not define the function: %s.", a.Error.Message)
		case "standard_name":
			e = model.NewError(model.CodeInvalid, "The module cannot have this name: %s.", a.Error.Message)
			problem = model.Problem{Pointer: "/name", Message: a.Error.Message}
		}
		e.Problems = []model.Problem{problem}
		return nil, e
	}
	p := &model.Program{
		Function: function, Version: version, Source: source,
		Code: code, Async: a.Async, Generator: a.Generator, Imports: a.Imports,
	}
	process.addProgram(p)
	return p, nil
}

// runCompiler is the compiler's thread. It ends when the host closes, or after
// the job that overran.
func (h *Host) runCompiler() {
	runtime.LockOSThread() // for ever: the thread has been in Python
	py, err := h.machines.compiler()
	if err != nil {
		h.opt.Log.Error("could not start the compiler's Python interpreter", slog.Any("error", err))
	}
	for {
		select {
		case job := <-h.compileJobs:
			if err != nil {
				job.done <- compileResult{err: unavailable(err)}
				if py, err = h.machines.compiler(); err != nil {
					continue
				}
				continue
			}
			if !h.compile(py, job) {
				return
			}
		case <-h.closing:
			if err == nil {
				py.End()
			}
			h.mu.Lock()
			h.compilers--
			h.checkQuiet()
			h.mu.Unlock()
			return
		}
	}
}

// compile does one job and reports whether the compiler remains in its place.
func (h *Host) compile(py machine, job *compileJob) bool {
	overdue := time.AfterFunc(h.opt.CompileLimit, func() {
		h.opt.Log.Warn("compiling a function exceeded the limit; the compiler is replaced", slog.Duration("limit", h.opt.CompileLimit))
		job.done <- compileResult{err: model.NewError(model.CodeInvalid,
			"Compiling the code takes longer than %v. Make its expressions smaller.", h.opt.CompileLimit)}
		h.startCompiler()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.compilers--
		h.leaked++
		h.checkQuiet()
	})
	answer, exc := py.Invoke(job.function, job.request)
	if !overdue.Stop() {
		py.End()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.leaked--
		return false
	}
	if exc != nil && exc.Type == "MemoryError" {
		job.done <- compileResult{err: model.NewError(model.CodeInvalid,
			"Compiling the code takes more than %d MB of memory. Make it, or its expressions, smaller.", h.opt.MaxMemory>>20)}
		return true
	}
	if exc != nil {
		job.done <- compileResult{err: fmt.Errorf("%s: %s: %s", job.function, exc.Type, exc.Message)}
		return true
	}
	job.done <- compileResult{answer: answer}
	return true
}

// startCompiler starts a compiler's thread.
func (h *Host) startCompiler() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.compilers++
	go h.runCompiler()
}
