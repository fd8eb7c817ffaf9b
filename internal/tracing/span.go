package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"maestro/internal/model"
)

// Run implements model.Tracer.
func (t *Tracer) Run(run model.TracedRun) model.Span {
	kind := trace.SpanKindServer
	if run.Asynchronous {
		kind = trace.SpanKindConsumer
	}
	return t.start(run, kind, run.Function)
}

// Accept implements model.Tracer.
func (t *Tracer) Accept(run model.TracedRun) model.Span {
	return t.start(run, trace.SpanKindProducer, "accept "+run.Function)
}

func (t *Tracer) start(run model.TracedRun, kind trace.SpanKind, name string) model.Span {
	options := []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithTimestamp(run.Started), trace.WithAttributes(
		attribute.String("maestro.execution_id", run.ExecutionID.String()), attribute.String("maestro.subtenant", run.Tenant),
		attribute.String("maestro.function", run.Function), attribute.Int("maestro.version", run.Version),
		attribute.String("maestro.trigger", string(run.Trigger)), attribute.Int("maestro.attempt", run.Attempt),
	)}
	if !run.ParentID.IsZero() {
		options = append(options, trace.WithAttributes(attribute.String("maestro.parent_id", run.ParentID.String())))
	}
	if link := contextOf(run.Link); link.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: link}))
	}
	if repeated := contextOf(run.Repeats); repeated.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{
			SpanContext: repeated, Attributes: []attribute.KeyValue{attribute.String("maestro.link", "repeated")},
		}))
	}
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), contextOf(run.Parent))
	ctx, made := t.tracer.Start(ctx, name, options...)
	return &span{tracer: t.tracer, ctx: ctx, span: made}
}

// span implements model.Span.
type span struct {
	tracer trace.Tracer
	ctx    context.Context // holds span
	span   trace.Span
}

// TraceParent implements model.Span.
func (s *span) TraceParent() string {
	c := s.span.SpanContext()
	flags := "-00"
	if c.IsSampled() {
		flags = "-01"
	}
	return "00-" + c.TraceID().String() + "-" + c.SpanID().String() + flags
}

// Sampled implements model.Span.
func (s *span) Sampled() bool { return s.span.SpanContext().IsSampled() }

// Step implements model.Span.
func (s *span) Step(id model.ID, function string, version int, started time.Time) model.Span {
	ctx, made := s.tracer.Start(s.ctx, function, trace.WithTimestamp(started), trace.WithAttributes(
		attribute.String("maestro.step_id", id.String()), attribute.String("maestro.function", function), attribute.Int("maestro.version", version),
	))
	return &span{tracer: s.tracer, ctx: ctx, span: made}
}

// End implements model.Span.
func (s *span) End(at time.Time, status model.Status, errorType string) {
	s.span.SetAttributes(attribute.String("maestro.status", string(status)))
	if errorType != "" {
		s.span.SetAttributes(attribute.String("error.type", errorType))
		s.span.SetStatus(codes.Error, errorType)
	}
	s.span.End(trace.WithTimestamp(at))
}
