// Package repo reads and writes what Maestro keeps in PostgreSQL: subtenants,
// functions and their versions, webhooks, executions and steps.
//
// The SQL is in queries/*.sql, from which sqlc makes the package dbsqlc; each
// file here turns one table's rows into the types of model and database errors
// into *model.Error. Every query on what a subtenant owns takes the subtenant:
// another's rows are not there.
//
// It must not decide what a run does, validate what a user sent (handlers and
// schema do), or hold a cache.
package repo

//go:generate env CGO_ENABLED=0 go -C ../tools tool sqlc generate --file ../repo/sqlc.yaml
