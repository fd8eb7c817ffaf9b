// Package engine is the one path that every run takes, whatever triggered it:
// find the function, check the input, run it in the subtenant's lane, check
// the output, record all of it, answer.
//
// It knows no HTTP, no SQL and no Python: requests come as RunRequest, rows
// through the Store, Python through model.Lane. It must not start a run by
// itself; whoever wants one (handlers, scheduler) calls Run.
package engine
