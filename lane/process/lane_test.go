package process

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython"
	"maestro/embed"
	"maestro/internal/model"
	"maestro/internal/testkit"
	program "maestro/lane/child"
)

// TestMain is also the main function of the children.
func TestMain(m *testing.M) {
	if fd, given := cpython.Connection(); given {
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		if err := program.Run(context.Background(), os.NewFile(uintptr(fd), "connection"), log); err != nil {
			log.Error("the child ends", slog.Any("error", err))
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// thisProgram starts the test's program as a child.
func thisProgram(t testing.TB) *Forks {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return &Forks{Binary: path, Env: []string{"PATH=/usr/bin:/bin"}, Log: testkit.Logger(t)}
}

// theCompiler compiles for all tests: Python is loaded once in a process.
var theCompiler struct {
	sync.Once
	host *embed.Host
	err  error
}

func compiler(t testing.TB) *embed.Host {
	t.Helper()
	theCompiler.Do(func() {
		if theCompiler.host, theCompiler.err = embed.New(embed.Options{Home: testkit.KitHome(t), WarmPool: -1}); theCompiler.err == nil {
			theCompiler.err = theCompiler.host.Start(context.Background())
		}
	})
	require.NoError(t, theCompiler.err)
	return theCompiler.host
}

// startLane makes a lane and closes it at the test's end.
func startLane(t testing.TB, opt Options) *Lane {
	t.Helper()
	opt.Home = testkit.KitHome(t)
	opt.Log = testkit.Logger(t)
	opt.WaitLimit = cmp.Or(opt.WaitLimit, time.Minute) // on a busy machine the default is short
	if opt.Start == nil {
		opt.Start = thisProgram(t)
	}
	l, err := New(opt)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, l.Close(ctx))
	})
	return l
}

// store is a subtenant's functions, and the RemoteHost of its calls.
type store struct {
	t         testing.TB
	lane      *Lane
	mu        sync.Mutex
	functions map[string]model.Resolved
	names     []string
	changes   uint64
	resolved  int               // how often a name was
	onLine    func(text string) // may be nil; set before the call
	secret    atomic.Value      // a string, if it is set
}

func newStore(t testing.TB, l *Lane) *store {
	return &store{t: t, lane: l, functions: map[string]model.Resolved{}}
}

// define stores a function, replacing its former version.
func (s *store) define(name, source string) *model.Program {
	s.t.Helper()
	p, err := compiler(s.t).Compile(context.Background(), name, 1, source)
	require.NoError(s.t, err)
	s.mu.Lock()
	s.changes++
	if _, there := s.functions[name]; !there {
		s.names = append(s.names, name)
	}
	s.functions[name] = model.Resolved{Program: p}
	changes := s.changes
	s.mu.Unlock()
	s.lane.Changed("a", changes)
	return p
}

func (s *store) call(ctx context.Context, name, input string, limit time.Duration) (model.Outcome, *run, error) {
	s.mu.Lock()
	p := s.functions[name].Program
	s.mu.Unlock()
	r := &run{store: s, deadline: time.Now().Add(limit)}
	outcome, err := s.lane.Call(ctx, model.Call{Tenant: "a", Program: p, Input: json.RawMessage(input), Deadline: r.deadline, Host: r})
	return outcome, r, err
}

// must is call with success.
func (s *store) must(name, input string) (string, *run) {
	s.t.Helper()
	outcome, r, err := s.call(context.Background(), name, input, time.Minute)
	require.NoError(s.t, err)
	require.Nil(s.t, outcome.Failure)
	return string(outcome.Output), r
}

// run is one call.
type run struct {
	model.Host // nil: a child asks what RemoteHost has
	store      *store
	deadline   time.Time

	mu    sync.Mutex
	steps []string
	lines []string
}

func (r *run) Frame() model.RunFrame {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	return model.RunFrame{
		ExecutionID: model.NewID(), Subtenant: "a", Trigger: model.TriggerManual, Attempt: 1, Deadline: r.deadline, MaxSteps: 1000,
		Generation: r.store.changes, Changes: r.store.changes,
	}
}

func (r *run) Resolve(name string) (model.Resolved, *model.Raise) {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	r.store.resolved++
	found, ok := r.store.functions[name]
	if !ok {
		return found, &model.Raise{Kind: model.RaiseName, Name: name, Message: fmt.Sprintf("name '%s' is not defined", name)}
	}
	found.AsOf = r.store.changes
	return found, nil
}

func (r *run) ResolveModule(string) (model.Resolved, *model.Raise) {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	return model.Resolved{AsOf: r.store.changes}, nil
}

func (r *run) ResolveNames() model.ResolvedNames {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	return model.ResolvedNames{Names: r.store.names, Generation: r.store.changes, AsOf: r.store.changes}
}

func (r *run) HandOver() {}

func (r *run) StepBegan(began model.StepBegan) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, fmt.Sprintf("%d in %d: %s(%s)", began.Step, began.Parent, began.Function, began.Input))
	return nil
}

func (r *run) StepEnded(ended model.StepEnded) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if int(ended.Step) > len(r.steps) {
		return errors.New("it has not begun")
	}
	what := string(ended.Output)
	if ended.Failure != nil {
		what = ended.Failure.Type
	}
	r.steps = append(r.steps, fmt.Sprintf("%d: %s", ended.Step, what))
	return nil
}

func (r *run) Line(_ model.StepRef, line model.LogLine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line.Text)
	if r.store.onLine != nil {
		r.store.onLine(line.Text)
	}
	return nil
}

func (r *run) Emit(model.Emitted, bool) model.EmitState { return model.EmitCollect }

func (r *run) SecretFor(_, name string) (string, *model.Raise) {
	if value, ok := r.store.secret.Load().(string); ok {
		return value, nil
	}
	return "the value of " + name, nil
}

func (r *run) Request() (*model.HTTPRequest, *model.Raise) {
	return &model.HTTPRequest{Method: "POST", URL: "/a", Headers: json.RawMessage(`{"A":"b"}`), Body: []byte("body")}, nil
}

func (r *run) Spawn(name string, input []byte, _ time.Duration) (model.ID, *model.Raise) {
	return model.FirstIDOf(time.Unix(int64(len(name)+len(input)), 0)), nil
}

func TestCallInAChild(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("double", "def double(x):\n    return 2 * x\n")
	s.define("f", `
import maestro, os
def f(input):
    print("hello")
    return [double(x) for x in range(input)] + [maestro.secret("KEY"), maestro.request().method, maestro.context().function]
`)
	output, r := s.must("f", "2")
	require.JSONEq(t, `[0, 2, "the value of KEY", "POST", "f"]`, output)
	require.Equal(t, []string{"1 in 0: double(0)", "1: 0", "2 in 0: double(1)", "2: 2"}, r.steps)
	require.Equal(t, []string{"hello"}, r.lines)
	resolved := s.resolved
	s.must("f", "2")
	require.Equal(t, resolved, s.resolved, "siblings are known from the call before")
	require.Equal(t, 1, s.lane.Stats().Started)
}
