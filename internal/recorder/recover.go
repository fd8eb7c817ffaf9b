package recorder

import (
	"context"
	"time"

	"maestro/repo"
)

// checkTime bounds the test whether the database takes records again.
const checkTime = 5 * time.Second

// mustRecover reports whether there are records to replay or an outage to end, and
// a database that answers.
func (r *Recorder) mustRecover() bool {
	return !r.link.isOn() && (r.waited.outage.isOn() || r.background.outage.isOn() || r.spool.count() > 0)
}

// recover writes what waits in the spool, and finds out whether the database
// takes records again: by the spooled ones where there are any, else by one that
// is rolled back. Until then new runs are refused, so that a repeat of a run finds
// the record of the first. The error says that recovery is not complete.
func (r *Recorder) recover() error {
	replayed, err := r.replayFiles()
	if repo.IsAway(err) || r.untilStop.Err() != nil {
		return err
	}
	if !replayed && (r.waited.outage.isOn() || r.background.outage.isOn()) {
		ctx, cancel := context.WithTimeout(r.link.context(), checkTime)
		defer cancel()
		if err := r.db.CheckWritable(ctx); err != nil {
			return err
		}
	}
	r.waited.outage.end()
	r.background.outage.end()
	return err
}
