package recorder

import (
	"time"

	"maestro/internal/model"
)

const (
	// refuseAfter is how long the database may be away before new calls are
	// refused.
	refuseAfter = time.Second
	// refusedFor is what a refused caller is told to wait.
	refusedFor = 2 * time.Second
	// graceAfter is how long an outage counts for leases that could not be renewed
	// in it: other servers may still be writing what they answered meanwhile.
	graceAfter = 15 * time.Second
	// longestOutage bounds the outages for which that is so.
	longestOutage = 24 * time.Hour
)

// Admit returns the error that refuses a new run, or nil. Call it before the run
// begins: its record could reach only this server's disk. It costs two loads of a word as long as the database is there.
func (r *Recorder) Admit() error {
	if !r.link.isOn() && !r.waited.outage.isOn() {
		return nil
	}
	if r.away(r.waited) < refuseAfter {
		return nil
	}
	r.stats.refused.Add(1)
	return errRefusing()
}

// Refusing is Admit for the health check: no refusal is counted.
func (r *Recorder) Refusing() error {
	if r.away(r.waited) < refuseAfter {
		return nil
	}
	return errRefusing()
}

func errRefusing() error {
	err := model.NewError(model.CodeUnavailable,
		"The database accepts no records at present, so the call was refused and nothing ran. Try again in a moment.")
	err.RetryAfter = refusedFor
	return err
}

// away is how long the database has not taken the records of a line; 0 when it
// does.
func (r *Recorder) away(l *line) time.Duration {
	return max(r.link.duration(), l.outage.duration())
}

// Healthy reports whether records reach the database at present.
func (r *Recorder) Healthy() bool {
	return !r.link.isOn() && !r.waited.outage.isOn() && !r.background.outage.isOn()
}

// Grace is how long leases that ran out should still count: 0, unless the
// database was away a moment ago.
func (r *Recorder) Grace() time.Duration {
	last := r.lastAway.Load()
	if last == 0 || time.Duration(moment()-last) > graceAfter {
		return 0
	}
	return longestOutage
}
