package embed

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"maestro/internal/model"
)

// Stuck are the threads that could not be stopped, and the interpreters that could
// not be ended. They are counted by subtenant: one that has reached Options.StuckCap
// is refused until some of its own end, or an operator frees it (Free). Other
// subtenants, and the server, are not affected.

// stuckRetry is the Retry-After of a refusal: a stuck thread seldom ends soon.
const stuckRetry = 30 * time.Second

// giveUp marks a call, its thread and its interpreter as stuck: the thread is
// replaced in the pool, the subtenant gets another interpreter. Nothing is
// killed; the thread ends when the call does. h.mu is held.
func (h *Host) giveUp(c *call, at clock) {
	h.opt.Log.Warn("a call could not be stopped and its thread is abandoned",
		slog.String("tenant", c.Tenant), slog.String("function", c.Program.Function), slog.Uint64("interpreter", c.interp.id))
	change(h, &callMoves, &c.state, callStuck)
	change(h, &workerMoves, &c.worker.state, workerStuck)
	c.tenant.active--
	h.threads--
	h.addStuck(c, at)
	h.forsake(c.interp)
	h.offer(c.tenant)
	h.pump(now())
	h.checkQuiet()
}

// giveUpLooped marks a call and the thread that it blocks as stuck. h.mu is held.
func (h *Host) giveUpLooped(c *call, at clock) {
	h.opt.Log.Warn("a call of an async function that blocks a thread could not be stopped, and the thread is abandoned",
		slog.String("tenant", c.Tenant), slog.String("function", c.Program.Function), slog.Uint64("interpreter", c.interp.id))
	change(h, &callMoves, &c.state, callStuck)
	c.tenant.looped--
	h.addStuck(c, at)
	h.forsake(c.interp)
	h.checkQuiet()
}

// addStuck counts a stuck call, has it looked at from time to time, and refuses the
// waiting calls of its subtenant if that has reached its cap. h.mu is held.
func (h *Host) addStuck(c *call, at clock) {
	h.stuckThreads++
	t := c.tenant
	t.stuck[c] = at
	c.due = at
	h.watch.add(h, c)
	h.checkStuck(t)
}

// endStuck takes a call out of the count that has ended after all. h.mu is held.
func (h *Host) endStuck(c *call) {
	if c.loop != nil { // a worker counts down when it leaves
		h.stuckThreads--
	}
	t := c.tenant
	delete(t.stuck, c)
	t.freed = min(t.freed, len(t.stuck)+t.leaked)
}

// stuckCount is how many of t's threads and interpreters are stuck that it has not
// been freed from.
func (t *tenant) stuckCount() int { return max(0, len(t.stuck)+t.leaked-t.freed) }

// checkStuck refuses the waiting calls of t if it has reached its cap. h.mu is held.
func (h *Host) checkStuck(t *tenant) {
	if t.stuckCount() < h.opt.StuckCap || t.refused {
		return
	}
	t.refused = true
	h.opt.Log.Error("a subtenant is refused because too many of its threads cannot be stopped",
		slog.String("tenant", t.name), slog.Int("stuck", t.stuckCount()), slog.String("functions", t.stuckFunctions()))
	h.refuseQueued(t, h.tooManyStuck(t))
}

// refuses reports whether t has reached its cap. h.mu is held.
func (h *Host) refuses(t *tenant) bool {
	t.refused = t.refused && t.stuckCount() >= h.opt.StuckCap
	return t.refused
}

// tooManyStuck is the refusal of a subtenant's calls. h.mu is held.
func (h *Host) tooManyStuck(t *tenant) *model.Error {
	e := model.NewError(model.CodeSubtenantStuck,
		"%d threads of this subtenant cannot be stopped (%s); nothing ran. Mend the function that they are stuck in. An administrator can then free the subtenant: DELETE /api/v1/subtenants/%s/interpreter.",
		t.stuckCount(), t.stuckFunctions(), t.name)
	e.RetryAfter = stuckRetry
	return e
}

// stuckFunctions names the functions of the stuck calls.
func (t *tenant) stuckFunctions() string {
	var names []string
	for c := range t.stuck {
		if name := "in " + c.Program.Function; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if t.leaked > 0 {
		names = append(names, "at the end of an interpreter")
	}
	slices.Sort(names)
	if len(names) > 3 {
		names = append(names[:3], fmt.Sprintf("and %d more", len(names)-3))
	}
	return strings.Join(names, ", ")
}

// Interpreter says how a subtenant's interpreter and its stuck threads are.
func (h *Host) Interpreter(name string) model.InterpreterStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.interpreterStatus(h.tenants[name])
}

func (h *Host) interpreterStatus(t *tenant) model.InterpreterStatus {
	status := model.InterpreterStatus{State: "none", Stuck: []model.StuckThread{}, StuckCap: h.opt.StuckCap}
	if t == nil {
		return status
	}
	if t.interp != nil {
		status.State = t.interp.state.String()
		status.Calls = len(t.interp.calls)
		status.Memory = t.interp.py.Memory()
	}
	status.Refused = h.refuses(t)
	status.Leaked = t.leaked
	at := now()
	for c, since := range t.stuck {
		status.Stuck = append(status.Stuck, model.StuckThread{Function: c.Program.Function, Seconds: at.since(since).Seconds()})
	}
	slices.SortFunc(status.Stuck, func(a, b model.StuckThread) int {
		return strings.Compare(a.Function, b.Function)
	})
	seen := map[*interpreter]bool{}
	for c := range t.stuck {
		if !seen[c.interp] {
			seen[c.interp] = true
			status.Parked += c.interp.parked
		}
	}
	return status
}

// Free ends a subtenant's interpreter: its running calls are cancelled, its next
// call gets another one. The threads that are stuck by then no longer count
// against its cap. It returns what remains.
func (h *Host) Free(name string) model.InterpreterStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tenants[name]
	if t == nil {
		return h.interpreterStatus(nil)
	}
	h.stopAll(func(c *call) bool { return c.tenant == t && c.state == callRunning })
	h.abandon(t.interp)
	t.freed = len(t.stuck) + t.leaked
	t.refused = false
	h.opt.Log.Info("a subtenant's interpreter is ended by request", slog.String("tenant", name), slog.Int("stuck", t.freed))
	return h.interpreterStatus(t)
}
