package embed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// startFake starts a host without Python and closes it at the test's end.
func startFake(t *testing.T, opt Options) *Host {
	t.Helper()
	h := newHost(opt, fakeMachines(t))
	h.onIllegalMove = func(machine, from, to string) { t.Errorf("illegal move of %s from %s to %s", machine, from, to) }
	require.NoError(t, h.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, h.Close(ctx))
	})
	return h
}

// run makes a call that may take a minute.
func run(ctx context.Context, h *Host, tenant string, p *model.Program, input string) (model.Outcome, error) {
	return h.Call(ctx, model.Call{
		Tenant: tenant, Program: p, Input: []byte(input), Host: noSiblings{}, Deadline: time.Now().Add(time.Minute),
	})
}

// runFor makes a call with that much time.
func runFor(h *Host, tenant string, p *model.Program, limit time.Duration) (model.Outcome, error) {
	return h.Call(context.Background(), model.Call{
		Tenant: tenant, Program: p, Input: []byte("null"), Host: noSiblings{}, Deadline: time.Now().Add(limit),
	})
}

func echo(c fakeCall) string { return string(c.args.Input) }

// blocker is a program that blocks without the GIL until it is released or
// stopped; started counts the calls that are in it.
type blocker struct {
	program *model.Program
	started atomic.Int32
	once    sync.Once
	first   chan struct{} // closed when the first call is in it
	release chan struct{}
}

func newBlocker() *blocker {
	b := &blocker{first: make(chan struct{}), release: make(chan struct{})}
	b.program = fakeProgram(func(c fakeCall) (output string) {
		c.allowThreads(func() {
			if b.started.Add(1) == 1 {
				b.once.Do(func() { close(b.first) })
			}
			defer b.started.Add(-1)
			select {
			case <-b.release:
				output = `"released"`
			case <-c.stopped:
			}
		})
		return output
	})
	return b
}

// cancelOnce makes a call and cancels it once started is closed.
func cancelOnce(t *testing.T, started <-chan struct{}, h *Host, tenant string, p *model.Program) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	outcome, err := run(ctx, h, tenant, p, "null")
	require.NoError(t, err)
	require.Equal(t, model.FailureCancelled, outcome.Failure.Kind)
}

func eventually(t *testing.T, condition func() bool, message string) {
	t.Helper()
	require.Eventually(t, condition, 5*time.Minute, time.Millisecond, message)
}

func TestCallAnswersWithItsOwnOutput(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	p := fakeProgram(echo)
	var wg sync.WaitGroup
	for tenant := range 100 {
		wg.Go(func() {
			for n := range 100 {
				want := fmt.Sprintf(`"%d/%d"`, tenant, n)
				outcome, err := run(t.Context(), h, fmt.Sprint("tenant-", tenant), p, want)
				if err != nil || string(outcome.Output) != want {
					t.Errorf("got %s, %v; want %s", outcome.Output, err, want)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, 100, h.Stats().InterpretersLive)
}

func TestShortCallsStayOnOneThread(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	p := fakeProgram(echo)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				_, err := run(t.Context(), h, "a", p, "1")
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	require.Equal(t, 1, h.tenants["a"].allowance, "it shrinks when nothing waits")
}

func TestSleepingTenantLeavesThreadsToOthers(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 32})
	b := newBlocker()
	var wg sync.WaitGroup
	for range 20 { // more than the quarter that it may have
		wg.Go(func() {
			outcome, err := run(t.Context(), h, "sleeper", b.program, "null")
			if err != nil || string(outcome.Output) != `"released"` {
				t.Errorf("got %s, %v", outcome.Output, err)
			}
		})
	}
	eventually(t, func() bool { return b.started.Load() == 8 }, "a quarter of the threads sleeps")
	for range 100 {
		outcome, err := run(t.Context(), h, "other", fakeProgram(echo), "2")
		require.NoError(t, err)
		require.JSONEq(t, "2", string(outcome.Output))
	}
	require.EqualValues(t, 8, b.started.Load(), "no more than its share")
	close(b.release)
	wg.Wait()
}

func TestWaitingTooLongIsRefused(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 4, WaitLimit: 20 * time.Millisecond})
	b := newBlocker()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = run(t.Context(), h, "a", b.program, "null") })
	eventually(t, func() bool { return b.started.Load() == 1 }, "it has the one thread that it may have")
	_, err := run(t.Context(), h, "a", b.program, "null")
	require.Equal(t, model.CodeTooManyRequests, model.CodeOf(err))
	var e *model.Error
	require.ErrorAs(t, err, &e)
	require.Positive(t, e.RetryAfter)
	close(b.release)
	wg.Wait()
}

func TestDeadlineWhileWaiting(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 4})
	b := newBlocker()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = run(t.Context(), h, "a", b.program, "null") })
	eventually(t, func() bool { return b.started.Load() == 1 }, "it has the one thread that it may have")
	outcome, err := runFor(h, "a", b.program, 10*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
	close(b.release)
	wg.Wait()
}

func TestDeadlineStopsACall(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	b := newBlocker()
	for begun := false; !begun; { // on a busy machine the deadline can come before a thread does
		outcome, err := runFor(h, "a", b.program, 20*time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
		select {
		case <-b.first:
			begun = true
		default:
		}
	}
	eventually(t, func() bool { return h.Stats().ThreadsBusy == 0 }, "the thread comes back")
	_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
	require.NoError(t, err)
	require.Equal(t, 2, generationOf(h, "a"), "the interpreter was retired")
}

func generationOf(h *Host, tenant string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tenants[tenant].generation
}

func TestCancelStopsACall(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	b := newBlocker()
	cancelOnce(t, b.first, h, "a", b.program)
	eventually(t, func() bool { return h.Stats().ThreadsBusy == 0 }, "the thread comes back")
}

func TestWedgedInterpreterIsReplaced(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{StuckAfter: 300 * time.Millisecond, WedgedAfter: 100 * time.Millisecond})
	started, release := make(chan struct{}), make(chan struct{})
	hog := fakeProgram(func(fakeCall) string { close(started); <-release; return `"late"` }) // keeps the GIL
	cancelOnce(t, started, h, "a", hog)
	outcome, err := run(t.Context(), h, "a", fakeProgram(echo), "3")
	require.NoError(t, err)
	require.JSONEq(t, "3", string(outcome.Output))
	require.Equal(t, 2, generationOf(h, "a"))
	eventually(t, func() bool { return h.Stats().ThreadsParked == 1 }, "its thread is parked")
	stats := h.Stats()
	require.Equal(t, 1, stats.ThreadsStuck)
	require.Equal(t, 1, stats.InterpretersStuck)
	close(release)
	eventually(t, func() bool {
		stats := h.Stats()
		return stats.ThreadsStuck == 0 && stats.InterpretersStuck == 0 && stats.InterpretersEnded == 1
	}, "the stuck thread cleans up after itself")
}

func TestUnstoppableCallGivesUpItsThread(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{StuckAfter: 50 * time.Millisecond})
	started, release := make(chan struct{}), make(chan struct{})
	deaf := fakeProgram(func(c fakeCall) string {
		close(started)
		c.allowThreads(func() { <-release })
		return `"late"`
	})
	cancelOnce(t, started, h, "a", deaf)
	eventually(t, func() bool { return h.Stats().ThreadsStuck == 1 }, "its thread is given up")
	_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
	require.NoError(t, err)
	close(release)
	eventually(t, func() bool { return h.Stats().InterpretersEnded == 1 }, "its interpreter is ended after it")
}

func TestIdleInterpreterIsEndedAndComesBack(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{IdleAfter: 5 * time.Millisecond})
	p := fakeProgram(echo)
	for range 3 {
		before := h.Stats().InterpretersEnded
		_, err := run(t.Context(), h, "a", p, "1")
		require.NoError(t, err)
		eventually(t, func() bool { return h.Stats().InterpretersEnded > before }, "it is ended")
	}
	eventually(t, func() bool { return h.Stats().Tenants == 0 }, "nothing is kept of it")
}

func TestIdleThreadsLeave(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 64, MinThreads: 2, ThreadIdleAfter: 5 * time.Millisecond})
	b := newBlocker()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() { _, _ = run(t.Context(), h, "a", b.program, "null") })
	}
	eventually(t, func() bool { return b.started.Load() == 16 }, "all have a thread")
	close(b.release)
	wg.Wait()
	eventually(t, func() bool { return h.Stats().Threads == 2 }, "the smallest number stays")
}

func TestForget(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 4})
	b := newBlocker()
	outcomes := make(chan model.Outcome, 1)
	refused := make(chan error, 1)
	go func() {
		outcome, _ := run(t.Context(), h, "a", b.program, "null")
		outcomes <- outcome
	}()
	eventually(t, func() bool { return b.started.Load() == 1 }, "it runs")
	go func() {
		_, err := run(t.Context(), h, "a", b.program, "null")
		refused <- err
	}()
	eventually(t, func() bool { return h.Stats().Waiting == 1 }, "it waits")
	h.Forget("a")
	h.Forget("a")
	h.Forget("unknown")
	require.Equal(t, model.FailureCancelled, (<-outcomes).Failure.Kind)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(<-refused))
	eventually(t, func() bool { return h.Stats().InterpretersEnded == 1 }, "its interpreter is ended")
	_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
	require.NoError(t, err, "a subtenant of the same name is a new one")
}

func TestInterpreterCannotBeMade(t *testing.T) {
	t.Parallel()
	m := fakeMachines(t)
	broken := errors.New("no memory")
	m.tenant = func() (machine, error) { return nil, broken }
	h := newHost(Options{}, m)
	require.NoError(t, h.Start(t.Context()))
	_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
	require.ErrorIs(t, err, broken)
	require.NoError(t, h.Close(t.Context()))
}

func TestCloseDuringCalls(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	b := newBlocker()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			outcome, err := run(t.Context(), h, "a", b.program, "null")
			if err == nil && outcome.Failure.Kind != model.FailureCancelled {
				t.Errorf("got %v", outcome.Failure)
			}
		})
	}
	eventually(t, func() bool { return b.started.Load() == 8 }, "all run")
	for range 4 {
		wg.Go(func() {
			if err := h.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	stats := h.Stats()
	require.Zero(t, stats.Threads+stats.InterpretersLive+stats.InterpretersStuck+stats.InterpretersWarm+stats.InterpretersEnding)
	_, err := run(t.Context(), h, "a", b.program, "null")
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
	_, err = h.Compile(t.Context(), "f", 1, "")
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
}

// Stuck threads are waited for until the time is over.
func TestCloseWaitsForStuckThreads(t *testing.T) {
	t.Parallel()
	h := newHost(Options{StuckAfter: 20 * time.Millisecond}, fakeMachines(t))
	require.NoError(t, h.Start(t.Context()))
	started, release := make(chan struct{}), make(chan struct{})
	hog := fakeProgram(func(fakeCall) string { close(started); <-release; return "1" })
	cancelOnce(t, started, h, "a", hog)
	eventually(t, func() bool { return h.Stats().ThreadsStuck == 1 }, "it is given up")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, h.Close(over), "1 threads and")
	close(release)
	require.NoError(t, h.Close(t.Context()))
	require.Zero(t, h.Stats().Stuck())
}

// A thread that is in a call of one subtenant keeps no other's interpreter
// alive, however long the call takes; and nothing breaks when it comes back.
func TestEndDoesNotWaitForCallsElsewhere(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 1, IdleAfter: 20 * time.Millisecond, StuckAfter: 20 * time.Millisecond})
	outcome, err := run(t.Context(), h, "visited", fakeProgram(echo), "1")
	require.NoError(t, err)
	require.Equal(t, "1", string(outcome.Output))
	b := newBlocker()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = run(t.Context(), h, "elsewhere", b.program, "null")
	}()
	<-b.first
	eventually(t, func() bool { return h.Stats().InterpretersEnded == 1 }, "the visited one is ended")
	close(b.release)
	<-done
	for n := range 5 {
		outcome, err := run(t.Context(), h, fmt.Sprint("later ", n), fakeProgram(echo), "1")
		require.NoError(t, err)
		require.Equal(t, "1", string(outcome.Output))
	}
	require.Zero(t, h.Stats().InterpretersLeaked)
}

// An interpreter in which a stop was raised goes on with what runs in it, and
// takes no new call.
func TestRetiredAfterAStop(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{TenantThreads: 8, MaxThreads: 8})
	slow, where := newBlocker(), fakeProgram(func(c fakeCall) string { return fmt.Sprint(c.id) })
	slowDone := make(chan string)
	go func() {
		outcome, _ := run(t.Context(), h, "a", slow.program, "null")
		slowDone <- string(outcome.Output)
	}()
	<-slow.first
	before, err := run(t.Context(), h, "a", where, "null")
	require.NoError(t, err)
	stopped := newBlocker()
	cancelOnce(t, stopped.first, h, "a", stopped.program)
	eventually(t, func() bool { return stopped.started.Load() == 0 }, "it is stopped")
	eventually(t, func() bool {
		after, err := run(t.Context(), h, "a", where, "null")
		return err == nil && string(after.Output) != string(before.Output)
	}, "the next calls are in another interpreter")
	require.Zero(t, h.Stats().Stuck())
	require.Zero(t, h.Stats().InterpretersEnded)
	close(slow.release)
	require.Equal(t, `"released"`, <-slowDone)
	eventually(t, func() bool { return h.Stats().InterpretersEnded == 1 }, "then the retired one is ended")
}

func TestStartStopStress(t *testing.T) {
	t.Parallel()
	for range 20 {
		h := newHost(Options{}, fakeMachines(t))
		p := fakeProgram(echo)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _ = h.Start(t.Context()) })
			wg.Go(func() { _, _ = run(t.Context(), h, "a", p, "1") })
			wg.Go(func() { _, _ = h.Compile(t.Context(), "f", 1, "") })
		}
		for range 3 {
			wg.Go(func() {
				if err := h.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Error(t, h.Start(t.Context()), "a closed host does not start")
	}
}

// A call is on its way to a thread, with Host.mu released for a moment, when
// Close begins: no thread is made for it that would never be told to end.
func TestCloseWhileACallIsOnItsWay(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	p := fakeProgram(echo)
	_, err := run(t.Context(), h, "a", p, "1")
	require.NoError(t, err)
	h.mu.Lock()
	c := newCall(model.Call{Tenant: "a", Program: p, Host: noSiblings{}})
	c.tenant = h.tenantOf("a")
	c.tenant.queue.push(c)
	h.offer(c.tenant)
	h.beginClose()
	h.pump(now())
	h.mu.Unlock()
	<-c.done
	require.Equal(t, model.CodeUnavailable, model.CodeOf(c.err))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, h.Close(ctx))
}

func TestCloseBeforeStart(t *testing.T) {
	t.Parallel()
	h := newHost(Options{}, fakeMachines(t))
	require.NoError(t, h.Close(t.Context()))
	require.NoError(t, h.Close(t.Context()))
	require.Error(t, h.Start(t.Context()))
}
