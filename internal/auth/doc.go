// Package auth identifies callers: it turns a bearer token into a Principal, and
// a Principal with a requested subtenant into the subtenant of a call.
//
// It must not know HTTP, and must not authorise access to a resource, which the
// handlers do. Tokens never appear in a log or an error.
package auth
