package embed

import "maestro/cpython"

// Stats is the part of /health that a host reports.
type Stats struct {
	Tenants              int // that have had a call recently
	Waiting              int // calls that wait for a thread
	InterpretersLive     int // serving a subtenant
	InterpretersWarm     int // ready for one
	InterpretersStuck    int // abandoned, with calls in them that continue
	InterpretersEnding   int
	InterpretersLeaked   int   // ending them overran its time
	InterpretersCreated  int   // so far
	InterpretersEnded    int   // so far
	InterpretersRelieved int   // of those, ended while idle because memory was short
	Memory               int64 // bytes that the interpreters of the process hold
	MemoryBudget         int64 // that they may hold; 0: no bound
	Loops                int   // event loops that run
	Tasks                int   // calls on event loops
	Threads              int   // in the pool
	ThreadsBusy          int
	ThreadsStuck         int    // abandoned, no longer in the pool
	ThreadsMax           int    // Options.MaxThreads
	ThreadsChanged       uint64 // calls that left their thread changed; it was restored
	ThreadsParked        int    // of the stuck ones and those of leaked interpreters: they compute no more
	TenantsStuck         int    // that have stuck threads or leaked interpreters
	TenantsRefused       int    // of these, the ones whose calls are refused
}

// Stats returns the present figures.
func (h *Host) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	waiting := 0
	for _, t := range h.tenants {
		for _, queue := range []*fifo[call]{&t.queue, &t.patient, &t.coroutines, &t.patientCoroutines} {
			for _, c := range queue.items[queue.head:] {
				if c.state == callQueued {
					waiting++
				}
			}
		}
	}
	tasks, loops, troubled, refused := 0, 0, 0, 0
	for _, t := range h.tenants {
		if len(t.stuck)+t.leaked > 0 {
			troubled++
		}
		if h.refuses(t) {
			refused++
		}
		tasks += t.looped
		if t.interp != nil && t.interp.loop != nil {
			loops++
		}
	}
	stuck := 0
	for in := range h.detached {
		if in.state == interpreterAbandoned {
			stuck++
		}
	}
	return Stats{
		Tenants:              len(h.tenants),
		Waiting:              waiting,
		InterpretersLive:     h.serving,
		InterpretersWarm:     len(h.warm),
		InterpretersStuck:    stuck,
		InterpretersEnding:   h.ending,
		InterpretersLeaked:   h.leaked,
		InterpretersCreated:  h.made,
		InterpretersEnded:    h.endedTotal,
		InterpretersRelieved: h.relieved,
		Memory:               h.machines.total(),
		MemoryBudget:         h.opt.MemoryBudget,
		Loops:                loops,
		Tasks:                tasks,
		Threads:              h.threads,
		ThreadsBusy:          h.threads - len(h.idle),
		ThreadsStuck:         h.stuckThreads,
		ThreadsMax:           h.opt.MaxThreads,
		ThreadsChanged:       cpython.ThreadsChanged(),
		ThreadsParked:        h.parked,
		TenantsStuck:         troubled,
		TenantsRefused:       refused,
	}
}

// Stuck is how many threads and interpreters could not be stopped or ended.
func (s Stats) Stuck() int { return s.ThreadsStuck + s.InterpretersStuck + s.InterpretersLeaked }
