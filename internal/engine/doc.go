// Package engine is the one path of every run, from a webhook, a schedule, the API or a retry:
// find the function, check the input, run it in the subtenant's lane, check
// the output, record all of it, answer.
//
// It knows no HTTP, no SQL and no Python: requests come as RunRequest, rows
// through the Store, Python through model.Lane. It must not start a run by
// itself: handlers and scheduler call Run, Submit and RunQueued.
package engine
