package lanetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/model"
	"maestro/internal/schema"
)

// maxSteps is the MAX_STEPS of all calls.
const maxSteps = 100_000

// Run is one call, recorded as the real engine would.
type Run struct {
	*Engine
	Function *model.Program

	mu    sync.Mutex // guards what follows
	book  calltree.Book
	steps []*Step // StepRef n is steps[n-1]
	lines []string
	over  bool
}

var (
	_ model.Host       = (*Run)(nil)
	_ model.RemoteHost = (*Run)(nil)
	_ calltree.Steps   = (*Run)(nil)
)

// Step is one sibling call.
type Step struct {
	Function string          `json:"function"`
	Version  int             `json:"version,omitempty"` // left out when 1
	Input    json.RawMessage `json:"input"`
	Output   json.RawMessage `json:"output,omitempty"`
	Error    string          `json:"error,omitempty"`
	Steps    []*Step         `json:"steps,omitempty"`

	Ended  bool `json:"-"`
	parent model.StepRef
	depth  int
}

// NewRun makes the Host of a call of a function.
func (e *Engine) NewRun(function string) *Run { return &Run{Engine: e, Function: e.Program(function)} }

// Recorded returns the steps and lines, as far as they have come.
func (r *Run) Recorded() (steps []*Step, lines []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.steps, r.lines
}

// end ends the record.
func (r *Run) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
}

// BeginStep implements model.Host.
func (r *Run) BeginStep(parent model.StepRef, name string, input []byte) (model.Begun, *model.Raise) {
	return calltree.BeginStep(r, parent, name, input)
}

// EndStep implements model.Host.
func (r *Run) EndStep(ref model.StepRef, output []byte, failure *model.Failure) *model.Raise {
	return calltree.EndStep(r, ref, output, failure)
}

// Lookup implements model.Host.
func (r *Run) Lookup(name string) (*model.Program, *model.Raise) {
	if program := r.Program(name); program != nil {
		return program, nil
	}
	return nil, calltree.NotDefined(name)
}

// Module implements model.Host.
func (r *Run) Module(string) (*model.Program, *model.Raise) { return nil, nil }

// Siblings implements model.Host.
func (r *Run) Siblings() ([]string, uint64) { return r.names() }

// Generation implements model.Host.
func (r *Run) Generation() uint64 {
	_, generation := r.names()
	return generation
}

// Log implements model.Host.
func (r *Run) Log(ref model.StepRef, line model.LogLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	text := fmt.Sprintf("%s %s%s: %s", r.name(ref), line.Stream, line.Level, line.Text)
	if line.Fields != nil {
		text += " " + string(line.Fields)
	}
	r.lines = append(r.lines, text)
}

// Info implements model.Host.
func (r *Run) Info(ref model.StepRef) model.CallInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	frame := r.Frame()
	info := model.CallInfo{
		ExecutionID: frame.ExecutionID, Function: r.name(ref), Version: 1, Subtenant: frame.Subtenant, Trigger: frame.Trigger,
		Attempt: frame.Attempt, Deadline: frame.Deadline,
	}
	if ref > 0 {
		info.StepID = model.StepID(frame.ExecutionID, frame.Attempt, int(ref))
	}
	return info
}

// Spawn implements model.Host.
func (r *Run) Spawn(name string, input []byte, delay time.Duration) (model.ID, *model.Raise) {
	if name == "missing" {
		return model.ID{}, calltree.NotDefined(name)
	}
	return model.FirstIDOf(time.Unix(int64(len(input)), 0).Add(delay)), nil
}

// Emit implements model.Host: its callers take no streams.
func (r *Run) Emit(model.Emitted, bool) model.EmitState { return model.EmitCollect }

// Request implements model.Host.
func (r *Run) Request() (*model.HTTPRequest, *model.Raise) {
	return &model.HTTPRequest{
		Method: "POST", URL: "https://example.com/api/v1/h/pay?a=%7e", Headers: json.RawMessage(`{"X-Signature":"5a35"}`), Body: []byte(`{"amount": 5}`),
	}, nil
}

// Secret implements model.Host.
func (r *Run) Secret(_ model.StepRef, name string) (string, *model.Raise) {
	return r.SecretFor("", name)
}

// SecretFor implements model.RemoteHost.
func (r *Run) SecretFor(_, name string) (string, *model.Raise) {
	if strings.HasPrefix(name, "KEY") {
		return "the välue of " + name, nil
	}
	return "", &model.Raise{Kind: model.RaiseSecret, Name: name, Message: fmt.Sprintf("there is no secret named '%s'", name)}
}

// name says whose a step is. mu is held.
func (r *Run) name(ref model.StepRef) string {
	if f := r.book.Function(ref); f != nil {
		return f.Name
	}
	return r.Function.Function
}

// Sibling implements calltree.Steps.
func (r *Run) Sibling(name string) (*calltree.Function, *model.Raise) {
	program := r.Program(name)
	if program == nil {
		return nil, calltree.NotDefined(name)
	}
	f := &calltree.Function{Name: name, Version: program.Version, Program: program}
	var err error
	if f.Input, err = schema.Compile(r.schemaOf(name)); err != nil {
		return nil, calltree.NotLoaded(name)
	}
	f.Output = f.Input
	return f, nil
}

// Begin implements calltree.Steps.
func (r *Run) Begin(parent model.StepRef, f *calltree.Function, input []byte) (model.StepRef, *model.Raise) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return 0, calltree.Over
	}
	ref, raise := r.book.Begin(parent, f, maxSteps)
	if raise != nil {
		return 0, raise
	}
	step := &Step{Function: f.Name, Input: input, parent: parent, depth: r.book.Depth(ref)}
	if f.Version > 1 {
		step.Version = f.Version
	}
	r.steps = append(r.steps, step)
	return ref, nil
}

// Open implements calltree.Steps.
func (r *Run) Open(ref model.StepRef) *calltree.Function {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.book.Function(ref); f != nil && !r.over && !r.steps[ref-1].Ended {
		return f
	}
	return nil
}

// End implements calltree.Steps.
func (r *Run) End(ref model.StepRef, output []byte, failure *model.Failure, _ bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	step := r.steps[ref-1]
	if step.Ended {
		step.Error = "ended twice"
		return
	}
	step.Ended = true
	if failure != nil {
		step.Error = strings.TrimSuffix(failure.Type+": "+failure.Message, ": ")
		return
	}
	step.Output = output
}

// Bounds implements calltree.Steps.
func (r *Run) Bounds() (context.Context, time.Time) { return context.Background(), deadline }
