package lanetest

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// Lane is the part of a model.Lane that runs calls.
type Lane interface {
	Call(ctx context.Context, call model.Call) (model.Outcome, error)
	Changed(tenant string, number uint64)
}

// Compiler is the part of a model.Compiler that programs need.
type Compiler interface {
	Compile(ctx context.Context, function string, version int, source string) (*model.Program, error)
}

// Engine keeps the functions of one subtenant.
type Engine struct {
	Tenant      string
	ObjectsOnly []string // functions that take and give objects only; set before the first call

	lane     Lane
	compiler Compiler
	folder   string

	mu         sync.Mutex // guards what follows
	programs   map[string]*model.Program
	versions   map[string]int
	generation uint64
}

// NewEngine makes an Engine without functions.
func NewEngine(lane Lane, compiler Compiler, tenant string) *Engine {
	return &Engine{
		Tenant: tenant, lane: lane, compiler: compiler, programs: map[string]*model.Program{}, versions: map[string]int{}, generation: 1,
	}
}

// Define stores a function, replacing its former version.
func (e *Engine) Define(t testing.TB, name, source string) *model.Program {
	t.Helper()
	e.mu.Lock()
	e.versions[name]++
	version := e.versions[name]
	e.mu.Unlock()
	program, err := e.compiler.Compile(t.Context(), name, version, source)
	require.NoError(t, err)
	e.change(func() { e.programs[name] = program })
	return program
}

// Program returns the present version of a function, or nil.
func (e *Engine) Program(name string) *model.Program {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.programs[name]
}

func (e *Engine) change(change func()) {
	e.mu.Lock()
	change()
	e.generation++
	number := e.generation
	e.mu.Unlock()
	e.lane.Changed(e.Tenant, number)
}

// defineAll stores the functions that no action of the case stores later.
func (e *Engine) defineAll(t *testing.T, c golden) {
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
			e.defineFile(t, strings.TrimSuffix(filepath.Base(file), ".py"), "")
		}
	}
}

func (e *Engine) defineFile(t *testing.T, name, file string) {
	t.Helper()
	if file == "" {
		file = name + ".py"
	}
	source, err := os.ReadFile(filepath.Join(e.folder, file))
	require.NoError(t, err)
	e.Define(t, name, string(source))
}

func (e *Engine) remove(name string) { e.change(func() { delete(e.programs, name) }) }

// names returns those of all functions, and the number of changes.
func (e *Engine) names() ([]string, uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.programs)), e.generation
}

// objects is the schema of a function of ObjectsOnly.
var objects = json.RawMessage(`{"type": "object"}`)

// schemaOf returns the schema of a function's input and output.
func (e *Engine) schemaOf(name string) json.RawMessage {
	if slices.Contains(e.ObjectsOnly, name) {
		return objects
	}
	return nil
}
