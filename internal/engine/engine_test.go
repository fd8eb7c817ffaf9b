package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/calltree"
	"maestro/internal/model"
	"maestro/internal/queue"
	"maestro/internal/secrets"
	"maestro/internal/testkit"
	"maestro/internal/vault"
	"maestro/repo"
)

// script is a lane whose functions are Go: these tests are about the engine,
// not Python. A function's stored code is the name of its script.
type script struct {
	mu        sync.Mutex // guards compiled
	compiled  int
	functions map[string]func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure)
	forgotten atomic.Int32
	threads   chan struct{} // patient calls wait for a value; nil: there are threads enough
	refuse    *model.Error  // what every call comes to; nil: they run
	imports   map[string][]string
	compiling chan chan struct{} // each compilation offers it one that it waits for; nil: it waits for none
}

var keys atomic.Uint64

func (s *script) Hints(context.Context, string, string) (model.Hints, error) {
	return model.Hints{Input: json.RawMessage(`{"type":"integer"}`), Output: json.RawMessage(`{"type":"no such type"}`)}, nil
}

func (s *script) CompileModule(ctx context.Context, name string, version int, source string) (*model.Program, error) {
	return s.Compile(ctx, name, version, source)
}

func (s *script) Inspect(context.Context, string, string, []string) (model.Inspection, error) {
	return model.Inspection{}, nil
}

func (s *script) Compile(_ context.Context, function string, version int, source string) (*model.Program, error) {
	if source == "broken" {
		return nil, model.NewError(model.CodeSyntaxError, "broken")
	}
	if s.compiling != nil {
		goOn := make(chan struct{})
		s.compiling <- goOn
		<-goOn
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compiled++
	return &model.Program{Key: keys.Add(1), Function: function, Version: version, Source: source, Imports: s.imports[function]}, nil
}

func (s *script) Call(ctx context.Context, call model.Call) (model.Outcome, error) {
	if s.refuse != nil {
		return model.Outcome{}, s.refuse
	}
	if call.Program.Source == "refused" {
		return model.Outcome{}, model.NewError(model.CodeTooManyRequests, "too many")
	}
	cancelled := model.Outcome{Failure: &model.Failure{Kind: model.FailureCancelled, Type: "Cancelled", Message: "cancelled"}}
	if p := call.Patient; p != nil {
		if s.threads != nil {
			select {
			case <-s.threads:
			case <-ctx.Done():
				return cancelled, nil
			}
		}
		call.Deadline = time.Now().Add(p.Limit)
		if !p.Begin(call.Deadline) {
			return model.Outcome{}, model.NewError(model.CodeUnavailable, "taken back")
		}
	}
	if call.Program.Source == "panics" {
		panic("a fault of ours")
	}
	done := make(chan model.Outcome, 1)
	go func() {
		output, failure := s.functions[call.Program.Source](ctx, call, 0, call.Input)
		done <- model.Outcome{Output: output, Failure: failure}
	}()
	timer := time.NewTimer(time.Until(call.Deadline))
	defer timer.Stop()
	select {
	case outcome := <-done:
		return outcome, nil
	case <-timer.C:
		return model.Outcome{Failure: &model.Failure{Kind: model.FailureTimeout, Type: "TimeoutError", Message: "late"}}, nil
	case <-ctx.Done():
		return cancelled, nil
	}
}

func (s *script) Changed(string, uint64) {}

func (s *script) Forget(string) { s.forgotten.Add(1) }

// sibling calls another function as the lane would.
func (s *script) sibling(ctx context.Context, call model.Call, from model.StepRef, name, input string) (json.RawMessage, *model.Raise) {
	begun, raise := call.Host.BeginStep(from, name, []byte(input))
	if raise != nil {
		return nil, raise
	}
	output, failure := s.functions[begun.Program.Source](ctx, call, begun.Step, []byte(input))
	raise = call.Host.EndStep(begun.Step, output, failure)
	if failure != nil {
		raise = &model.Raise{Message: failure.Message}
	}
	return output, raise
}

type bundle struct {
	*Engine
	db      *repo.DB
	lane    *script
	book    *book
	block   chan struct{} // the function "blocks" waits for it
	secrets *secrets.Keeper
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{db: testkit.DB(t), lane: &script{}, book: &book{noted: make(chan struct{}, 100)}, block: make(chan struct{})}
	s := b.lane
	type f = func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure)
	s.functions = map[string]f{
		"echo": func(_ context.Context, _ model.Call, _ model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
			return input, nil
		},
		"fails": func(context.Context, model.Call, model.StepRef, json.RawMessage) (json.RawMessage, *model.Failure) {
			return nil, &model.Failure{Kind: model.FailureException, Type: "ValueError", Message: "no swordfish-1234", Traceback: "Traceback: swordfish-1234"}
		},
		"calls": func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
			output, raise := s.sibling(ctx, call, step, "echo", string(input))
			if raise != nil {
				return nil, &model.Failure{Kind: model.FailureException, Type: "Raised", Message: raise.Message}
			}
			return output, nil
		},
		"dives": func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
			if _, raise := s.sibling(ctx, call, step, "dives", "1"); raise != nil {
				return nil, &model.Failure{Kind: model.FailureException, Type: "Raised", Message: raise.Message}
			}
			return input, nil
		},
		"blocks": func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
			begun, raise := call.Host.BeginStep(step, "echo", []byte(`1`))
			if raise == nil {
				<-b.block
				raise = call.Host.EndStep(begun.Step, []byte(`1`), nil)
			}
			if raise != nil {
				return nil, &model.Failure{Kind: model.FailureException, Type: "Raised", Message: raise.Message}
			}
			return input, nil
		},
	}
	sealed, err := vault.New([]byte("a key of the tests"), vault.Secrets)
	require.NoError(t, err)
	b.secrets = secrets.New(b.db, sealed, testkit.Logger(t))
	b.Engine = New(Options{Store: b.db, Secrets: b.secrets, Recorder: b.book, Events: b.book, Lane: s, Log: testkit.Logger(t), RunningAfter: 20 * time.Millisecond, RecordWait: time.Second, SubmitWait: 100 * time.Millisecond,
		Queue: queueOf(t, b.db), Inputs: unsealed{}})
	_, err = b.db.EnsureSubtenant(t.Context(), "acme")
	require.NoError(t, err)
	for name := range s.functions {
		b.define(t, name, model.Function{Code: name})
	}
	return b
}

func (b *bundle) define(t *testing.T, name string, f model.Function) {
	t.Helper()
	f.Name = name
	_, err := b.db.CreateFunction(t.Context(), "acme", f, nil, nil)
	require.NoError(t, err)
	b.FunctionsChanged("acme")
}

func (b *bundle) run(t *testing.T, function, input string) (RunResult, error) {
	t.Helper()
	return b.Run(t.Context(), RunRequest{Tenant: "acme", Function: function, Input: json.RawMessage(input), Trigger: model.TriggerManual, Sensitive: []string{"swordfish-1234"}})
}

func codeOf(t *testing.T, err error) model.Code {
	t.Helper()
	var e *model.Error
	require.ErrorAs(t, err, &e)
	return e.Code
}

func TestARunIsRecordedBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	result, err := b.run(t, "calls", `{"a":"swordfish-1234"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"a":"swordfish-1234"}`, string(result.Output), "the caller gets the value itself")
	record := b.book.last()
	require.Equal(t, result.ExecutionID, record.Execution.ID)
	require.Equal(t, model.StatusCompleted, record.Execution.Status)
	require.JSONEq(t, `{"a":"***"}`, string(record.Execution.Input))
	require.JSONEq(t, `{"a":"***"}`, string(record.Execution.Output))
	require.False(t, record.Execution.RecordComplete, "masked")
	require.Len(t, record.Steps, 1)
	step := record.Steps[0]
	require.Equal(t, "echo", step.FunctionName)
	require.Equal(t, 1, step.Depth)
	require.Equal(t, 1, step.Position)
	require.True(t, step.ParentID.IsZero())
	require.Equal(t, record.Execution.ID.Time(), step.ID.Time(), "both fall into one partition")
	var names []string
	for _, e := range b.book.events {
		names = append(names, e.Name)
	}
	require.Equal(t, []string{"execution_started", "function_called", "function_completed", "execution_completed"}, names)
}

func TestCallsInTheLogNameTheirCaller(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.run(t, "dives", `1`)
	require.Error(t, err, "it dives deeper than calls may")
	var above model.ID
	calls := 0
	for _, e := range b.book.events {
		if e.Name != "function_called" {
			require.True(t, e.ParentID.IsZero(), e.Name)
			continue
		}
		require.Equal(t, above, e.ParentID)
		above = e.StepID
		calls++
	}
	require.Greater(t, calls, 10)
}

func TestEachWayToFailHasItsCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	short := 0.05
	b.define(t, "picky", model.Function{Code: "echo", InputSchema: json.RawMessage(`{"type":"integer"}`), OutputSchema: json.RawMessage(`{"maximum":5}`)})
	b.define(t, "slow", model.Function{Code: "blocks", TimeoutSeconds: &short})
	b.define(t, "refused", model.Function{Code: "refused"})
	cases := []struct {
		function, input string
		code            model.Code
		status          model.Status
	}{
		{"picky", `"x"`, model.CodeInputInvalid, model.StatusFailed},
		{"picky", `6`, model.CodeOutputInvalid, model.StatusFailed},
		{"fails", `1`, model.CodeFunctionFailed, model.StatusFailed},
		{"slow", `1`, model.CodeTimeout, model.StatusTimedOut},
		{"refused", `1`, model.CodeTooManyRequests, model.StatusFailed},
		{"dives", `1`, model.CodeFunctionFailed, model.StatusFailed},
	}
	for _, c := range cases {
		_, err := b.run(t, c.function, c.input)
		require.Equal(t, c.code, codeOf(t, err), c.function)
		var e *model.Error
		require.ErrorAs(t, err, &e)
		record := b.book.last()
		require.Equal(t, e.ExecutionID, record.Execution.ID)
		require.Equal(t, c.status, record.Execution.Status, c.function)
		require.NotContains(t, e.Detail+*record.Execution.Error, "swordfish")
		if c.function == "slow" {
			require.Equal(t, model.StatusTimedOut, record.Steps[0].Status, "an open step ends with its execution")
		}
		if c.function == "dives" {
			require.Len(t, record.Steps, calltree.MaxDepth)
			require.Contains(t, *record.Execution.Error, "maximum depth")
		}
	}
	before := len(b.book.records)
	for input, code := range map[string]model.Code{`{`: model.CodeMalformedBody, `1e999`: model.CodeInputInvalid} {
		_, err := b.run(t, "echo", input)
		require.Equal(t, code, codeOf(t, err))
	}
	_, err := b.run(t, "missing", `1`)
	require.Equal(t, model.CodeFunctionNotFound, codeOf(t, err))
	require.Len(t, b.book.records, before, "what never began is not recorded")
	close(b.block)
}

func TestALongRunIsNotedAsRunningAndCanBeCancelled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	answered := make(chan error, 1)
	go func() {
		_, err := b.run(t, "blocks", `1`)
		answered <- err
	}()
	<-b.book.noted
	id := b.book.running[0].ID
	require.Equal(t, model.StatusRunning, b.book.running[0].Status)
	asked, queued := b.Cancel("another", id)
	require.False(t, asked || queued, "another subtenant's")
	asked, queued = b.Cancel("acme", id)
	require.True(t, asked)
	require.False(t, queued)
	require.Equal(t, model.CodeCancelled, codeOf(t, <-answered))
	require.Equal(t, model.StatusCancelled, b.book.last().Steps[0].Status)
	asked, _ = b.Cancel("acme", id)
	require.False(t, asked, "it is over")
	close(b.block)
}

func TestWhatAFunctionLeavesBehindCanDoNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var host model.Host
	b.lane.functions["keeps"] = func(_ context.Context, call model.Call, _ model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		host = call.Host
		_, raise := host.BeginStep(0, "echo", []byte(`1`))
		require.Nil(t, raise)
		return input, nil
	}
	b.define(t, "keeps", model.Function{Code: "keeps"})
	_, err := b.run(t, "keeps", `1`)
	require.NoError(t, err)
	_, raise := host.BeginStep(0, "echo", []byte(`2`))
	require.Equal(t, model.RaiseEnded, raise.Kind)
	require.Equal(t, model.RaiseEnded, host.EndStep(1, []byte(`1`), nil).Kind)
	require.Len(t, b.book.last().Steps, 1)
	require.Equal(t, model.StatusFailed, b.book.last().Steps[0].Status)
}

func TestTheCatalogueFollowsEveryChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.run(t, "echo", `1`)
	require.NoError(t, err)
	compiled := b.lane.compiled
	_, err = b.run(t, "echo", `1`)
	require.NoError(t, err)
	require.Equal(t, compiled, b.lane.compiled, "compiled once")
	first, _, err := b.catalogue.present(t.Context(), b.catalogue.shelf("acme"))
	require.NoError(t, err)

	_, err = b.db.UpdateFunction(t.Context(), "acme", "echo", func(f *model.Function) error { f.Code = "fails"; return nil }, nil, nil, nil)
	require.NoError(t, err)
	b.FunctionsChanged("acme")
	_, err = b.run(t, "echo", `1`)
	require.Equal(t, model.CodeFunctionFailed, codeOf(t, err))
	second, _, err := b.catalogue.present(t.Context(), b.catalogue.shelf("acme"))
	require.NoError(t, err)
	require.Equal(t, first.generation, second.generation, "the same names")
	require.Same(t, first.functions["calls"], second.functions["calls"], "an unchanged version is kept")

	require.NoError(t, b.db.DeleteFunction(t.Context(), "acme", "echo"))
	b.FunctionsChanged("acme")
	_, err = b.run(t, "echo", `1`)
	require.Equal(t, model.CodeFunctionNotFound, codeOf(t, err))
	third, _, err := b.catalogue.present(t.Context(), b.catalogue.shelf("acme"))
	require.NoError(t, err)
	require.NotEqual(t, first.generation, third.generation)
}

// Changes and calls at once: a call that begins after a change sees it.
func TestNoCallSeesAnOldVersionAfterAChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wait sync.WaitGroup
	for k := range 4 {
		name := fmt.Sprintf("f%d", k)
		b.define(t, name, model.Function{Code: "echo"})
		wait.Go(func() {
			for i := range 25 {
				_, err := b.db.UpdateFunction(t.Context(), "acme", name, func(f *model.Function) error {
					f.Code, f.OutputSchema = "echo", json.RawMessage(fmt.Sprintf(`{"const":%d}`, i))
					return nil
				}, nil, nil, nil)
				if err != nil {
					t.Errorf("update: %v", err)
					return
				}
				b.FunctionsChanged("acme")
				if _, err := b.run(t, name, fmt.Sprint(i)); err != nil {
					t.Errorf("%s does not have version %d: %v", name, i, err)
				}
			}
		})
	}
	wait.Wait()
}

func TestCheckPointsIntoTheBody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.Check(t.Context(), &model.Function{Name: "f", Code: "echo"}))
	err := b.Check(t.Context(), &model.Function{Name: "f", Code: "echo", OutputSchema: json.RawMessage(`{"type":"strin"}`)})
	require.Equal(t, model.CodeSchemaInvalid, codeOf(t, err))
	require.Equal(t, "/output_schema/type", err.(*model.Error).Problems[0].Pointer)
	require.Equal(t, model.CodeSyntaxError, codeOf(t, b.Check(t.Context(), &model.Function{Name: "f", Code: "broken"})))
}

func TestCheckDerivesSchemas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	written := json.RawMessage(`{"type":"array"}`)
	f := model.Function{Name: "f", Code: "echo", InputSchema: written, OutputSchema: written, InputDerived: true}
	require.NoError(t, b.Check(t.Context(), &f))
	require.JSONEq(t, `{"type":"integer"}`, string(f.InputSchema))
	require.Equal(t, written, f.OutputSchema, "its author's own stays")
	f = model.Function{Name: "f", Code: "echo", OutputSchema: written, OutputDerived: true}
	require.NoError(t, b.Check(t.Context(), &f))
	require.Nil(t, f.OutputSchema, "an invalid derived schema is a bug of the server")
}

func TestLongValuesAreCutInTheRecordOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.RunningAfter = time.Minute // all steps are in the record at the end
	long := `"` + strings.Repeat("é", model.MaxRecorded) + `"`
	result, err := b.run(t, "calls", long)
	require.NoError(t, err)
	require.Equal(t, long, string(result.Output))
	record := b.book.last()
	require.False(t, record.Execution.RecordComplete)
	require.False(t, record.Steps[0].RecordComplete)
	for _, value := range []json.RawMessage{record.Execution.Input, record.Execution.Output, record.Steps[0].Input, record.Steps[0].Output} {
		require.True(t, json.Valid(value))
		require.Less(t, len(value), 4096)
	}
}

// queueOf is a queue that was not started.
func queueOf(t *testing.T, db *repo.DB) Queue {
	q, err := queue.New(queue.Options{DB: db, Server: model.NewID(), Log: testkit.Logger(t)})
	require.NoError(t, err)
	return q
}
