// Package intake reads the bodies of requests: it takes memory as bytes
// arrive, not as a sender announces them, ends bodies that trickle, and lets
// unknown callers share a budget of memory.
//
// It must not know of HTTP: where bytes come from, who sends them and what is
// answered is its caller's.
package intake
