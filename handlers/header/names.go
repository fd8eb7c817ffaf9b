// Package header names the headers of the API that HTTP does not define, each
// once for all packages of the edge. It must not contain anything but names.
package header

// Names in the canonical spelling of HTTP/1.
const (
	RequestID      = "X-Request-ID"
	ExecutionID    = "X-Execution-ID"
	SubtenantID    = "X-Subtenant-ID"
	Record         = "X-Maestro-Record" // where the record of the run is, unless it is in the database
	IdempotencyKey = "Idempotency-Key"
	Console        = "X-Maestro-Console"   // 1: the request is the console's, and may be authenticated by its session
	Replayed       = "Idempotent-Replayed" // the answer is that of an earlier request with the same key
)
