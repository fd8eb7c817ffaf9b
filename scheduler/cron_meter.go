package scheduler

import "time"

// Meter counts the due times that a Cron has handled, once that is committed. Its
// methods must not wait.
type Meter interface {
	// ScheduleStarted counts a due time whose run was stored so late.
	ScheduleStarted(late time.Duration)
	// ScheduleSkipped counts a due time that was not started.
	ScheduleSkipped()
	// ScheduleMissed counts a series of due times that was not caught up with.
	ScheduleMissed()
}

type noMeter struct{}

func (noMeter) ScheduleStarted(time.Duration) {}
func (noMeter) ScheduleSkipped()              {}
func (noMeter) ScheduleMissed()               {}

// tally are the due times of a transaction that is not committed yet.
type tally struct {
	late            []time.Duration // of those started
	skipped, missed int
}

func (t *tally) report(to Meter) {
	for _, late := range t.late {
		to.ScheduleStarted(late)
	}
	for range t.skipped {
		to.ScheduleSkipped()
	}
	for range t.missed {
		to.ScheduleMissed()
	}
}
