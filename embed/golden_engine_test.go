package embed

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// goldenEngine keeps the functions of one case; goldenRun, a model.Host,
// records one call as the real engine would.
type goldenEngine struct {
	host           *Host
	tenant, folder string
	objectsOnly    []string

	mu         sync.Mutex
	programs   map[string]*model.Program
	versions   map[string]int
	generation uint64
}

type goldenRun struct {
	*goldenEngine
	function *model.Program

	mu    sync.Mutex
	steps []*goldenStep // StepRef n is steps[n-1]
	lines []string
}

// goldenStep is one sibling call.
type goldenStep struct {
	Function string          `json:"function"`
	Version  int             `json:"version,omitempty"` // left out when 1
	Input    json.RawMessage `json:"input"`
	Output   json.RawMessage `json:"output,omitempty"`
	Error    string          `json:"error,omitempty"`
	Steps    []*goldenStep   `json:"steps,omitempty"`

	parent model.StepRef
	depth  int
	ended  bool
}

// goldenSummary stands for a tree of steps that is too large to be shown.
type goldenSummary struct {
	Count  int `json:"count"`
	Depth  int `json:"depth"`
	Failed int `json:"failed"`
}

// defineAll stores the functions that no action of the case stores later.
func (e *goldenEngine) defineAll(t *testing.T, c goldenCase) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(e.folder, "*.py"))
	require.NoError(t, err)
	later := map[string]bool{}
	for _, action := range c.Do {
		if action.Define != "" && action.From == "" {
			later[action.Define+".py"] = true
		}
		later[action.From] = true
	}
	for _, file := range files {
		if !later[filepath.Base(file)] {
			e.define(t, strings.TrimSuffix(filepath.Base(file), ".py"), "")
		}
	}
}

func (e *goldenEngine) define(t *testing.T, name, file string) {
	t.Helper()
	if file == "" {
		file = name + ".py"
	}
	source, err := os.ReadFile(filepath.Join(e.folder, file))
	require.NoError(t, err)
	e.mu.Lock()
	e.versions[name]++
	version := e.versions[name]
	e.mu.Unlock()
	program, err := compilerOf(t, e.host).Compile(t.Context(), name, version, string(source))
	require.NoError(t, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.programs[name] = program
	e.generation++
}

func (e *goldenEngine) remove(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.programs, name)
	e.generation++
}

func (e *goldenEngine) program(name string) *model.Program {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.programs[name]
}

// BeginStep implements model.Host.
func (r *goldenRun) BeginStep(parent model.StepRef, name string, input []byte) (model.Begun, *model.Raise) {
	program, raise := r.Lookup(name)
	if raise != nil {
		return model.Begun{}, raise
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	step := &goldenStep{Function: name, Input: input, parent: parent, depth: 1}
	if program.Version > 1 {
		step.Version = program.Version
	}
	if parent > 0 {
		step.depth = r.steps[parent-1].depth + 1
	}
	if step.depth > 100 {
		return model.Begun{}, &model.Raise{Kind: model.RaiseRecursion, Message: "more than 100 calls within each other"}
	}
	r.steps = append(r.steps, step)
	if raise := r.refuse(step, input, model.RaiseInput); raise != nil {
		return model.Begun{}, raise
	}
	return model.Begun{Step: model.StepRef(len(r.steps)), Program: program}, nil
}

// EndStep implements model.Host.
func (r *goldenRun) EndStep(ref model.StepRef, output []byte, failure *model.Failure) *model.Raise {
	r.mu.Lock()
	defer r.mu.Unlock()
	step := r.steps[ref-1]
	if step.ended {
		step.Error = "ended twice"
		return nil
	}
	step.ended = true
	if failure != nil {
		step.Error = strings.TrimSuffix(failure.Type+": "+failure.Message, ": ")
		return nil
	}
	if raise := r.refuse(step, output, model.RaiseOutput); raise != nil {
		return raise
	}
	step.Output = output
	return nil
}

// refuse plays the part of a schema: r.mu is held.
func (r *goldenRun) refuse(step *goldenStep, value []byte, kind model.RaiseKind) *model.Raise {
	if !slices.Contains(r.objectsOnly, step.Function) || value[0] == '{' {
		return nil
	}
	what := map[model.RaiseKind]string{model.RaiseInput: "input", model.RaiseOutput: "output"}[kind]
	step.Error = "the " + what + " is no object"
	step.ended = true
	return &model.Raise{Kind: kind, Message: step.Error, Problems: []model.Problem{{Pointer: "/", Message: "object wanted"}}}
}

// Lookup implements model.Host.
func (r *goldenRun) Lookup(name string) (*model.Program, *model.Raise) {
	if program := r.program(name); program != nil {
		return program, nil
	}
	return nil, &model.Raise{Kind: model.RaiseName, Name: name, Message: fmt.Sprintf("name '%s' is not defined", name)}
}

// Module implements model.Host.
func (r *goldenRun) Module(string) (*model.Program, *model.Raise) { return nil, nil }

// Siblings implements model.Host.
func (e *goldenEngine) Siblings() ([]string, uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.programs)), e.generation
}

// Generation implements model.Host.
func (e *goldenEngine) Generation() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.generation
}

// Log implements model.Host.
func (r *goldenRun) Log(ref model.StepRef, line model.LogLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := fmt.Sprintf("%s %s%s: %s", r.name(ref), line.Stream, line.Level, line.Text)
	if line.Fields != nil {
		text += " " + string(line.Fields)
	}
	r.lines = append(r.lines, text)
}

// Info implements model.Host.
func (r *goldenRun) Info(ref model.StepRef) model.CallInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	info := model.CallInfo{
		ExecutionID: model.FirstIDOf(time.Unix(1_700_000_000, 0)),
		Function:    r.name(ref),
		Version:     1,
		Subtenant:   r.tenant,
		Trigger:     model.TriggerManual,
		Attempt:     1,
		Deadline:    time.Date(2040, 1, 2, 3, 4, 5, 678_901_000, time.UTC),
	}
	if ref > 0 {
		info.StepID = model.FirstIDOf(time.Unix(int64(ref), 0))
	}
	return info
}

// Spawn implements model.Host.
func (r *goldenRun) Spawn(name string, input []byte, delay time.Duration) (model.ID, *model.Raise) {
	if name == "missing" {
		return model.ID{}, &model.Raise{Kind: model.RaiseName, Name: name, Message: "name 'missing' is not defined"}
	}
	return model.FirstIDOf(time.Unix(int64(len(input)), 0).Add(delay)), nil
}

// Request implements model.Host.
func (r *goldenRun) Request() (*model.HTTPRequest, *model.Raise) {
	return &model.HTTPRequest{
		Method: "POST", URL: "https://example.com/api/v1/h/pay?a=%7e", Headers: json.RawMessage(`{"X-Signature":"5a35"}`), Body: []byte(`{"amount": 5}`),
	}, nil
}

// Secret implements model.Host.
func (r *goldenRun) Secret(name string) (string, *model.Raise) {
	if strings.HasPrefix(name, "KEY") {
		return "the välue of " + name, nil
	}
	return "", &model.Raise{Kind: model.RaiseSecret, Name: name, Message: fmt.Sprintf("there is no secret named '%s'", name)}
}

// name says whose a step is: r.mu is held.
func (r *goldenRun) name(ref model.StepRef) string {
	if ref == 0 {
		return r.function.Function
	}
	return r.steps[ref-1].Function
}

// record returns the tree of steps, or a summary of it, and the log.
func (r *goldenRun) record(c goldenCase) (steps any, log []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Unordered {
		slices.Sort(r.lines)
	}
	if len(r.steps) == 0 {
		return nil, r.lines
	}
	var summary goldenSummary
	var roots []*goldenStep
	for _, step := range r.steps {
		if !step.ended {
			step.Error = "never ended"
		}
		summary.Count++
		summary.Depth = max(summary.Depth, step.depth)
		if step.Error != "" {
			summary.Failed++
		}
		if step.parent == 0 {
			roots = append(roots, step)
			continue
		}
		parent := r.steps[step.parent-1]
		parent.Steps = append(parent.Steps, step)
	}
	if c.Steps == "summary" {
		return summary, r.lines
	}
	if c.Unordered {
		sortSteps(roots)
	}
	return roots, r.lines
}

// sortSteps orders steps by what they are, not by when they began.
func sortSteps(steps []*goldenStep) {
	for _, step := range steps {
		sortSteps(step.Steps)
	}
	slices.SortStableFunc(steps, func(a, b *goldenStep) int {
		return strings.Compare(a.Function+string(a.Input), b.Function+string(b.Input))
	})
}
