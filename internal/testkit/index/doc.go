// Package index is a package index for tests: an HTTP server on loopback that
// speaks PEP 503 and PEP 691 over wheels that the test makes, extension modules
// in C included. It can be made to fail as real ones do. It must not be used by
// a server: it is for tests alone.
package index
