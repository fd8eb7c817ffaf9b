package alerts

import (
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

const (
	// quiet is the least time between two messages of one problem that it goes on.
	quiet = time.Hour

	// An open problem is checked the more often the younger it is.
	firstCheck = 5 * time.Second
	lastCheck  = time.Minute
)

// news is a message that a change of a problem calls for.
type news struct {
	over    bool // the problem is over; else it goes on
	leftOut int64
}

// occurred notes that the problem has occurred n times more, from first on, and returns
// the messages of it: one, or none within an hour of the last.
func occurred(p *repo.Problem, n int, first, now time.Time) []news {
	if !p.Open {
		p.Open, p.OpenedAt = true, first
	}
	p.CheckAt = now.Add(firstCheck)
	p.LeftOut += int64(n)
	return tell(p, now)
}

// tell returns the messages of the occurrences that were left out, when their time has
// come: of a problem that is over by then, that it was there and that it is over.
func tell(p *repo.Problem, now time.Time) []news {
	if p.LeftOut == 0 || now.Before(p.NextAt) {
		return nil
	}
	all := []news{{leftOut: p.LeftOut - 1}} // the message itself is of the latest
	p.LeftOut, p.NextAt, p.Reported = 0, now.Add(quiet), true
	if !p.Open {
		p.Reported = false
		all = append(all, news{over: true})
	}
	return all
}

// recovered notes that the problem is over, and returns the message of it, unless
// there was none that it was there.
func recovered(p *repo.Problem, at time.Time, by model.ID) []news {
	p.Open, p.RecoveredAt, p.RecoveredBy = false, at, by
	if !p.Reported {
		return nil
	}
	one := news{over: true, leftOut: p.LeftOut}
	p.Reported, p.LeftOut = false, 0
	return []news{one}
}

// goesOn notes that a check has found the problem still there.
func goesOn(p *repo.Problem, now time.Time) {
	p.CheckAt = now.Add(min(max(now.Sub(p.OpenedAt)/20, firstCheck), lastCheck))
}
