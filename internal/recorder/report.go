package recorder

import (
	"errors"
	"log/slog"
	"time"
)

const (
	// reportAfter is how long the database is away before the log says so: one
	// connection that breaks is no outage.
	reportAfter = refuseAfter
	// reportEvery is the time between two lines about one outage.
	reportEvery = 10 * time.Second
)

// report writes the log lines about an outage: one when it begins, one every
// reportEvery while it lasts, one at its end, and none for each run. Used by watch
// alone.
type report struct {
	recorder *Recorder
	last     int64 // the moment of the last line about the outage; 0: there is none
	began    int64
	spooled  int64 // the counts when there was none
	refused  int64
}

// look writes a line if it is time for one.
func (p *report) look() {
	r := p.recorder
	away := max(r.away(r.waited), r.away(r.background))
	now := moment()
	stats := &r.stats
	switch {
	case away == 0 && p.last != 0:
		r.log.Info("records reach the database again", slog.Duration("after", time.Duration(now-p.began).Round(time.Millisecond)),
			slog.Int64("spooled", stats.spooled.Load()-p.spooled), slog.Int64("refused", stats.refused.Load()-p.refused))
		p.last = 0
		r.lastError.Store(nil)
		p.count()
	case away == 0:
		p.count()
	case away >= reportAfter && (p.last == 0 || now-p.last >= int64(reportEvery)):
		if p.last == 0 {
			p.began = now - int64(away)
		}
		p.last = now
		r.log.Error("the database accepts no records: new calls are refused, runs under way are recorded on this server's disk until it does",
			slog.Duration("for", away.Round(time.Millisecond)), slog.Int64("spooled", stats.spooled.Load()-p.spooled),
			slog.Int64("refused", stats.refused.Load()-p.refused), slog.Any("error", r.why()))
	}
}

// count notes where an outage would count from.
func (p *report) count() {
	p.spooled, p.refused = p.recorder.stats.spooled.Load(), p.recorder.stats.refused.Load()
}

// note keeps the last error of the database, for the next line.
func (r *Recorder) note(err error) { r.lastError.Store(&err) }

// errSilent is for a database that has given no error, as one that is frozen.
var errSilent = errors.New("the database does not answer")

func (r *Recorder) why() error {
	if err := r.lastError.Load(); err != nil {
		return *err
	}
	return errSilent
}
