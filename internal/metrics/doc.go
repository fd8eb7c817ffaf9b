// Package metrics holds the metrics of the server and serves them at /metrics:
// counters that the path of a call increments (run_count.go, request_count.go),
// and readings of the other rooms at the time of a scrape (source_*.go).
//
// Each metric is defined once, with its help text; the table in
// docs/operations.md and the names in docs/monitoring are compared with the
// definitions. The names of subtenants and functions become labels only where the
// settings permit it, and only up to a limit (label_bound.go).
//
// It must not change anything that it reads, nor wait for the database: a scrape
// gets the latest figures that are known.
package metrics
