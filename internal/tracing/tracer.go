package tracing

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/wake"
)

// Options of a Tracer, as the settings OTEL_… have them. Endpoint and Log are
// required.
type Options struct {
	Endpoint   string            // the whole address of the collector's traces, https://…/v1/traces
	Headers    map[string]string // of each request to it
	Gzip       bool              // whether requests are compressed
	Service    string            // service.name; default "maestro"
	Attributes map[string]string // of the resource
	Sampler    Sampler           // default: all, or as the parent says
	Version    string            // of the server
	Server     string            // its id
	Log        *slog.Logger
}

// Tracer makes spans, and sends them while it is started. It implements model.Tracer.
type Tracer struct {
	*service.Loop
	sampler Sampler
	batches batches
	sender  *sender
	log     *slog.Logger
	away    bool // the collector took no spans the last time; of the goroutine that sends

	sending context.Context // of the requests; set by begin
	abort   context.CancelFunc
}

var (
	_ model.Tracer    = (*Tracer)(nil)
	_ service.Service = (*Tracer)(nil)
)

// New makes a Tracer. Start does not wait for the collector; Stop sends the spans that
// are left until its context ends.
func New(opts Options) *Tracer {
	t := &Tracer{
		sampler: opts.Sampler, batches: batches{full: wake.New()},
		sender: newSender(opts), log: opts.Log,
	}
	t.Loop = service.NewLoop(service.Hooks{Begin: t.begin, Run: t.run, Abort: func() { t.abort() }, End: t.end})
	return t
}

// Stats are counts since the Tracer was made.
type Stats struct {
	Sent    uint64 // spans that the collector took
	Dropped uint64 // spans that it refused or could not take in time, or that found no room
}

// Stats counts the spans that have left. It takes a lock for a moment only.
func (t *Tracer) Stats() Stats {
	t.batches.mu.Lock()
	defer t.batches.mu.Unlock()
	return t.batches.stats
}

// Begin implements model.Tracer.
func (t *Tracer) Begin(parent string) model.Span {
	var span model.Span
	if from, ok := parse(parent); ok {
		span.Trace, span.Parent, span.Flags = from.trace, from.span, from.flags
	} else {
		for span.Trace == [16]byte{} {
			binary.NativeEndian.PutUint64(span.Trace[:8], rand.Uint64())
			binary.NativeEndian.PutUint64(span.Trace[8:], rand.Uint64())
		}
	}
	for span.ID == [8]byte{} {
		binary.NativeEndian.PutUint64(span.ID[:], rand.Uint64())
	}
	if t.sampler.samples(&span) {
		span.Flags |= model.FlagSampled
	} else {
		span.Flags &^= model.FlagSampled
	}
	return span
}

// Run implements model.Tracer.
func (t *Tracer) Run(span model.Span, run model.TracedRun) {
	kind := byte(kindServer)
	if run.Asynchronous {
		kind = kindConsumer
	}
	var room [spanRoom]byte
	t.batches.add(appendRun(room[:0], &span, kind, run.Function, &run))
}

// Accept implements model.Tracer.
func (t *Tracer) Accept(span model.Span, run model.TracedRun) {
	var room [spanRoom]byte
	t.batches.add(appendRun(room[:0], &span, kindProducer, "accept "+run.Function, &run))
}

// Step implements model.Tracer.
func (t *Tracer) Step(span model.Span, step model.TracedStep) {
	var room [spanRoom]byte
	t.batches.add(appendStep(room[:0], &span, &step))
}
