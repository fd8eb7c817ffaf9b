package embed

import (
	"runtime"
	"sync"
	"weak"

	"maestro/cpython"
	"maestro/internal/model"
)

// process holds the objects that C's callbacks refer to. libpython is loaded
// once in a process and has one set of callbacks, so this is the only part of the
// package that does not belong to a Host.
var process = &registry{programs: map[uint64]weak.Pointer[model.Program]{}}

// registry maps the numbers that C carries to the objects behind them. A number
// is never reused.
type registry struct {
	calls        [callShards]callShard
	interpreters sync.Map // uint64 → *interpreter
	loops        sync.Map // uint64 → *loop

	programMu  sync.Mutex
	programKey uint64
	// programs does not keep a program alive: the engine does while its
	// version is current, and a call does from being told to run it.
	programs map[uint64]weak.Pointer[model.Program]
}

const callShards = 64

type callShard struct {
	mu    sync.RWMutex
	calls map[uint64]*call
	_     [24]byte // keeps neighbours off each other's cache line
}

// begin registers c, so that Python's requests reach its host, until it is
// answered.
func (r *registry) begin(c *call) {
	s := &r.calls[c.number%callShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.answered.Load() {
		return
	}
	if s.calls == nil {
		s.calls = map[uint64]*call{}
	}
	s.calls[c.number] = c
}

// end removes c after it was answered: from now on its frames belong to
// an execution that is over.
func (r *registry) end(c *call) {
	s := &r.calls[c.number%callShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, c.number)
}

// of returns the call that the caller runs for, and its step. It is the only place
// in Go that decides it: a frame of a call that has ended, or that runs in another
// interpreter, is ignored.
func (r *registry) of(from cpython.Caller) (*call, model.StepRef) {
	number, step := splitFrame(from.Frame)
	s := &r.calls[number%callShards]
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.calls[number]
	if c == nil || c.interp == nil || c.interp.id != from.Interp {
		return nil, 0
	}
	return c, step
}

// interpreter returns the interpreter with that number, or nil.
func (r *registry) interpreter(id uint64) *interpreter {
	in, _ := r.interpreters.Load(id)
	if in == nil {
		return nil
	}
	return in.(*interpreter)
}

// addProgram gives p its key.
func (r *registry) addProgram(p *model.Program) {
	r.programMu.Lock()
	defer r.programMu.Unlock()
	r.programKey++
	p.Key = r.programKey
	r.note(p)
}

// note makes p known under its key. programMu is held.
func (r *registry) note(p *model.Program) {
	r.programs[p.Key] = weak.Make(p)
	runtime.AddCleanup(p, r.dropProgram, p.Key)
}

func (r *registry) dropProgram(key uint64) {
	r.programMu.Lock()
	defer r.programMu.Unlock()
	delete(r.programs, key)
}

// program returns the program with that key, or nil.
func (r *registry) program(key uint64) *model.Program {
	r.programMu.Lock()
	defer r.programMu.Unlock()
	return r.programs[key].Value()
}
