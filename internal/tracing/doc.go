// Package tracing makes the spans of runs and their steps, and sends them to a
// collector by OTLP over HTTP. It is the model.Tracer of the engine, and exists only
// if a collector is set.
//
// Spans that the collector does not take are dropped: the package must not hold up a
// run, nor fail one. No input, output, secret or error message is part of a span.
package tracing
