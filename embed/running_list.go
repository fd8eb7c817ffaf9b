package embed

import "time"

// recentFor is how long a running call counts as one that may end soon.
// After that it blocks or computes at length, and no longer prevents another
// call's thread from starting.
const recentFor = time.Millisecond

// runningList holds the calls that have a thread, in the order in which they
// began, and knows how many of them are recent, at a constant cost for each
// call. Guarded by Host.mu.
type runningList struct {
	first, last *call
	fresh       *call // the first that was still recent when last looked
	recent      int   // calls from fresh on
}

// add puts a call that begins at the end.
func (l *runningList) add(c *call, at clock) {
	c.began = at
	c.earlier = l.last
	if l.last == nil {
		l.first = c
	} else {
		l.last.later = c
	}
	l.last = c
	if l.fresh == nil {
		l.fresh = c
	}
	c.recent = true
	l.recent++
}

// remove takes a call out.
func (l *runningList) remove(c *call) {
	if c.recent {
		c.recent = false
		l.recent--
	}
	if l.fresh == c {
		l.fresh = c.later
	}
	if c.earlier == nil {
		l.first = c.later
	} else {
		c.earlier.later = c.later
	}
	if c.later == nil {
		l.last = c.earlier
	} else {
		c.later.earlier = c.earlier
	}
	c.earlier, c.later = nil, nil
}

// recents returns how many calls are recent at that time.
func (l *runningList) recents(at clock) int {
	for c := l.fresh; c != nil && at.since(c.began) >= recentFor; c = c.later {
		c.recent = false
		l.recent--
		l.fresh = c.later
	}
	return l.recent
}
