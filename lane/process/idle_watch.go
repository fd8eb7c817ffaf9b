package process

import (
	"log/slog"
	"time"

	"golang.org/x/sys/unix"
)

// A child stops by itself the threads that calls have left behind and that compute (embed/left_watch.go).
// It does not see those that a library has begun without Python, nor can it be trusted to. So the
// server reads the processor time of each child, and charges it with that of the times without a
// call. A child that has used up this budget is replaced.
const (
	idleMost   = 3 * time.Second // that can be used at once, by default
	idleRefill = 0.25            // for each second that passes: the share of one thread of module-level code
	// computingEnd is how long a child may take to end that is replaced for this.
	computingEnd = time.Second
)

// idleAccount is what a child has used of its budget. Guarded by tenant.mu.
type idleAccount struct {
	looked time.Time     // when its clock was read last
	clock  time.Duration // what that showed
	level  time.Duration // used of the budget
}

// computes reports whether ch, which has no call at this moment, has used up its budget. It must be asked
// regularly, also while ch has calls. tenant.mu is held.
func (ch *child) computes(at time.Time) bool {
	clock, known := processorTime(ch.proc.Pid())
	if !known {
		return false
	}
	a := &ch.idling
	used, passed := clock-a.clock, at.Sub(a.looked)
	charged := !a.looked.IsZero() && ch.idle() && ch.used.Before(a.looked)
	a.looked, a.clock = at, clock
	a.level = max(0, a.level-time.Duration(ch.tenant.lane.opt.idleRefill*float64(passed)))
	if charged {
		a.level += used
	}
	return a.level > ch.tenant.lane.opt.idleMost
}

// replaceComputing replaces ch, which computes without a call. tenant.mu is held.
func (ch *child) replaceComputing() {
	t := ch.tenant
	t.lane.opt.Log.Warn("a process of a subtenant is replaced, because it computed for too long without a call",
		slog.String("tenant", t.name), slog.Int("pid", ch.proc.Pid()))
	ch.retire()
	time.AfterFunc(computingEnd, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		ch.kill(killComputing)
	})
}

// processorTime is what all threads of a process have used, also those that have ended.
func processorTime(pid int) (used time.Duration, known bool) {
	const scheduled = 2 // of the kernel's clock numbers: the time that a process has run
	var spec unix.Timespec
	if unix.ClockGettime(int32(^pid<<3)|scheduled, &spec) != nil {
		return 0, false
	}
	return time.Duration(spec.Nano()), true
}
