package process

import (
	"cmp"
	"slices"
	"sync/atomic"

	"maestro/internal/model"
)

// counts are those of a Lane since it was made, and the present ones.
type counts struct {
	live     atomic.Int64 // children
	memory   atomic.Int64 // that they hold
	died     atomic.Int64 // by themselves, with calls in them
	failed   atomic.Int64 // could not be started
	relieved atomic.Int64 // ended while idle, because memory was short
	kills    [killClosing + 1]atomic.Int64
}

func (c *counts) kill(reason killReason) { c.kills[reason].Add(1) }

// Stats is what a Lane reports of itself.
type Stats struct {
	Tenants      int // that have had a call
	Children     int // that take calls
	Leaving      int // that only finish what they have begun, or end
	Starting     int
	Calls        int // in children
	Waiting      int // for one
	Memory       int64
	MemoryBudget int64
	Started      int            // children so far
	Failed       int            // that could not be started
	Died         int            // that ended by themselves with calls in them
	Relieved     int            // that were ended while idle, because memory was short
	Kills        map[string]int // by reason, without those of the server's end
}

// Stats returns the present figures.
func (l *Lane) Stats() Stats {
	s := Stats{
		Memory: l.counts.memory.Load(), MemoryBudget: l.opt.MemoryBudget, Started: int(l.serial.Load()), Failed: int(l.counts.failed.Load()),
		Died: int(l.counts.died.Load()), Relieved: int(l.counts.relieved.Load()), Kills: map[string]int{},
	}
	for reason := killOverrun; reason < killForgotten; reason++ {
		s.Kills[reason.String()] = int(l.counts.kills[reason].Load())
	}
	for _, t := range l.each() {
		t.mu.Lock()
		s.Tenants++
		s.Children += len(t.children)
		s.Leaving += len(t.leaving)
		s.Starting += t.starting
		s.Waiting += len(t.queue) + len(t.patient)
		for _, ch := range t.children {
			s.Calls += len(ch.calls)
		}
		for ch := range t.leaving {
			s.Calls += len(ch.calls)
		}
		t.mu.Unlock()
	}
	return s
}

// SitesInUse returns the folders of packages that must be kept: a child uses them, or
// the next one of its subtenant will.
func (l *Lane) SitesInUse() map[string]bool {
	sites := map[string]bool{}
	for _, t := range l.each() {
		t.mu.Lock()
		sites[t.packages.Path] = true
		for _, ch := range t.children {
			sites[ch.site.Path] = true
		}
		for ch := range t.leaving {
			sites[ch.site.Path] = true
		}
		t.mu.Unlock()
	}
	delete(sites, "") // of those without packages
	return sites
}

// Status says how a subtenant's children are; found is false when it has none here.
func (l *Lane) Status(name string) (status model.InterpreterStatus, found bool) {
	t := l.find(name)
	if t == nil {
		return status, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status()
}

// Tenants names the subtenants that have children here.
func (l *Lane) Tenants() (names []string) {
	for _, t := range l.each() {
		t.mu.Lock()
		if _, found := t.status(); found {
			names = append(names, t.name)
		}
		t.mu.Unlock()
	}
	return names
}

// status is Status. mu is held.
func (t *tenant) status() (status model.InterpreterStatus, found bool) {
	status = model.InterpreterStatus{State: childStarting.String(), Stuck: []model.StuckThread{}}
	all := slices.Clone(t.children)
	for ch := range t.leaving {
		all = append(all, ch)
	}
	slices.SortFunc(all, func(a, b *child) int { return cmp.Compare(a.serial, b.serial) })
	for _, ch := range all {
		status.Calls += len(ch.calls)
		status.Processes = append(status.Processes, model.ProcessStatus{
			Pid: ch.proc.Pid(), State: ch.state.String(), Calls: len(ch.calls), Late: ch.late, Memory: ch.memory.Load(),
		})
	}
	if len(t.children) > 0 {
		status.State = childServing.String()
	} else if len(all) > 0 {
		status.State = all[0].state.String()
	}
	return status, len(all)+t.starting > 0
}

// Free ends a subtenant's children: their running calls are cancelled, its next call
// gets another one.
func (l *Lane) Free(name string) (status model.InterpreterStatus, found bool) {
	t := l.find(name)
	if t == nil {
		return status, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ch := range t.children {
		ch.cancelAll()
	}
	t.renew()
	return t.status()
}
