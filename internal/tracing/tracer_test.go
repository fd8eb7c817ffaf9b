package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
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
	s.url = serve(t, func(r *http.Request, read func() *otlp.TracesData) int {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.refuse {
			return http.StatusBadRequest
		}
		s.headers = r.Header.Clone()
		for _, of := range read().ResourceSpans {
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
		return http.StatusOK
	})
	return s
}

// serve starts a collector that answers each request with a status. It returns its address.
func serve(t testing.TB, answer func(r *http.Request, read func() *otlp.TracesData) int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(answer(r, func() *otlp.TracesData {
			var request otlp.TracesData
			var body io.Reader = r.Body
			var err error
			if r.Header.Get("Content-Encoding") == "gzip" {
				body, err = gzip.NewReader(body)
			}
			if err == nil {
				var text []byte
				if text, err = io.ReadAll(body); err == nil {
					err = proto.Unmarshal(text, &request)
				}
			}
			if err != nil {
				t.Errorf("the request is no OTLP: %v", err)
			}
			return &request
		}))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1/traces"
}

// collect starts a collector that tells the name of each span.
func collect(t testing.TB, each func(name string)) string {
	t.Helper()
	return serve(t, func(_ *http.Request, read func() *otlp.TracesData) int {
		for _, of := range read().ResourceSpans {
			for _, scope := range of.ScopeSpans {
				for _, span := range scope.Spans {
					each(span.Name)
				}
			}
		}
		return http.StatusOK
	})
}

func newTracer(t testing.TB, s *sink, change ...func(*Options)) *Tracer {
	t.Helper()
	opts := Options{Endpoint: s.url, Headers: map[string]string{"api-key": "k"}, Log: slog.New(slog.DiscardHandler)}
	for _, set := range change {
		set(&opts)
	}
	tracer := New(opts)
	require.NoError(t, tracer.Start(t.Context()))
	t.Cleanup(func() { _ = tracer.Stop(context.Background()) })
	return tracer
}

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestSpansOfARun(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"", "gzip"} {
		t.Run("encoding "+encoding, func(t *testing.T) {
			t.Parallel()
			testSpansOfARun(t, encoding)
		})
	}
}

func testSpansOfARun(t *testing.T, encoding string) {
	t.Helper()
	s := newSink(t)
	tracer := newTracer(t, s, func(o *Options) { o.Gzip = encoding == "gzip" })
	id, begun := model.NewID(), time.Now()
	run := tracer.Begin(parent)
	require.Equal(t, parent[:36], run.TraceParent(0)[:36], "one trace")
	require.Equal(t, parent[:36], run.TraceParent(2)[:36])
	ended := func(after, ended time.Duration, errorType string) model.TracedEnd {
		end := model.TracedEnd{Started: begun.Add(after), Ended: begun.Add(ended), Status: model.StatusCompleted, ErrorType: errorType}
		if errorType != "" {
			end.Status = model.StatusFailed
		}
		return end
	}
	inner, innermost := model.StepID(id, 1, 1), model.StepID(id, 1, 2)
	tracer.Step(run, model.TracedStep{ID: innermost, Step: 2, Parent: 1, Function: "innermost", Version: 1, TracedEnd: ended(2, 3, "ValueError")})
	tracer.Step(run, model.TracedStep{ID: inner, Step: 1, Function: "inner", Version: 2, TracedEnd: ended(1, 4, "")})
	tracer.Run(run, model.TracedRun{
		ExecutionID: id, Tenant: "acme", Function: "outer", Version: 300, Trigger: model.TriggerWebhook, Attempt: 1, TracedEnd: ended(0, 5, ""),
	})
	require.NoError(t, tracer.Stop(t.Context()))
	require.Equal(t, Stats{Sent: 3}, tracer.Stats())

	s.mu.Lock()
	defer s.mu.Unlock()
	require.Equal(t, "k", s.headers.Get("api-key"))
	require.Equal(t, encoding, s.headers.Get("Content-Encoding"))
	require.Equal(t, "maestro", s.service)
	require.Len(t, s.spans, 3)
	trace, caller := run.Trace[:], run.Parent[:]
	require.Equal(t, "0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331", hex.EncodeToString(trace)+"/"+hex.EncodeToString(caller))
	first, second := run.Of(1), run.Of(2)
	at := func(after time.Duration) uint64 { return uint64(begun.Add(after).UnixNano()) }
	requireSpan(t, s.spans["outer"], &otlp.Span{
		TraceId: trace, SpanId: run.ID[:], ParentSpanId: caller, Name: "outer", Kind: otlp.Span_SPAN_KIND_SERVER, StartTimeUnixNano: at(0), EndTimeUnixNano: at(5), Flags: 0x301,
		Attributes: attributes("maestro.execution_id", id.String(), "maestro.subtenant", "acme", "maestro.function", "outer", "maestro.version", 300,
			"maestro.trigger", "webhook", "maestro.attempt", 1, "maestro.status", "completed"),
	})
	requireSpan(t, s.spans["inner"], &otlp.Span{
		TraceId: trace, SpanId: first[:], ParentSpanId: run.ID[:], Name: "inner", Kind: otlp.Span_SPAN_KIND_INTERNAL, StartTimeUnixNano: at(1), EndTimeUnixNano: at(4), Flags: 0x101,
		Attributes: attributes("maestro.step_id", inner.String(), "maestro.function", "inner", "maestro.version", 2, "maestro.status", "completed"),
	})
	requireSpan(t, s.spans["innermost"], &otlp.Span{
		TraceId: trace, SpanId: second[:], ParentSpanId: first[:], Name: "innermost", Kind: otlp.Span_SPAN_KIND_INTERNAL, StartTimeUnixNano: at(2), EndTimeUnixNano: at(3), Flags: 0x101,
		Attributes: attributes("maestro.step_id", innermost.String(), "maestro.function", "innermost", "maestro.version", 1, "maestro.status", "failed", "error.type", "ValueError"),
		Status:     &otlp.Status{Code: otlp.Status_STATUS_CODE_ERROR, Message: "ValueError"},
	})
}

// attributes are names and values in turn.
func attributes(pairs ...any) (all []*common.KeyValue) {
	for i := 0; i < len(pairs); i += 2 {
		value := &common.AnyValue{}
		switch v := pairs[i+1].(type) {
		case int:
			value.Value = &common.AnyValue_IntValue{IntValue: int64(v)}
		case string:
			value.Value = &common.AnyValue_StringValue{StringValue: v}
		}
		all = append(all, &common.KeyValue{Key: pairs[i].(string), Value: value})
	}
	return all
}

// requireSpan compares all of a span; the order of attributes has no meaning.
func requireSpan(t *testing.T, got, want *otlp.Span) {
	t.Helper()
	for _, span := range []*otlp.Span{got, want} {
		require.NotNil(t, span)
		slices.SortFunc(span.Attributes, func(a, b *common.KeyValue) int { return strings.Compare(a.Key, b.Key) })
		require.Empty(t, span.ProtoReflect().GetUnknown())
	}
	require.True(t, proto.Equal(want, got), "%s\n%s", protojson.Format(want), protojson.Format(got))
}

// ended is a run's end that is not looked at.
func ended(status model.Status) model.TracedEnd {
	now := time.Now()
	return model.TracedEnd{Started: now, Ended: now, Status: status}
}

func TestLinksOfAsynchronousRuns(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	tracer := newTracer(t, s)
	repeats := model.NewID()
	accepted, run, retry := tracer.Begin(parent), tracer.Begin(""), tracer.Begin("")
	tracer.Accept(accepted, model.TracedRun{Function: "f", TracedEnd: ended(model.StatusPending)})
	tracer.Run(run, model.TracedRun{Function: "f", Attempt: 2, Asynchronous: true, Link: accepted.TraceParent(0), Repeats: "invalid", TracedEnd: ended(model.StatusCompleted)})
	tracer.Run(retry, model.TracedRun{
		Function: "retry", Asynchronous: true, ParentID: repeats, Link: accepted.TraceParent(0), Repeats: run.TraceParent(0), TracedEnd: ended(model.StatusCompleted),
	})
	require.NoError(t, tracer.Stop(t.Context()))
	s.mu.Lock()
	defer s.mu.Unlock()
	begun, producer, again := s.spans["f"], s.spans["accept f"], s.spans["retry"]
	require.Equal(t, otlp.Span_SPAN_KIND_PRODUCER, producer.Kind)
	require.Equal(t, otlp.Span_SPAN_KIND_CONSUMER, begun.Kind)
	require.NotEqual(t, producer.TraceId, begun.TraceId)
	require.Empty(t, begun.ParentSpanId)
	require.EqualValues(t, 0x101, begun.Flags)
	link := &otlp.Span_Link{TraceId: producer.TraceId, SpanId: producer.SpanId, Flags: 0x301}
	require.Len(t, begun.Links, 1)
	require.True(t, proto.Equal(link, begun.Links[0]), begun.Links[0])
	require.Len(t, again.Links, 2)
	require.True(t, proto.Equal(link, again.Links[0]), again.Links[0])
	repeated := &otlp.Span_Link{TraceId: begun.TraceId, SpanId: begun.SpanId, Flags: 0x301, Attributes: attributes("maestro.link", "repeated")}
	require.True(t, proto.Equal(repeated, again.Links[1]), again.Links[1])
	require.Contains(t, again.String(), repeats.String())
	require.NotContains(t, begun.String(), "maestro.parent_id")
}

// Names that no rule of ours bounds are sent whole, and as valid text: a collector
// refuses all of a request that it can't read.
func TestSpansOfUnusualNames(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	long := strings.Repeat("x", 200)
	tracer := newTracer(t, s, func(o *Options) { o.Attributes = map[string]string{long: long, "service.name": "other"} })
	for _, size := range []int{0, 1, 100, 127, 128, 500, 1 << 13, 1 << 14, 1 << 16} {
		function := strings.Repeat("é", size)
		run := tracer.Begin("")
		tracer.Run(run, model.TracedRun{Tenant: function, Function: function, Version: -1, TracedEnd: ended(model.StatusFailed)})
		tracer.Step(run, model.TracedStep{Step: 1, Function: "s" + function, TracedEnd: model.TracedEnd{ErrorType: "\xff" + function}})
	}
	require.NoError(t, tracer.Stop(t.Context()))
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(t, s.spans, 18)
	require.Equal(t, "maestro", s.service)
	for name, span := range s.spans {
		require.Empty(t, span.ProtoReflect().GetUnknown())
		if step, ok := strings.CutPrefix(name, "s"); ok {
			require.Equal(t, "\uFFFD"+step, span.Status.Message)
			require.Zero(t, span.StartTimeUnixNano, "before 1970")
		}
	}
}

func TestInvalidTraceParents(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "x", "00-0-0-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", strings.Repeat("0", 55), strings.ToUpper(parent), parent + parent, parent + "-",
		strings.Replace(parent, "-", "_", 1), parent[:54], parent[:53] + "04", parent[:54] + "g", "01" + parent[2:] + "x",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
	} {
		_, ok := parse(text)
		require.False(t, ok, text)
	}
	for text, flags := range map[string]byte{parent: 1, " " + parent + "\t": 1, parent[:54] + "0": 0, parent[:54] + "3": 3, "01" + parent[2:] + "-more": 1, "01" + parent[2:53] + "fe": 2} {
		r, ok := parse(text)
		require.True(t, ok, text)
		require.Equal(t, flags, r.flags, text)
		require.Equal(t, "0af7651916cd43dd8448eb211c80319c", hex.EncodeToString(r.trace[:]))
		require.Equal(t, "b7ad6b7169203331", hex.EncodeToString(r.span[:]))
	}
}

func TestSamplers(t *testing.T) {
	t.Parallel()
	const unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	for name, sampled := range map[string][3]bool{ // without a parent, of a sampled one, of another
		"": {true, true, false}, "always_on": {true, true, true}, "always_off": {}, "traceidratio": {},
		"parentbased_always_on": {true, true, false}, "parentbased_always_off": {false, true, false}, "parentbased_traceidratio": {false, true, false},
	} {
		tracer := New(Options{Sampler: SamplerOf(name, 0)})
		for i, from := range []string{"", parent, unsampled} {
			span := tracer.Begin(from)
			require.Equal(t, sampled[i], span.Sampled(), "%s %d", name, i)
			require.Equal(t, sampled[i], strings.HasSuffix(span.TraceParent(0), "-01"), "%s %d", name, i)
			require.True(t, span.Traced())
		}
	}
	require.True(t, SamplerOf("traceidratio", 1).samples(&model.Span{Trace: [16]byte(bytes.Repeat([]byte{0xff}, 16))}))
	require.False(t, SamplerOf("traceidratio", 1e-30).samples(&model.Span{}))
}

// A share chooses the traces whose last 63 bits are below it, as OpenTelemetry's SDKs do.
func TestShareOfTraces(t *testing.T) {
	t.Parallel()
	quarter := SamplerOf("traceidratio", 0.25)
	for low, sampled := range map[uint64]bool{0: true, 1<<62 - 1: true, 1 << 62: false, 1<<62 - 2: true, 1<<63 + 1: false, 1<<64 - 1: false} {
		span := model.Span{}
		binary.BigEndian.PutUint64(span.Trace[8:], low)
		binary.BigEndian.PutUint64(span.Trace[:8], ^uint64(0))
		require.Equal(t, sampled, quarter.samples(&span), "%x", low)
	}
	tracer := New(Options{Sampler: quarter})
	taken := 0
	for range 10_000 {
		if span := tracer.Begin(""); span.Sampled() {
			taken++
		}
	}
	require.InDelta(t, 2_500, taken, 400) // more than nine standard deviations
}

func TestRunsThatAreNotSampledAllocateNothing(t *testing.T) {
	tracer := New(Options{Sampler: SamplerOf("parentbased_always_off", 0)})
	for _, from := range []string{"", parent[:54] + "0"} {
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if span := tracer.Begin(from); span.Sampled() {
				panic("it is sampled")
			}
		}))
	}
}
