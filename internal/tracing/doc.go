// Package tracing makes the spans of runs and their steps, and sends them to a
// collector by OTLP over HTTP. It is the model.Tracer of the engine, and exists only
// if a collector is set.
//
// A span is a value of the run until it ends. Then it is encoded into a batch
// (span_encode.go), which a goroutine compresses and sends (tracer_send.go). A run
// that is not sampled costs its random ids.
//
// Spans that the collector does not take, and those that find no room in a batch, are
// dropped and counted: the package must not hold up a run, nor fail one. No input,
// output, secret or error message is part of a span.
package tracing
