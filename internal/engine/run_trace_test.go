package engine

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/calltree"
	"maestro/internal/model"
)

// spans is a tracer that keeps what it is told.
type spans struct {
	dropped bool // by the sampler

	mu  sync.Mutex
	all []*spySpan // guarded by mu
}

type spySpan struct {
	spans    *spans
	name     string
	parent   *spySpan
	run      model.TracedRun
	ends     int
	status   model.Status
	problem  string
	duration time.Duration
	started  time.Time
}

func (s *spans) add(span *spySpan) model.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	span.spans = s
	s.all = append(s.all, span)
	return span
}

func (s *spans) Run(run model.TracedRun) model.Span {
	return s.add(&spySpan{name: run.Function, run: run, started: run.Started})
}

func (s *spans) Accept(run model.TracedRun) model.Span {
	return s.add(&spySpan{name: "accept " + run.Function, run: run, started: run.Started})
}

func (s *spySpan) TraceParent() string { return s.name + " " + strconv.Itoa(s.run.Attempt) }

func (s *spySpan) Sampled() bool { return !s.spans.dropped }

func (s *spySpan) Step(_ model.ID, function string, _ int, started time.Time) model.Span {
	return s.spans.add(&spySpan{name: function, parent: s, started: started})
}

func (s *spySpan) End(at time.Time, status model.Status, errorType string) {
	s.spans.mu.Lock()
	defer s.spans.mu.Unlock()
	s.ends++
	s.status, s.problem, s.duration = status, errorType, at.Sub(s.started)
}

func TestEachSpanEndsOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	traced := &spans{}
	b.opts.Tracer = traced
	short := 0.05
	b.define(t, "slow", model.Function{Code: "blocks", TimeoutSeconds: &short})
	var all sync.WaitGroup
	for _, function := range []string{"calls", "dives", "fails", "slow"} {
		for range 4 {
			all.Go(func() { _, _ = b.run(t, function, "1") })
		}
	}
	all.Wait()
	require.NoError(t, b.RunQueued(t.Context(), b.queued("calls", "1", nil)))
	close(b.block) // the code that was left behind ends its step too late
	traced.mu.Lock()
	defer traced.mu.Unlock()
	require.Len(t, traced.all, 4*(2+(calltree.MaxDepth+1)+1+2)+2)
	for _, span := range traced.all {
		require.Equal(t, 1, span.ends, span.name)
		require.GreaterOrEqual(t, span.duration, time.Duration(0))
		if span.name == "slow" || span.parent != nil && span.parent.name == "slow" {
			require.Equal(t, model.StatusTimedOut, span.status)
		}
		if span.name == "fails" {
			require.Equal(t, "ValueError", span.problem)
		}
	}
}

func TestTraceOfAnAsynchronousRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	traced := &spans{}
	b.opts.Tracer = traced
	request := RunRequest{Tenant: "acme", Function: "echo", Input: []byte("1"), Trigger: model.TriggerManual, Sensitive: []string{"swordfish-1234"}, TraceParent: "caller"}
	id, err := b.Submit(t.Context(), request, Later{})
	require.NoError(t, err)
	require.Equal(t, "caller", traced.all[0].run.Parent)
	require.Equal(t, id, traced.all[0].run.ExecutionID)
	require.Equal(t, model.StatusPending, traced.all[0].status)

	packed, err := packRequest(&request)
	require.NoError(t, err)
	for _, sent := range []RunRequest{{}, {TraceParent: "accept echo 0"}, {Repeats: "first 1"}, {TraceParent: "accept echo 0", Repeats: "first 1"}} {
		run := b.queued("echo", string(packTrace(&sent, packed)), nil)
		require.NoError(t, b.RunQueued(t.Context(), run))
		last := traced.all[len(traced.all)-1]
		require.Equal(t, sent.TraceParent, last.run.Link)
		require.Equal(t, sent.Repeats, last.run.Repeats)
		require.True(t, last.run.Asynchronous)
		require.Empty(t, last.run.Parent)
		require.JSONEq(t, "1", string(b.book.last().Execution.Output))
		require.Equal(t, "echo 1", b.book.last().Execution.TraceParent, "what a retry is linked to")
	}
	_, err = b.run(t, "echo", "1")
	require.NoError(t, err)
	require.Equal(t, "echo 1", b.book.last().Execution.TraceParent)
	traced.dropped = true
	_, err = b.run(t, "echo", "1")
	require.NoError(t, err)
	require.Empty(t, b.book.last().Execution.TraceParent, "there is no such span")
	run := b.queued("echo", "\x02\xff", nil)
	require.NoError(t, b.RunQueued(t.Context(), run))
	require.Equal(t, model.StatusFailed, b.book.last().Execution.Status, "damaged")
}
