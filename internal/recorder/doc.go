// Package recorder writes executions and their steps to PostgreSQL, many in
// one transaction, and tells each run when its own record is safe there.
//
// It collects greedily: queued records are written at once, and the next batch
// forms meanwhile; no record waits for a batch to fill. While the database is
// unavailable, the records of ended runs wait in memory up to a bound and then in
// spool files, and are written when the database is back. A value that the
// database refuses is replaced by a marker, and delays no other record.
//
// It must not choose what to record (the engine does) nor read records back
// (repo does).
package recorder
