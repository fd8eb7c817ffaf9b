package engine

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/calltree"
	"maestro/internal/model"
)

// spans is a tracer that keeps what it is told.
type spans struct {
	mu      sync.Mutex // guards what follows
	dropped bool       // by the sampler
	began   map[[8]byte]string
	all     []keptSpan
}

// keptSpan is a span that has ended.
type keptSpan struct {
	model.TracedEnd
	name       string
	id, parent [8]byte
	led        string // what began for it was told to be led by
	run        model.TracedRun
}

func newSpans() *spans { return &spans{began: map[[8]byte]string{}} }

func (s *spans) Begin(parent string) model.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := byte(len(s.began) + 1)
	span := model.Span{Trace: [16]byte{n}, ID: [8]byte{n}, Flags: model.FlagSampled}
	if s.dropped {
		span.Flags = 0
	}
	s.began[span.ID] = parent
	return span
}

func (s *spans) keep(span model.Span, kept keptSpan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept.led = s.began[span.ID]
	s.all = append(s.all, kept)
}

func (s *spans) Run(span model.Span, run model.TracedRun) {
	s.keep(span, keptSpan{TracedEnd: run.TracedEnd, name: run.Function, id: span.ID, run: run})
}

func (s *spans) Accept(span model.Span, run model.TracedRun) {
	s.keep(span, keptSpan{TracedEnd: run.TracedEnd, name: "accept " + run.Function, id: span.ID, run: run})
}

func (s *spans) Step(span model.Span, step model.TracedStep) {
	s.keep(span, keptSpan{TracedEnd: step.TracedEnd, name: step.Function, id: span.Of(step.Step), parent: span.Of(step.Parent)})
}

func TestEachSpanEndsOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	traced := newSpans()
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
	byID := map[[8]byte]keptSpan{}
	for _, span := range traced.all {
		byID[span.id] = span
	}
	require.Len(t, byID, len(traced.all), "each ended once")
	for _, span := range traced.all {
		require.False(t, span.Ended.Before(span.Started))
		parent, ofStep := byID[span.parent]
		require.Equal(t, ofStep, span.parent != [8]byte{}, "a step's parent is a span")
		if span.name == "slow" || parent.name == "slow" {
			require.Equal(t, model.StatusTimedOut, span.Status)
		}
		if parent.name == "slow" {
			require.Equal(t, model.ErrorAbandoned, span.ErrorType)
		}
		if span.name == "fails" {
			require.Equal(t, "ValueError", span.ErrorType)
		}
	}
}

func TestTraceOfAnAsynchronousRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	traced := newSpans()
	b.opts.Tracer = traced
	request := RunRequest{Tenant: "acme", Function: "echo", Input: []byte("1"), Trigger: model.TriggerManual, Sensitive: []string{"swordfish-1234"}, TraceParent: "caller"}
	id, err := b.Submit(t.Context(), request, Later{})
	require.NoError(t, err)
	require.Equal(t, "caller", traced.all[0].led)
	require.Equal(t, id, traced.all[0].run.ExecutionID)
	require.Equal(t, model.StatusPending, traced.all[0].Status)

	packed, err := packRequest(&request)
	require.NoError(t, err)
	for _, sent := range []RunRequest{{}, {TraceParent: "accept echo 0"}, {Repeats: "first 1"}, {TraceParent: "accept echo 0", Repeats: "first 1"}} {
		run := b.queued("echo", string(packTrace(&sent, packed)), nil)
		require.NoError(t, b.RunQueued(t.Context(), run))
		last := traced.all[len(traced.all)-1]
		require.Equal(t, sent.TraceParent, last.run.Link)
		require.Equal(t, sent.Repeats, last.run.Repeats)
		require.True(t, last.run.Asynchronous)
		require.Empty(t, last.led)
		require.JSONEq(t, "1", string(b.book.last().Execution.Output))
		span := model.Span{Trace: [16]byte{last.id[0]}, ID: last.id, Flags: model.FlagSampled}
		require.Equal(t, span.TraceParent(0), b.book.last().Execution.TraceParent, "what a retry is linked to")
	}
	_, err = b.run(t, "echo", "1")
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(b.book.last().Execution.TraceParent, "-01"))
	traced.dropped = true
	ended := len(traced.all)
	_, err = b.run(t, "echo", "1")
	require.NoError(t, err)
	require.Empty(t, b.book.last().Execution.TraceParent, "there is no such span")
	require.Len(t, traced.all, ended)
	run := b.queued("echo", "\x02\xff", nil)
	require.NoError(t, b.RunQueued(t.Context(), run))
	require.Equal(t, model.StatusFailed, b.book.last().Execution.Status, "damaged")
}
