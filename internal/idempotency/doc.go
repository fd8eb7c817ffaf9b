// Package idempotency sees to it that requests with one key run once: the
// first runs, and its repeats get the first one's answer, on whichever server.
//
// The first one claims the key in the database and holds it by a lease that is
// renewed while it runs; when its server dies the lease runs out, and a repeat
// has the claim instead, with the names of all runs that came before. A repeat
// that comes meanwhile waits: on the same server for a signal, on another by
// asking the database, ever less often. Requests without a key never come here.
//
// It decides what makes two requests the same, and which answers are kept: that
// of a run whose function returned, and that of an asynchronous run that was
// accepted. Everything else is given back: a refusal by which nothing ran, a run
// that failed. A repeat then runs, of several that wait one at a time.
//
// It must not know HTTP, nor run anything: headers and bytes come from its
// caller, which runs the function where Try says so.
package idempotency
