package recorder

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"maestro/repo"
)

const (
	watchEvery = 100 * time.Millisecond
	// quietTime is how long a database that has not been heard of is not asked,
	// while records are on their way to it and while there are none. A busy recorder
	// hears of it all the time.
	quietTime     = 200 * time.Millisecond
	quietTimeIdle = 500 * time.Millisecond
	// silenceTime is how long the answer to a ping may take, unless another answer
	// comes meanwhile, before the database counts as away since it was asked. A
	// network or disk that is slow by hundreds of milliseconds is no outage.
	silenceTime = time.Second
	// pingTime bounds a ping. Beyond silenceTime a late answer still ends the
	// outage; a new connection may take several round trips.
	pingTime = 5 * time.Second
)

// link is whether the database answers at all, as against whether it takes
// records.
type link struct {
	outage
	heard atomic.Int64 // the moment of its last answer

	mu    sync.Mutex // guards what follows
	tries context.Context
	cut   context.CancelFunc // ends the attempts under way
}

func (l *link) init(parent context.Context) {
	l.heard.Store(moment())
	l.tries, l.cut = context.WithCancel(parent)
}

// hear notes an answer of the database.
func (l *link) hear() {
	l.heard.Store(moment())
	l.end()
}

// context is that of an attempt that is to end when the database turns out to
// be away.
func (l *link) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tries
}

// breakOff ends the attempts under way: a database that is frozen never would.
func (l *link) breakOff(parent context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut()
	l.tries, l.cut = context.WithCancel(parent)
}

// watch is the loop that keeps an eye on the database: it pings it while
// nothing else is heard of it, breaks off what waits for one that is silent, and
// has the recorder recover. It ends with Stop.
func (r *Recorder) watch() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	var asked, nextTry int64 // when the ping under way was sent, 0: none; when to recover next
	answers, recovered := make(chan error, 1), make(chan error, 1)
	recovering, pauses := false, newPauses()
	report := report{recorder: r}
	r.spool.files() // what earlier processes left
	for {
		select {
		case <-r.stopping:
			return
		case err := <-answers:
			switch {
			case err == nil:
				r.link.hear()
			case !repo.IsFull(err): // that says nothing of the connections that there are
				r.note(err)
				r.link.begin(asked)
			}
			asked = 0
			continue
		case err := <-recovered:
			recovering = false
			if err == nil {
				pauses.Reset()
			}
			nextTry = moment() + int64(pauses.Next())
			continue
		case <-ticker.C:
		}
		now, heard := moment(), r.link.heard.Load()
		quiet := quietTimeIdle
		if r.stats.queued.Load() > 0 {
			quiet = quietTime
		}
		if asked == 0 && now-heard >= int64(quiet) {
			asked = now
			r.helpers.Go(func() { answers <- r.ping() })
		}
		if asked != 0 && heard < asked && now-asked >= int64(silenceTime) {
			r.link.begin(asked)
		}
		if r.link.duration() >= r.opts.SpoolAfter {
			r.link.breakOff(r.abandoned)
		}
		if !recovering && now >= nextTry && r.mustRecover() {
			recovering = true
			r.helpers.Go(func() { recovered <- r.recover() })
		}
		if r.away(r.waited) >= refuseAfter {
			r.lastAway.Store(now)
		}
		report.look()
	}
}

func (r *Recorder) ping() error {
	ctx, cancel := context.WithTimeout(r.untilStop, pingTime)
	defer cancel()
	return r.db.Ping(ctx)
}
