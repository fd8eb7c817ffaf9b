// Package repo reads and writes Maestro's data in PostgreSQL: subtenants,
// functions and their versions, webhooks, schedules, secrets, packages, the queue,
// executions and steps.
//
// The SQL is in queries/*.sql, from which sqlc makes the package dbsqlc, and the
// files here, named after their tables, turn rows into the types of model and
// database errors into *model.Error. Two kinds of statements are in Go: those that
// write executions and steps are built from the descriptions of their columns
// (table.go, execution_columns.go, step_columns.go), and those of the partitions
// name a table of a day.
//
// Every query on behalf of a caller takes the subtenant: the rows of other
// subtenants do not exist for it. The queries of the queue, the scheduler, the
// servers and the retention serve all subtenants; tenant_test.go lists them with
// the reasons.
//
// It must not decide what a run does, validate requests (handlers and
// schema do), or hold a cache.
package repo

//go:generate ../scripts/sqlc generate
