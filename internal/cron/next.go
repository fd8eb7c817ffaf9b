package cron

import (
	"time"

	"github.com/adhocore/gronx"
)

// searchYears is how far there is a next time for every expression that comes
// at all: the 29th of February falls on a given weekday every 28 years, and
// over a century without that day, such as 2100, once in 40.
const searchYears = 41

// Next returns the first time after the given one at which e is due in zone,
// in UTC; zero when there is none.
//
// An hour field of * or */n follows real time: both passes of an hour that is
// repeated when clocks go back, none in one that is skipped. With any other,
// each local time has one moment: a skipped one comes right after the gap,
// a repeated one at its first occurrence.
func (e *Expression) Next(after time.Time, zone *time.Location) time.Time {
	// Between two changes of a zone's offset its clocks run like any. The walk
	// goes from stretch to stretch, in civil time: what clocks show, held in
	// a time.Time of UTC.
	limit := after.AddDate(searchYears, 0, 0)
	from := civil(after.In(zone)).Truncate(time.Minute).Add(time.Minute)
	for at := after; at.Before(limit); {
		start, end := at.In(zone).ZoneBounds()
		_, offset := at.In(zone).Zone()
		shift := time.Duration(offset) * time.Second
		if !start.IsZero() {
			from = later(from, e.opening(start, shift, zone))
		}
		until := limit.Add(shift)
		if !end.IsZero() && end.Before(limit) {
			until = end.Add(shift)
		}
		if found, ok := e.match(from, until.UTC()); ok {
			return later(found.Add(-shift), start).UTC()
		}
		if end.IsZero() {
			break
		}
		// What the first stretch's clocks have shown up to now says nothing
		// about those of the next.
		at, from = end, time.Time{}
	}
	return time.Time{}
}

// opening is the first civil time that belongs to the stretch that begins at
// start with clocks shifted by shift from UTC. In fixed times that is where the
// stretch before it ended: earlier ones have had their moment, and those in
// a gap get theirs at start.
func (e *Expression) opening(start time.Time, shift time.Duration, zone *time.Location) time.Time {
	if !e.realTime {
		_, before := start.Add(-time.Nanosecond).In(zone).Zone()
		shift = time.Duration(before) * time.Second
	}
	opening := start.Add(shift).UTC()
	if whole := opening.Truncate(time.Minute); whole.Before(opening) { // offsets had seconds once
		return whole.Add(time.Minute)
	}
	return opening
}

// match returns the first civil time from the given one, and before until,
// that the fields allow. from is a whole minute.
func (e *Expression) match(from, until time.Time) (time.Time, bool) {
	for t := from; t.Before(until); {
		year, month, day := t.Date()
		switch {
		case !e.allows(months, 4, t):
			t = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
		case !e.allowsDay(t):
			t = time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
		case !e.allows(hours, 2, t):
			t = t.Truncate(time.Hour).Add(time.Hour)
		case !e.allows(minutes, 1, t):
			t = t.Add(time.Minute)
		default:
			return t, true
		}
	}
	return time.Time{}, false
}

// allows asks gronx about one field; position is where it expects it.
func (e *Expression) allows(field, position int, t time.Time) bool {
	if e.fields[field] == "*" {
		return true
	}
	checker := gronx.SegmentChecker{}
	checker.SetRef(t)
	due, err := checker.CheckDue(e.fields[field], position)
	return due && err == nil
}

// allowsDay asks gronx about both day fields: when neither begins with * it is
// enough that one allows the day.
func (e *Expression) allowsDay(t time.Time) bool {
	if e.fields[days] == "*" && e.fields[weekdays] == "*" {
		return true
	}
	checker := gronx.Gronx{C: &gronx.SegmentChecker{}}
	checker.C.SetRef(t)
	due, err := checker.SegmentsDue([]string{"*", "*", "*", e.fields[days], "*", e.fields[weekdays], "*"})
	return due && err == nil
}

// civil is what the clocks of t's zone show at t.
func civil(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.Add(time.Duration(offset) * time.Second).UTC()
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
