// Package reference writes docs/api.md, the reference of the HTTP API, from the server's
// OpenAPI document.
//
// It must not know the routes: the document has them all. It is imported by tests only.
package reference
