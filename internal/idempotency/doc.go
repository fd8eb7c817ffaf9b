// Package idempotency makes requests with the same key run once: the first
// request runs, and its repeats get its response, on every server.
//
// The first request claims the key in the database by a lease, which is renewed
// during the run. When its server dies the lease expires, and a repeat claims the
// key, with the ids of all earlier runs. A repeat that arrives during the run
// waits: on the same server for a signal, on another by polling the database with
// growing pauses. Requests without a key do not use this package.
//
// It decides which requests are the same, and which responses are kept: that of a
// run whose function returned, and that of an accepted asynchronous run. After
// any other outcome, a refusal before the run or a failed run, the key is
// released and a repeat runs; waiting repeats run one at a time.
//
// It must not know HTTP, and must not run functions: headers and bytes come from
// its caller, which runs the function when Try returns an attempt.
package idempotency
