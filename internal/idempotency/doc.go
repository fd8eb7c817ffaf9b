// Package idempotency sees to it that requests with one key run once: the
// first runs, and its repeats get the first one's answer, on whichever server.
//
// The first one claims the key in the database and holds it by a lease that is
// renewed while it runs; when its server dies the lease runs out, and a repeat
// has the claim instead, with the names of all runs that came before. A repeat
// that comes meanwhile waits: on the same server for a signal, on another by
// asking the database, ever less often. Requests without a key never come here.
//
// It must not know what a run or an HTTP request is, nor decide what makes two
// requests the same: the caller gives it a fingerprint.
package idempotency
