package tracing

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"maestro/internal/model"
)

// Options of a Tracer, as the settings OTEL_… have them. Endpoint and Log are
// required.
type Options struct {
	Endpoint   string            // the whole address of the collector's traces, https://…/v1/traces
	Headers    map[string]string // of each request to it
	Service    string            // service.name; default "maestro"
	Attributes map[string]string // of the resource
	Sampler    sdk.Sampler       // default: all, or as the parent says
	Version    string            // of the server
	Server     string            // its id
	Log        *slog.Logger
}

// Tracer makes spans. It implements model.Tracer.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	log      *logged
}

var _ model.Tracer = (*Tracer)(nil)

// New makes a Tracer. It does not wait for the collector.
func New(ctx context.Context, opts Options) (*Tracer, error) {
	exporter, err := otlptrace.New(ctx, newSender(opts.Endpoint, opts.Headers))
	if err != nil {
		return nil, fmt.Errorf("send traces to %s: %w", opts.Endpoint, err)
	}
	if opts.Sampler == nil {
		opts.Sampler = sdk.ParentBased(sdk.AlwaysSample())
	}
	if opts.Service == "" {
		opts.Service = "maestro"
	}
	attributes := []attribute.KeyValue{attribute.String("service.version", opts.Version), attribute.String("service.instance.id", opts.Server)}
	for name, value := range opts.Attributes {
		attributes = append(attributes, attribute.String(name, value))
	}
	attributes = append(attributes, attribute.String("service.name", opts.Service))
	log := &logged{SpanExporter: exporter, log: opts.Log}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(log), sdk.WithSampler(opts.Sampler),
		sdk.WithIDGenerator(ids{}), sdk.WithResource(resource.NewSchemaless(attributes...)),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("maestro"), log: log}, nil
}

// Close sends the spans that are left, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the remaining spans: %w", err)
	}
	return nil
}

// logged notes in the log when the collector begins or ceases to take spans. The
// library's own log would have a line for each batch.
type logged struct {
	sdk.SpanExporter
	log *slog.Logger

	mu   sync.Mutex
	away bool // guarded by mu
}

// ExportSpans implements sdk.SpanExporter.
func (l *logged) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := l.SpanExporter.ExportSpans(ctx, spans)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil && !l.away:
		l.log.Warn("the collector takes no spans, they are dropped until it does", slog.Any("error", err))
	case err == nil && l.away:
		l.log.Info("the collector takes spans again")
	}
	l.away = err != nil
	return nil // it has been reported
}

// ids makes random ids without a lock.
type ids struct{}

// NewIDs implements sdk.IDGenerator.
func (g ids) NewIDs(ctx context.Context) (id trace.TraceID, span trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID implements sdk.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) (span trace.SpanID) {
	for !span.IsValid() {
		binary.NativeEndian.PutUint64(span[:], rand.Uint64())
	}
	return span
}

// contextOf reads a traceparent. An invalid one counts as absent.
func contextOf(traceParent string) trace.SpanContext {
	if traceParent == "" {
		return trace.SpanContext{}
	}
	carrier := propagation.MapCarrier{"traceparent": strings.TrimSpace(traceParent)}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}
