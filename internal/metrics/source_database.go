package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"maestro/repo"
)

const (
	// measureEvery is how often the database is asked at most, regardless of the
	// number of scrapes.
	measureEvery = 5 * time.Second
	// measureShare bounds the time that asking takes: a measurement that takes long
	// is repeated only after so many times its duration.
	measureShare = 20
	// measureWait is how long a scrape waits for a new measurement. Afterwards it
	// gets the previous one.
	measureWait = time.Second
	// measurePatience bounds one measurement.
	measurePatience = 15 * time.Second
	// measureKeep is how long a measurement stands for the present.
	measureKeep = time.Minute
)

// measured is the latest measurement of the database.
type measured struct {
	ask func(context.Context) (repo.Measurement, error)
	log *slog.Logger

	mu     sync.Mutex       // guards what follows
	latest repo.Measurement // of taken
	taken  time.Time        // zero: none yet
	next   time.Time        // when to ask again
	asking chan struct{}    // closed at the end of the measurement under way; nil: there is none
	failed bool             // the last one
}

// state is what a scrape shows of the database.
type state struct {
	repo.Measurement
	known, up bool
}

// read returns the latest measurement, and has a new one made when it is time.
func (d *measured) read() (state, bool) {
	d.mu.Lock()
	if d.asking == nil && !time.Now().Before(d.next) {
		d.asking = make(chan struct{})
		go d.measure(d.asking)
	}
	asking := d.asking
	d.mu.Unlock()
	if asking != nil {
		timer := time.NewTimer(measureWait)
		defer timer.Stop()
		select {
		case <-asking:
		case <-timer.C:
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	recent := !d.taken.IsZero() && time.Since(d.taken) < measureKeep
	return state{Measurement: d.latest, known: recent, up: recent && !d.failed}, true
}

func (d *measured) measure(done chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), measurePatience)
	defer cancel()
	begun := time.Now()
	found, err := d.ask(ctx)
	if err != nil {
		d.log.Debug("the queue can't be measured at present", slog.Any("error", err))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed = err != nil; err == nil {
		d.latest, d.taken = found, time.Now()
	}
	d.next = time.Now().Add(max(measureEvery, measureShare*time.Since(begun)))
	d.asking = nil
	close(done)
}

func (m *Metrics) readDatabase(ask func(context.Context) (repo.Measurement, error)) {
	latest := &measured{ask: ask, log: m.opts.Log}
	// whenKnown leaves a metric out while there is no recent measurement.
	whenKnown := func(name, help string, labels []string, values func(state, func(float64, ...string))) reading[state] {
		return gauges(name, help, labels, func(s state, set func(float64, ...string)) {
			if s.known {
				values(s, set)
			}
		})
	}
	one := func(value func(state) float64) func(state, func(float64, ...string)) {
		return func(s state, set func(float64, ...string)) { set(value(s)) }
	}
	readFrom(m, "database", latest.read,
		gauge("maestro_postgres_up", "1 while PostgreSQL answers the queries of these metrics, otherwise 0.", func(s state) float64 { return truth(s.up) }),
		whenKnown("maestro_queue_runs", "Asynchronous runs in the queue of all servers, by state: delayed, waiting, paused (due, but their function or subtenant is paused) or running.", []string{"state"}, func(s state, set func(float64, ...string)) {
			set(float64(s.Delayed.Runs), "delayed")
			set(float64(s.Waiting.Runs), "waiting")
			set(float64(s.Paused.Runs), "paused")
			set(float64(s.Running.Runs), "running")
		}),
		whenKnown("maestro_queue_oldest_age_seconds", "Age of the oldest asynchronous run of all servers, by state: since it was stored if it is delayed, otherwise since it was due.", []string{"state"},
			func(s state, set func(float64, ...string)) {
				set(s.Delayed.Oldest.Seconds(), "delayed")
				set(s.Waiting.Oldest.Seconds(), "waiting")
				set(s.Paused.Oldest.Seconds(), "paused")
				set(s.Running.Oldest.Seconds(), "running")
			}),
		whenKnown("maestro_servers", "Servers on this database that are alive.", nil, one(func(s state) float64 { return float64(s.Servers) })),
		whenKnown("maestro_functions_quarantined", "Functions of all subtenants that are quarantined because their code crashed servers.", nil, one(func(s state) float64 { return float64(s.Quarantined) })),
		whenKnown("maestro_schedules_overdue", "Schedules whose due time has passed and has not been started.", nil, one(func(s state) float64 { return float64(s.Overdue.Runs) })),
		whenKnown("maestro_schedule_overdue_seconds", "How long the longest overdue schedule has been waiting to be started.", nil, one(func(s state) float64 { return s.Overdue.Oldest.Seconds() })),
	)
}
