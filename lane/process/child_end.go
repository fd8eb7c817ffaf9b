package process

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"maestro/internal/journal"
	"maestro/internal/model"
)

// faults are the signals by which code ends its own process.
var faults = []os.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGABRT, syscall.SIGTRAP, syscall.SIGSYS}

// died ends the calls of a child of which nothing more can be read.
func (ch *child) died(cause error) {
	t := ch.tenant
	var broken *brokenError
	t.mu.Lock()
	if errors.As(cause, &broken) {
		ch.kill(killBroken)
	} else if ch.state < childEnding {
		ch.retire() // it gets no more calls
	}
	t.mu.Unlock()
	if broken != nil {
		t.lane.opt.Log.Warn("a process of a subtenant is killed because it sends what it must not", slog.String("tenant", t.name), slog.Any("error", broken.cause))
	}
	ch.proc.Kill() // it may have closed its connection, and live
	<-ch.proc.Exited()
	last := ch.lastWords()
	t.mu.Lock()
	defer t.mu.Unlock()
	ch.failCalls(last)
	ch.enter(childGone)
	delete(t.leaving, ch)
	t.lane.counts.live.Add(-1)
	t.serve()
	ch.discard()
}

// discard releases what the server holds of a process that has ended.
func (ch *child) discard() {
	if ch.conn != nil {
		ch.conn.close() // none uses it once ch.fault is set
	}
	if ch.frames != nil {
		_ = unix.Shutdown(int(ch.frames.Fd()), unix.SHUT_RDWR) // ends a write in progress
		_ = ch.frames.Close()
	}
	if ch.slate != nil {
		ch.slate.Close()
	}
}

// words are the facts that are known of the end of a process.
type words struct {
	end    End
	marker *journal.Marker // nil: it has left none
}

func (ch *child) lastWords() words {
	w := words{end: ch.proc.End()}
	if markers := journal.ParseMarkers(ch.slate.Marker()); len(markers) > 0 {
		w.marker = &markers[0]
	}
	return w
}

// failCalls answers the calls that were in ch when its process ended. tenant.mu is held.
func (ch *child) failCalls(w words) {
	if len(ch.calls) == 0 {
		return
	}
	if ch.killed == notKilled {
		ch.tenant.lane.counts.died.Add(1)
		ch.report(w)
	}
	alone := len(ch.calls) == 1
	for number, c := range ch.calls {
		c.answer(model.Outcome{Failure: ch.failureOf(w, number, alone)}, nil)
	}
	clear(ch.calls)
	ch.tasks = 0
}

func (ch *child) report(w words) {
	attributes := []any{slog.String("tenant", ch.tenant.name), slog.Int("pid", ch.proc.Pid()), slog.String("end", w.end.String())}
	if w.marker != nil {
		attributes = append(attributes, slog.String("fault", w.marker.Cause()), slog.String("stack", w.marker.Stack))
	}
	ch.tenant.lane.opt.Log.Warn("a process of a subtenant has ended with calls in it", attributes...)
}

// failureOf describes the end of the process to a call in it. A call that was alone is
// the one whose code has ended it.
func (ch *child) failureOf(w words, number uint64, alone bool) *model.Failure {
	most := ch.tenant.lane.opt.MaxMemory
	switch {
	case ch.killed == killForgotten || ch.killed == killClosing:
		return cancelled()
	case ch.killed == killMemory:
		return failure(model.ErrorOutOfMemory, "the process of this execution was ended: it held more than %d MB (MAX_FUNCTION_MEMORY)", most>>20)
	case ch.killed == killBroken:
		return failure(model.ErrorProcessKilled, "the process of this execution was ended: its code has written into the connection to the server")
	case ch.killed != notKilled:
		return failure(model.ErrorProcessKilled, "the process of this execution was ended, because other code in it could not be stopped (%s)", ch.killed)
	case w.end.OutOfMemory || w.end.Signal == syscall.SIGKILL && most > 0 && ch.memory.Load() > most/2:
		return failure(model.ErrorOutOfMemory, "the process of this execution was ended by the system, which had no more memory for it")
	case w.marker != nil && (w.marker.Ticket == number || alone && w.marker.Ticket == 0):
		f := failure(model.ErrorProcessCrashed, "the code of this execution ended its process: %s", w.marker.Cause())
		f.Traceback, f.Crash = w.marker.Traceback(), &model.Crash{Versions: w.marker.Versions(), Cause: w.marker.Cause()}
		return f
	case w.marker != nil:
		return failure(model.ErrorProcessCrashed, "the process of this execution was ended by other code in it: %s", w.marker.Cause())
	case w.end.Signal == nil:
		return failure(model.ErrorProcessCrashed, "the process of this execution has ended: %s", w.end)
	case slices.Contains(faults, w.end.Signal):
		f := failure(model.ErrorProcessCrashed, "the process of this execution has crashed: %s", w.end)
		if alone {
			f.Crash = &model.Crash{Cause: w.end.String()}
		}
		return f
	default:
		return failure(model.ErrorProcessKilled, "the process of this execution was killed: %s", w.end)
	}
}

func failure(class, format string, args ...any) *model.Failure {
	return &model.Failure{Kind: model.FailureProcess, Type: class, Classes: []string{class}, Message: fmt.Sprintf(format, args...)}
}

// String names a signal as signal(7) does, or the status.
func (e End) String() string {
	if number, ok := e.Signal.(syscall.Signal); ok {
		return signalName(number)
	}
	return fmt.Sprintf("exit status %d", e.Status)
}
