// Package recorder writes executions and their steps to PostgreSQL, many in
// one transaction, and tells each run when its own record is safe there.
//
// It collects greedily: what is queued is written at once, and the next batch
// forms meanwhile; nothing ever waits for a batch to fill. While the database
// is away finished work waits in memory up to a bound and then in spool files,
// and is written when the database is back. A value that the database refuses
// costs no other record its place, and is itself kept as a marker.
//
// It must not decide what is recorded (the engine does) nor read records back
// (repo does).
package recorder
