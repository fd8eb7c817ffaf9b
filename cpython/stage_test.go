package cpython

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/embed/python"
)

var runtimeConfig = Config{Runtime: python.Runtime}

// A stage is a small subtenant for tests: an interpreter, its functions, and
// what came out of it. It is what embed is in the server.
type stage struct {
	t  testing.TB
	in *Interpreter

	mu         sync.Mutex // guards the rest
	functions  map[string]uint64
	programs   map[uint64]Module
	modules    map[string]uint64 // the stored ones, by name
	generation uint64
	forget     bool // keep no steps and lines: for benchmarks
	steps      []step
	lines      []line
	refuse     map[string]*Raise // instead of beginning a step
	refuseEnd  map[string]*Raise // instead of accepting its output
	request    *Request          // behind every call; set before the first
}

type step struct {
	Parent, Frame uint64
	Name          string
	Input, Output string
	Exception     *Exception
}

type line struct {
	Frame                       uint64
	Stream, Level, Text, Fields string
}

// stageSet routes the callbacks, which are the process's, to stages: by call
// number or by interpreter.
type stageSet struct {
	byCall, byInterp  sync.Map
	lastCall, lastKey atomic.Uint64
}

var stages = &stageSet{}

func (s *stageSet) of(frame uint64) *stage {
	if found, ok := s.byCall.Load(frame >> 20); ok {
		return found.(*stage)
	}
	return nil
}

var ended = &Raise{Kind: 5, Message: "the execution is over"}

// dereference is a fault of Go code for nil.
func dereference(s *stage) { s.generation++ }

func (s *stageSet) BeginStep(from Caller, name string, input []byte) Begun {
	if name == "panics" {
		panic("a fault in a callback")
	}
	st := s.of(from.Frame)
	if name == "faults" {
		dereference(nil)
	}
	if st == nil {
		return Begun{Raise: ended}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if raise := st.refuse[name]; raise != nil {
		return Begun{Raise: raise}
	}
	begun := st.find(name)
	if begun.Raise != nil {
		return begun
	}
	if st.forget {
		begun.Frame = from.Frame
		return begun
	}
	begun.Frame = from.Frame>>20<<20 | uint64(len(st.steps)+1)
	st.steps = append(st.steps, step{Parent: from.Frame & (1<<20 - 1), Frame: begun.Frame, Name: name, Input: string(input)})
	return begun
}

func (s *stageSet) EndStep(from Caller, output []byte, exc *Exception) *Raise {
	st := s.of(from.Frame)
	if st == nil {
		return ended
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	for i := range st.steps {
		if st.steps[i].Frame == from.Frame {
			st.steps[i].Output, st.steps[i].Exception = string(output), exc
			return st.refuseEnd[st.steps[i].Name]
		}
	}
	return nil
}

func (s *stageSet) Lookup(from Caller, name string) Begun {
	st := s.of(from.Frame)
	if st == nil {
		return Begun{Raise: ended}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.find(name)
}

func (s *stageSet) Module(from Caller, key uint64) (Module, bool) {
	found, ok := s.byInterp.Load(from.Interp)
	if !ok {
		return Module{}, false
	}
	st := found.(*stage)
	st.mu.Lock()
	defer st.mu.Unlock()
	module, ok := st.programs[key]
	return module, ok
}

func (s *stageSet) Stored(from Caller, name string) (uint64, bool, *Raise) {
	st := s.of(from.Frame)
	if st == nil {
		return 0, false, nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.modules[name], true, nil
}

func (s *stageSet) Siblings(from Caller) ([]string, uint64) {
	found, ok := s.byInterp.Load(from.Interp)
	if !ok {
		return nil, 0
	}
	st := found.(*stage)
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Collect(maps.Keys(st.functions)), st.generation
}

func (s *stageSet) Log(from Caller, stream, level, text string, fields []byte) {
	found, ok := s.byInterp.Load(from.Interp)
	if !ok {
		return
	}
	st := found.(*stage)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.forget {
		return
	}
	st.lines = append(st.lines, line{from.Frame & (1<<20 - 1), stream, level, text, string(fields)})
}

func (s *stageSet) Context(from Caller) []byte {
	return fmt.Appendf(nil, `{"execution_id":"e","function":"f%d","deadline":"2026-01-02T03:04:05.5Z"}`, from.Frame&(1<<20-1))
}

func (s *stageSet) Spawn(from Caller, name string, input []byte, delay float64) (string, *Raise) {
	if s.of(from.Frame) == nil {
		return "", ended
	}
	return fmt.Sprintf("%s(%s) in %g s", name, input, delay), nil
}

func (s *stageSet) Request(from Caller) (*Request, *Raise) {
	st := s.of(from.Frame)
	if st == nil {
		return nil, ended
	}
	return st.request, nil
}

func (s *stageSet) Emit(from Caller, kind int, value []byte, wait bool) int {
	const gone, collect = 2, 3
	if s.of(from.Frame) == nil {
		return gone
	}
	return collect
}

func (s *stageSet) Secret(from Caller, name string) (string, *Raise) {
	switch {
	case s.of(from.Frame) == nil:
		return "", ended
	case name == "panics":
		panic("a fault in a callback")
	case name == "EMPTY":
		return "", nil
	case strings.HasPrefix(name, "KEY"):
		return "the välue of " + name, nil
	default:
		return "", &Raise{Kind: 7, Message: "there is no secret " + name, Name: name}
	}
}

// find is called with mu held.
func (st *stage) find(name string) Begun {
	key, ok := st.functions[name]
	if !ok {
		return Begun{Raise: &Raise{Kind: 1, Name: name}}
	}
	return Begun{Key: key, Async: st.programs[key].Async, Generation: st.generation}
}

// onThread runs f on a locked OS thread that ends with it, after dropping its
// thread state.
func (st *stage) onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends
		f()
		st.in.DropThread()
	}()
	<-done
}

// setup makes a stage with functions: name and source in turns.
func setup(t testing.TB, functions ...string) *stage {
	t.Helper()
	return setupWith(t, runtimeConfig, functions...)
}

func setupWith(t testing.TB, config Config, functions ...string) *stage {
	t.Helper()
	st := &stage{
		t: t, functions: map[string]uint64{}, modules: map[string]uint64{}, programs: map[uint64]Module{},
		refuse: map[string]*Raise{}, refuseEnd: map[string]*Raise{},
	}
	var err error
	onLockedThread(func() { st.in, err = New(config) })
	require.NoError(t, err)
	stages.byInterp.Store(st.in.ID(), st)
	t.Cleanup(func() {
		onLockedThread(st.in.End)
		stages.byInterp.Delete(st.in.ID())
	})
	for i := 0; i < len(functions); i += 2 {
		st.put(functions[i], functions[i+1])
	}
	return st
}

func onLockedThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// put stores a new version of a function.
func (st *stage) put(name, source string) uint64 {
	st.t.Helper()
	key := stages.lastKey.Add(1)
	module := compileModule(st.t, name, int(key), source)
	module.Key = key
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, known := st.functions[name]; !known {
		st.generation++
	}
	st.functions[name] = key
	st.programs[key] = module
	return key
}

func (st *stage) remove(name string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.functions, name)
	st.generation++
}

func (st *stage) taken() []step {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Clone(st.steps)
}

func (st *stage) printed() []line {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Clone(st.lines)
}

// args readies an outer call; its ticket is its call number.
func (st *stage) args(name, input string) CallArgs {
	call := stages.lastCall.Add(1)
	stages.byCall.Store(call, st)
	st.mu.Lock()
	defer st.mu.Unlock()
	return CallArgs{Frame: call << 20, Key: st.functions[name], Generation: st.generation, Input: []byte(input)}
}

// call runs a function on a thread of its own.
func (st *stage) call(name, input string) (result CallResult) {
	args := st.args(name, input)
	st.onThread(func() { result = st.in.Call(args) })
	stages.byCall.Delete(args.Frame >> 20)
	return result
}

// output wants a call to succeed.
func (st *stage) output(name, input string) string {
	st.t.Helper()
	result := st.call(name, input)
	if result.Exception != nil {
		require.Fail(st.t, result.Exception.Error(), result.Exception.Traceback)
	}
	return string(result.Output)
}

// failure wants a call to fail.
func (st *stage) failure(name, input string) *Exception {
	st.t.Helper()
	result := st.call(name, input)
	require.NotNil(st.t, result.Exception, "output %s", result.Output)
	return result.Exception
}

// compiler is the product's own compiler on a thread of its own, started by
// the first test that needs it and ended by TestMain.
var compiler struct {
	start sync.Once
	jobs  chan func(*Interpreter)
	done  chan struct{}
	err   error
}

func startCompiler() {
	compiler.jobs, compiler.done = make(chan func(*Interpreter)), make(chan struct{})
	ready := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer close(compiler.done)
		var in *Interpreter
		in, compiler.err = New(Config{Runtime: python.Compiler})
		close(ready)
		if compiler.err != nil {
			return
		}
		for job := range compiler.jobs {
			job(in)
		}
		in.DropThread()
		in.End()
	}()
	<-ready
}

func endCompiler() {
	if compiler.jobs != nil {
		close(compiler.jobs)
		<-compiler.done
	}
}

func compileModule(t testing.TB, name string, version int, source string) Module {
	t.Helper()
	request, err := json.Marshal(map[string]any{"name": name, "version": version, "source": source})
	require.NoError(t, err)
	compiler.start.Do(startCompiler)
	require.NoError(t, compiler.err)
	var answer []byte
	var exc *Exception
	done := make(chan struct{})
	compiler.jobs <- func(in *Interpreter) {
		defer close(done)
		answer, exc = in.Invoke("compile_program", request)
	}
	<-done
	if exc != nil {
		require.NoError(t, exc)
	}
	head, code, _ := bytes.Cut(answer, []byte("\n"))
	var parsed struct {
		Async   bool
		Imports []string
		Error   json.RawMessage
	}
	require.NoError(t, json.Unmarshal(head, &parsed))
	require.Empty(t, string(parsed.Error))
	return Module{Name: name, Version: version, Source: source, Code: code, Async: parsed.Async, Imports: parsed.Imports}
}
