package embed

import (
	"encoding/json"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
)

// callbacks answers Python's requests through the host of the call that they
// belong to. Its methods run on any thread that runs Python, with the GIL
// released, also on threads that outlived their call.
type callbacks struct{ *registry }

var _ cpython.Callbacks = callbacks{}

// outsideAnyCall explains why a sibling cannot be called, and what to do.
const outsideAnyCall = "this code runs outside any call, or after its end: start threads and tasks within the call that waits for them"

// ended is the answer to every request outside a call.
func ended() *cpython.Raise {
	return &cpython.Raise{Kind: uint8(model.RaiseEnded), Message: outsideAnyCall}
}

// BeginStep starts a sibling call.
func (r callbacks) BeginStep(from cpython.Caller, name string, input []byte) cpython.Begun {
	c, parent := r.of(from)
	if c == nil {
		return cpython.Begun{Raise: ended()}
	}
	begun, raise := c.Host.BeginStep(parent, name, input)
	if raise != nil {
		return cpython.Begun{Raise: raiseOf(raise)}
	}
	if begun.Step > maxStep {
		const message = "an execution can make at most 1,048,575 sibling calls"
		c.Host.EndStep(begun.Step, nil, &model.Failure{Kind: model.FailureEngine, Type: "RuntimeError", Message: message})
		return cpython.Begun{Raise: &cpython.Raise{Kind: uint8(model.RaiseEngine), Message: message}}
	}
	c.pin(begun.Program)
	return cpython.Begun{
		Frame:      frameOf(c.number, begun.Step),
		Key:        begun.Program.Key,
		Async:      awaited(begun.Program),
		Generation: c.Host.Generation(),
	}
}

// awaited says whether a call of p as a sibling is awaited before the step begins. That
// of an async generator function is not: its step begins at the call.
func awaited(p *model.Program) bool { return p.Async && !p.Generator }

// EndStep ends a step.
func (r callbacks) EndStep(from cpython.Caller, output []byte, exc *cpython.Exception) *cpython.Raise {
	c, step := r.of(from)
	if c == nil {
		return ended()
	}
	var failure *model.Failure
	if exc != nil {
		failure = failureOf(exc)
	}
	return raiseOf(c.Host.EndStep(step, output, failure))
}

// Emit takes a piece of a stream. After the first one the call's caller goes on.
func (r callbacks) Emit(from cpython.Caller, kind int, value []byte, wait bool) int {
	c, _ := r.of(from)
	if c == nil {
		return int(model.EmitGone)
	}
	state := c.Host.Emit(model.Emitted{Kind: model.EmitKind(kind), Value: value}, wait)
	if c.Stream && model.EmitKind(kind) == model.EmitHead && state != model.EmitCollect {
		c.interp.host.handOver(c)
	}
	return int(state)
}

// Lookup resolves a sibling without calling it.
func (r callbacks) Lookup(from cpython.Caller, name string) cpython.Begun {
	c, _ := r.of(from)
	if c == nil {
		return cpython.Begun{Raise: ended()}
	}
	program, raise := c.Host.Lookup(name)
	if raise != nil {
		return cpython.Begun{Raise: raiseOf(raise)}
	}
	c.pin(program)
	return cpython.Begun{Key: program.Key, Async: awaited(program), Generation: c.Host.Generation()}
}

// Module returns the code of a program.
func (r callbacks) Module(_ cpython.Caller, key uint64) (cpython.Module, bool) {
	p := r.program(key)
	if p == nil {
		return cpython.Module{}, false
	}
	return cpython.Module{
		Key: p.Key, Name: p.Function, Version: p.Version, Source: p.Source,
		Code: p.Code, Async: p.Async, Imports: p.Imports,
	}, true
}

// Stored finds a stored module. Its program lives as long as the call at least.
func (r callbacks) Stored(from cpython.Caller, name string) (key uint64, answered bool, raise *cpython.Raise) {
	c, _ := r.of(from)
	if c == nil {
		return 0, false, nil
	}
	program, refused := c.Host.Module(name)
	if refused != nil {
		return 0, true, raiseOf(refused)
	}
	if program == nil {
		return 0, true, nil
	}
	c.pin(program)
	return program.Key, true, nil
}

// Siblings returns the names that can be called. A thread that outlived its
// call gets those that the subtenant's calls got last.
func (r callbacks) Siblings(from cpython.Caller) (names []string, generation uint64) {
	c, _ := r.of(from)
	in := r.interpreter(from.Interp)
	if c == nil {
		if in == nil {
			return nil, 0
		}
		return in.lastSiblings()
	}
	names, generation = c.Host.Siblings()
	if in != nil {
		in.noteSiblings(siblingView{names, generation})
	}
	return names, generation
}

// Context answers maestro.context(): a JSON object, or nil when there is no
// execution.
func (r callbacks) Context(from cpython.Caller) []byte {
	c, step := r.of(from)
	if c == nil {
		return nil
	}
	object, err := json.Marshal(c.Host.Info(step))
	if err != nil {
		return nil // not reachable: CallInfo holds nothing that has no JSON form
	}
	return object
}

// Secret answers maestro.secret(). Code outside a call gets none, because its
// owner is unknown.
func (r callbacks) Secret(from cpython.Caller, name string) (string, *cpython.Raise) {
	c, step := r.of(from)
	if c == nil {
		return "", ended()
	}
	value, raise := c.Host.Secret(step, name)
	return value, raiseOf(raise)
}

// Request answers maestro.request().
func (r callbacks) Request(from cpython.Caller) (*cpython.Request, *cpython.Raise) {
	c, _ := r.of(from)
	if c == nil {
		return nil, ended()
	}
	request, raise := c.Host.Request()
	if request == nil {
		return nil, raiseOf(raise)
	}
	return &cpython.Request{Method: request.Method, URL: request.URL, Headers: request.Headers, Body: request.Body}, nil
}

// Spawn answers maestro.spawn().
func (r callbacks) Spawn(from cpython.Caller, name string, input []byte, delay float64) (string, *cpython.Raise) {
	c, _ := r.of(from)
	if c == nil {
		return "", ended()
	}
	id, raise := c.Host.Spawn(name, input, time.Duration(delay*float64(time.Second)))
	if raise != nil {
		return "", raiseOf(raise)
	}
	return id.String(), nil
}

func (in *interpreter) lastSiblings() ([]string, uint64) {
	in.host.mu.Lock()
	defer in.host.mu.Unlock()
	if in.tenant == nil {
		return nil, 0
	}
	return in.tenant.siblings.names, in.tenant.siblings.generation
}

func (in *interpreter) noteSiblings(view siblingView) {
	in.host.mu.Lock()
	defer in.host.mu.Unlock()
	if in.tenant != nil {
		in.tenant.siblings = view
	}
}
