// Package recorder writes executions and their steps to PostgreSQL, many in
// one transaction, and tells each run when its own record is safe there.
//
// It collects greedily: what is queued is written at once, and the next batch
// forms meanwhile; nothing ever waits for a batch to fill. It must not decide
// what is recorded (the engine does) nor read records back (repo does).
package recorder
