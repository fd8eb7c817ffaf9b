package cron

import (
	"iter"
	"time"
)

// Hour is the due times of an expression within one hour of the zone's clocks.
type Hour struct {
	First, Last time.Time // in UTC
	Count       int
}

// Hours yields the due times after one time and before another, hour by hour: an
// expression that is due each minute of a week has 168 hours and 10,080 times.
func (e *Expression) Hours(after, until time.Time, zone *time.Location) iter.Seq[Hour] {
	return func(yield func(Hour) bool) {
		for at := after; ; {
			first := e.Next(at, zone)
			if first.IsZero() || !first.Before(until) {
				return
			}
			hour := Hour{first, first, 1}
			for _, due := range e.restOfHour(first, zone) {
				if due.Before(until) {
					hour.Last, hour.Count = due, hour.Count+1
				}
			}
			if !yield(hour) {
				return
			}
			at = hour.Last
		}
	}
}

// restOfHour returns the due times after one within its hour. It returns none where
// clocks are changed before the hour ends, or where the time is the stand-in for
// skipped ones: then each is found by itself.
func (e *Expression) restOfHour(first time.Time, zone *time.Location) (rest []time.Time) {
	shown := civil(first.In(zone))
	end := shown.Truncate(time.Hour).Add(time.Hour)
	if _, change := first.In(zone).ZoneBounds(); !change.IsZero() && change.Before(first.Add(end.Sub(shown))) {
		return nil
	}
	if _, due := e.match(shown, shown.Add(time.Minute)); !due {
		return nil
	}
	for t := shown.Add(time.Minute); t.Before(end); t = t.Add(time.Minute) {
		if e.allows(minutes, 1, t) {
			rest = append(rest, first.Add(t.Sub(shown)))
		}
	}
	return rest
}
