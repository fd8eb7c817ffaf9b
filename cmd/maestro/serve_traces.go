package main

import (
	"context"
	"fmt"

	"maestro/internal/config"
	"maestro/internal/model"
	"maestro/internal/tracing"
)

// startTraces makes what sends traces; nil when there is nowhere to send them. It
// is stopped once no run is in progress.
func (p *parts) startTraces(ctx context.Context) (model.Tracer, error) {
	settings := &p.cfg.Traces
	if settings.Address() == "" {
		return nil, nil
	}
	headers, err := config.Pairs(settings.Headers)
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: %w", err)
	}
	attributes, err := config.Pairs(settings.Attributes)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	tracer, err := tracing.New(ctx, tracing.Options{
		Endpoint: settings.Address(), Headers: headers, Service: settings.Service, Attributes: attributes,
		Sampler: tracing.SamplerOf(settings.Sampler, settings.Share), Version: version, Server: p.id.String(), Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	p.stops.Push("traces", stopTime, tracer.Close)
	return tracer, nil
}
