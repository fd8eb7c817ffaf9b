package main

import (
	"context"
	"fmt"
	"time"

	"maestro/internal/config"
	"maestro/internal/model"
	"maestro/internal/tracing"
)

// tracesEnd is how long a server that stops waits for the collector.
const tracesEnd = 3 * time.Second

// startTraces makes what sends traces; nil when there is nowhere to send them. It
// is stopped once no run is in progress.
func (p *parts) startTraces(ctx context.Context) (model.Tracer, error) {
	settings := p.cfg
	if settings.TracesAddress() == "" {
		return nil, nil
	}
	headers, err := config.Pairs(settings.TracesHeaders)
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: %w", err)
	}
	attributes, err := config.Pairs(settings.TracesAttributes)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	tracer := tracing.New(tracing.Options{
		Endpoint: settings.TracesAddress(), Headers: headers, Gzip: settings.TracesGzip, Service: settings.TracesService, Attributes: attributes,
		Sampler: tracing.SamplerOf(settings.TracesSampler, settings.TracesShare), Version: version, Server: p.id.String(), Log: p.log,
	})
	if err := tracer.Start(ctx); err != nil {
		return nil, err
	}
	p.traces = tracer
	p.stops.Push("traces", tracesEnd, tracer.Stop)
	return tracer, nil
}
