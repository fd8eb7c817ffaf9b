package tracing

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"maestro/internal/model"
)

// sink is a collector.
type sink struct {
	url string

	mu      sync.Mutex // guards what follows
	spans   map[string]*otlp.Span
	headers http.Header
	service string
	refuse  bool
}

func newSink(t testing.TB) *sink {
	t.Helper()
	s := &sink{spans: map[string]*otlp.Span{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.refuse {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(r.Body)
		}
		text, _ := io.ReadAll(body)
		var request otlp.TracesData
		if err := proto.Unmarshal(text, &request); err != nil {
			t.Errorf("the request is no OTLP: %v", err)
		}
		s.headers = r.Header.Clone()
		for _, of := range request.ResourceSpans {
			for _, a := range of.Resource.Attributes {
				if a.Key == "service.name" {
					s.service = a.Value.GetStringValue()
				}
			}
			for _, scope := range of.ScopeSpans {
				for _, span := range scope.Spans {
					s.spans[span.Name] = span
				}
			}
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/v1/traces"
	return s
}

func newTracer(t testing.TB, s *sink, change ...func(*Options)) *Tracer {
	t.Helper()
	opts := Options{Endpoint: s.url, Headers: map[string]string{"api-key": "k"}, Log: slog.New(slog.DiscardHandler)}
	for _, set := range change {
		set(&opts)
	}
	tracer, err := New(t.Context(), opts)
	require.NoError(t, err)
	return tracer
}

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestSpansOfARun(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	tracer := newTracer(t, s)
	id, begun := model.NewID(), time.Now()
	run := tracer.Run(model.TracedRun{ExecutionID: id, Tenant: "acme", Function: "outer", Version: 3, Trigger: model.TriggerWebhook, Attempt: 1, Started: begun, Parent: parent})
	step := run.Step(model.NewID(), "inner", 1, begun.Add(time.Millisecond))
	deeper := step.Step(model.NewID(), "innermost", 1, begun.Add(2*time.Millisecond))
	require.Equal(t, parent[:36], run.TraceParent()[:36], "one trace")
	require.Equal(t, parent[:36], deeper.TraceParent()[:36])
	deeper.End(begun.Add(3*time.Millisecond), model.StatusFailed, "ValueError")
	step.End(begun.Add(4*time.Millisecond), model.StatusCompleted, "")
	run.End(begun.Add(5*time.Millisecond), model.StatusCompleted, "")
	require.NoError(t, tracer.Close(t.Context()))

	s.mu.Lock()
	defer s.mu.Unlock()
	require.Equal(t, "k", s.headers.Get("api-key"))
	require.Equal(t, "maestro", s.service)
	require.Len(t, s.spans, 3)
	outer, inner, innermost := s.spans["outer"], s.spans["inner"], s.spans["innermost"]
	require.Equal(t, "b7ad6b7169203331", hex.EncodeToString(outer.ParentSpanId))
	require.Equal(t, outer.SpanId, inner.ParentSpanId)
	require.Equal(t, inner.SpanId, innermost.ParentSpanId)
	require.Equal(t, "0af7651916cd43dd8448eb211c80319c", hex.EncodeToString(innermost.TraceId))
	require.Equal(t, uint64(5*time.Millisecond), outer.EndTimeUnixNano-outer.StartTimeUnixNano)
	require.Equal(t, otlp.Status_STATUS_CODE_ERROR, innermost.Status.Code)
	require.Equal(t, otlp.Span_SPAN_KIND_SERVER, outer.Kind)
	require.Contains(t, outer.String(), id.String())
}

func TestLinksOfAsynchronousRuns(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	tracer := newTracer(t, s)
	now := time.Now()
	accepted := tracer.Accept(model.TracedRun{Function: "f", Started: now, Parent: parent})
	accepted.End(now, model.StatusPending, "")
	run := tracer.Run(model.TracedRun{Function: "f", Started: now, Attempt: 2, Asynchronous: true, Link: accepted.TraceParent()})
	run.End(now, model.StatusCompleted, "")
	retry := tracer.Run(model.TracedRun{Function: "retry", Started: now, Asynchronous: true, Link: accepted.TraceParent(), Repeats: run.TraceParent()})
	retry.End(now, model.StatusCompleted, "")
	require.NoError(t, tracer.Close(t.Context()))
	s.mu.Lock()
	defer s.mu.Unlock()
	begun, producer := s.spans["f"], s.spans["accept f"]
	require.NotEqual(t, producer.TraceId, begun.TraceId)
	require.Empty(t, begun.ParentSpanId)
	require.Len(t, begun.Links, 1)
	require.Equal(t, producer.SpanId, begun.Links[0].SpanId)
	require.Equal(t, producer.TraceId, begun.Links[0].TraceId)
	require.Equal(t, otlp.Span_SPAN_KIND_CONSUMER, begun.Kind)
	repeated := s.spans["retry"].Links
	require.Len(t, repeated, 2)
	require.Equal(t, producer.SpanId, repeated[0].SpanId)
	require.Empty(t, repeated[0].Attributes)
	require.Equal(t, begun.SpanId, repeated[1].SpanId)
	require.Equal(t, begun.TraceId, repeated[1].TraceId)
	require.Equal(t, "repeated", repeated[1].Attributes[0].Value.GetStringValue())
}

func TestInvalidTraceParents(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "00-0-0-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", strings.Repeat("0", 55), strings.ToUpper(parent), parent + parent} {
		require.False(t, contextOf(text).IsValid(), text)
	}
	require.True(t, contextOf(parent).IsValid())
}

func TestSamplers(t *testing.T) {
	t.Parallel()
	for name, sampled := range map[string]bool{
		"": true, "always_on": true, "always_off": false, "traceidratio": false,
		"parentbased_always_on": true, "parentbased_always_off": false, "parentbased_traceidratio": false,
	} {
		s := newSink(t)
		tracer := newTracer(t, s, func(o *Options) { o.Sampler = SamplerOf(name, 0) })
		span := tracer.Run(model.TracedRun{Function: "f", Started: time.Now()})
		require.Equal(t, sampled, strings.HasSuffix(span.TraceParent(), "-01"), name)
		require.Equal(t, sampled, span.Sampled(), name)
		span.Step(model.NewID(), "g", 1, time.Now()).End(time.Now(), model.StatusCompleted, "")
		span.End(time.Now(), model.StatusCompleted, "")
		require.NoError(t, tracer.Close(t.Context()))
		if !sampled {
			require.Empty(t, s.spans, name)
		}
	}
}

// A collector that refuses spans costs nothing but these.
func TestACollectorThatRefuses(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	s.refuse = true
	var log strings.Builder
	var mu sync.Mutex
	tracer := newTracer(t, s, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return log.Write(p)
		}), nil))
	})
	for range 3 {
		tracer.Run(model.TracedRun{Function: "f", Started: time.Now()}).End(time.Now(), model.StatusCompleted, "")
		require.NoError(t, tracer.provider.ForceFlush(context.Background()))
	}
	require.NoError(t, tracer.Close(t.Context()))
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// BenchmarkRun is the cost of the spans of a run with one step.
func BenchmarkRun(b *testing.B) {
	for _, sampler := range []string{"always_on", "always_off"} {
		b.Run(sampler, func(b *testing.B) {
			tracer := newTracer(b, newSink(b), func(o *Options) { o.Sampler = SamplerOf(sampler, 1) })
			b.ReportAllocs()
			for b.Loop() {
				now := time.Now()
				run := tracer.Run(model.TracedRun{Tenant: "acme", Function: "f", Started: now})
				run.Step(model.ID{}, "g", 1, now).End(now, model.StatusCompleted, "")
				run.End(now, model.StatusCompleted, "")
			}
			_ = tracer.Close(b.Context())
		})
	}
}
