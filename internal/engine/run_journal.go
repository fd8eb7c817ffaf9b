package engine

import (
	"time"

	"maestro/internal/journal"
)

// enterJournal enters the run in the journal of this process. It stays there until its
// record is where the answer says, or the run is released: if the process dies before
// that, the next one on this data folder records that the run has crashed.
func (r *run) enterJournal() {
	if r.engine.opts.Journal == nil {
		return
	}
	entry := journal.Entry{
		ExecutionID: r.id, Tenant: r.request.Tenant, Function: r.function.Name, Version: r.function.Version,
		Trigger: r.request.Trigger, TriggerID: r.request.TriggerID, ParentID: r.request.ParentID,
		Created: r.created, Started: r.started, Attempt: r.attempt, Lane: r.lane(),
	}
	if r.asynchronous() {
		entry.Claim, entry.Started = r.queued.Claim, time.Time{} // begin follows
	}
	r.slot = r.engine.opts.Journal.Enter(&entry)
}
