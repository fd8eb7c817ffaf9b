package repo

import (
	"time"

	"maestro/internal/model"
)

const (
	// mostDays bounds the days that one page looks at: with the retention that is
	// the default, a page is never short.
	mostDays = 64
	// listPatience is after how long a page is left as short as it is, between two
	// windows.
	listPatience = time.Second
	// quickWindow is how little time a window takes after which the next one is
	// four times as long.
	quickWindow = 50 * time.Millisecond
)

// window is a range of ids that one query of a list reads. To plan a query
// costs time for each partition in its range, so a list begins with the newest
// days and goes on to older ones only while its page is not full.
type window struct {
	from, before model.ID
	days         int  // from the first window's newest day to here
	last         bool // nothing is older

	span   int       // days
	day    time.Time // where from lies, unless last
	bound  model.ID  // of the whole list
	oldest time.Time
}

// newestWindow is the first of the ids from bound up to before: of two days,
// with all that is younger than now. oldest is the first day that has a
// partition.
func newestWindow(bound, before model.ID, oldest, now time.Time) window {
	newest := before.Time()
	if newest.After(now) {
		newest = now
	}
	w := window{before: before, bound: bound, oldest: oldest, span: 2, day: newest.UTC().Truncate(partitionSpan).Add(partitionSpan)}
	return w.reach()
}

// older is the window that follows, four times as long when wider says so.
func (w window) older(wider bool) window {
	w.before = w.from
	if wider {
		w.span *= 4
	}
	return w.reach()
}

// reach sets where the window begins, span days below day.
func (w window) reach() window {
	w.span = min(w.span, max(mostDays-w.days, 1))
	w.day = w.day.Add(-time.Duration(w.span) * partitionSpan)
	w.days += w.span
	w.from = model.FirstIDOf(w.day)
	if !w.day.After(w.oldest) || w.from.String() <= w.bound.String() {
		w.from, w.last = w.bound, true
	}
	return w
}
