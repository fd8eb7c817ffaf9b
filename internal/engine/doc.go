// Package engine is the one path of every run, for each trigger (webhook,
// schedule, manual, spawn and retry): find the function, validate the input, run it
// in the subtenant's lane, validate the output, record all of it, answer.
//
// Synchronous runs enter by Run (run.go, engine_run.go), which handlers call.
// Asynchronous runs are stored by Submit, for handlers and for maestro.spawn, or
// by Plan and Prepare, for the scheduler and for bulk retries, which store runs in
// transactions of their own (queue_submit.go). A run that this server has claimed
// enters by RunQueued (queue_run.go), which internal/queue calls. Sibling calls are
// steps of their run: made here (run_step.go), or in a lane's child process, which
// reports them (run_report.go).
//
// It knows no HTTP, no SQL and no Python: requests come as RunRequest, rows
// through the Store, Python through model.Lane. It must not start a run by
// itself, except for one that a function spawns.
package engine
