// Package intake reads the bodies of requests: it allocates memory as bytes
// arrive, not as a sender announces them, ends bodies that arrive too slowly, and
// lets unknown callers share a budget of memory.
//
// It must not know HTTP: the source of the bytes, the sender and the response are
// the concern of its caller.
package intake
