// Package handlers is the HTTP edge: Fiber's routes and middleware, the one
// table of errors, and the OpenAPI document made from the handlers' own types.
//
// It turns requests into calls of the engine, the repository and the live log,
// and their answers into HTTP. It must not run Python, know SQL, or hold state
// that another server would miss, the webhooks' routing table and short-lived
// caches aside.
//
// What Fiber gives a handler is overwritten by the connection's next request:
// whatever outlives the handler is copied.
package handlers
