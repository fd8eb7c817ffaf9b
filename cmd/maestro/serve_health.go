package main

import (
	"context"
	"errors"
	"fmt"

	"maestro/handlers"
	"maestro/repo"
)

// drain has /readyz and /health say from now on that the server is about to end,
// so that balancers send new calls elsewhere, and answers close their connections.
// Calls that come all the same are served until stop. It may be called several
// times.
func (p *parts) drain() {
	p.draining.Store(true)
	if p.http != nil {
		p.http.Drain()
	}
}

// probes are the checks of /health.
func (p *parts) probes() []handlers.Probe {
	return []handlers.Probe{
		{Name: "postgres", Vital: true, Check: p.databaseProblem},
		{Name: "redis", Check: p.events.Ping, Counts: func() map[string]int {
			s := p.events.Stats()
			return map[string]int{"events_dropped": int(s.Dropped), "embedded_mb": int(s.Held >> 20)}
		}},
		{Name: "recorder", Check: func(context.Context) error {
			if !p.recorder.Healthy() {
				return errors.New("the database accepts no records at present; the server keeps them until it does")
			}
			return nil
		}},
		{Name: "changes", Check: func(context.Context) error {
			if !p.changes.Healthy() {
				return errors.New("changes by other servers are not received at present")
			}
			return nil
		}},
		p.quarantineProbe(),
		{Name: "packages", Check: p.packagesProblem},
		p.queueProbe(),
		{Name: "server", Check: func(context.Context) error { return nil }, Counts: func() map[string]int {
			return map[string]int{"restarts": p.around.restarts}
		}},
		{Name: "python", Check: func(context.Context) error {
			if s := p.lane.Stats(); s.Stuck() > 0 {
				return errors.New("some Python threads are stuck")
			}
			return nil
		}, Version: pythonVersion, Counts: p.pythonCounts},
		{Name: "confinement", Check: func(context.Context) error { return nil }, Details: p.confinementDetails},
	}
}

// pythonCounts is what /health tells of Python.
func (p *parts) pythonCounts() map[string]int {
	s, children := p.lane.Stats(), p.lane.Children()
	return map[string]int{
		"processes":                     children.Children + children.Leaving,
		"processes_memory_mb":           int(children.Memory >> 20),
		"processes_died":                children.Died,
		"processes_waiting":             children.Waiting,
		"interpreters":                  s.InterpretersLive,
		"interpreters_stuck":            s.InterpretersStuck,
		"interpreters_leaked":           s.InterpretersLeaked,
		"interpreters_ended_for_memory": s.InterpretersRelieved,
		"memory_mb":                     int(s.Memory >> 20),
		"memory_max_mb":                 int(s.MemoryBudget >> 20),
		"threads":                       s.Threads,
		"threads_busy":                  s.ThreadsBusy,
		"threads_stuck":                 s.ThreadsStuck,
		"threads_parked":                s.ThreadsParked,
		"subtenants_stuck":              s.TenantsStuck,
		"subtenants_refused":            s.TenantsRefused,
		"threads_changed":               int(s.ThreadsChanged),
		"event_loops":                   s.Loops,
		"tasks":                         s.Tasks,
		"waiting":                       s.Waiting,
	}
}

// databaseProblem asks PostgreSQL on a connection that nothing else uses; twice,
// since a connection that was cut says nothing of the server. One that only has no
// connection left for the check goes on serving those that there are.
func (p *parts) databaseProblem(ctx context.Context) error {
	err := p.db.Ping(ctx)
	if err != nil && ctx.Err() == nil {
		err = p.db.Ping(ctx)
	}
	if repo.IsFull(err) {
		return fmt.Errorf("%w: %w", handlers.ErrImpaired, err)
	}
	return err
}
