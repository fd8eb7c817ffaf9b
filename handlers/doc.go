// Package handlers is the HTTP edge: the routes (routes.go lists them all), the
// middleware, the table of errors, and the OpenAPI document, which is made from
// the handlers' own types.
//
// It turns requests into calls of the engine, the repository and the live log,
// and their results into HTTP responses. It must not run Python, contain SQL, or
// hold state that another server would miss, except for the routing table of
// webhooks and short-lived caches.
//
// The next request of a connection overwrites the values that Fiber gives to a
// handler: copy each value that outlives the handler.
package handlers
