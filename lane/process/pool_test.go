package process

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

const held = "import maestro, os, time\ndef held(input):\n    print('begun')\n    while maestro.secret('GO') != 'go':\n        time.sleep(0.001)\n    return os.getpid()\n"

// hold begins calls that go on until release, and returns when all have begun.
func (s *store) hold(t *testing.T, name string, count int) (release func() (outputs []string)) {
	t.Helper()
	begun := make(chan string, count)
	s.onLine = func(text string) { begun <- text }
	outputs := make(chan string, count)
	for range count {
		go func() {
			outcome, _, err := s.call(context.Background(), name, "null", time.Minute)
			if err != nil || outcome.Failure != nil {
				t.Error(err, outcome.Failure)
			}
			outputs <- string(outcome.Output)
		}()
	}
	for range count {
		<-begun
	}
	return func() (all []string) {
		s.secret.Store("go")
		for range count {
			all = append(all, <-outputs)
		}
		return all
	}
}

func distinct(all []string) int {
	seen := map[string]bool{}
	for _, one := range all {
		seen[one] = true
	}
	return len(seen)
}

func TestChildrenGrowWithCallsInProgress(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 3, ShareAfter: time.Minute}))
	s.define("held", held)
	release := s.hold(t, "held", 3)
	require.Equal(t, 3, s.lane.Stats().Children, "each call has a process")
	require.Equal(t, 3, distinct(release()))
}

// Beyond the bound, calls share children.
func TestChildrenThatAreShared(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 2, ShareAfter: time.Minute}))
	s.define("held", held)
	release := s.hold(t, "held", 7)
	require.Equal(t, 2, s.lane.Stats().Children)
	require.Equal(t, 2, distinct(release()))
	require.Equal(t, 2, s.lane.Stats().Started)
}

// Calls of async functions share one child, whose event loop they are in.
func TestAsyncCallsShareAChild(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 3}))
	s.define("held", "import asyncio, maestro, os\nasync def held(input):\n    print('begun')\n    while maestro.secret('GO') != 'go':\n        await asyncio.sleep(0.001)\n    return os.getpid()\n")
	release := s.hold(t, "held", 20)
	require.Equal(t, 1, distinct(release()))
}

func TestChildrenThatAreIdle(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 3, ShareAfter: time.Minute, SpareAfter: time.Millisecond}))
	s.define("held", held)
	s.hold(t, "held", 3)()
	eventually(t, func() bool { return s.lane.Stats().Children == 1 && s.lane.Stats().Leaving == 0 }, "the spare ones end")
	before := s.pids()
	s.must("held", "null")
	require.Equal(t, before, s.pids())
	require.Zero(t, s.lane.Stats().Kills["slow_end"])
}

func TestLastChildThatIsIdle(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{IdleAfter: time.Millisecond}))
	s.define("f", "def f(input):\n    return input\n")
	s.must("f", "1")
	eventually(t, func() bool { return s.lane.Stats().Children == 0 && s.lane.Stats().Leaving == 0 }, "it ends")
	s.must("f", "1")
}

// What runs at the end of an interpreter runs at that of a child.
func TestEndOfAnIdleChild(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/ended"
	s := newStore(t, startLane(t, Options{IdleAfter: time.Millisecond}))
	s.define("f", "import atexit\natexit.register(lambda: open("+fmt.Sprintf("%q", path)+", 'w').close())\ndef f(input):\n    return input\n")
	s.must("f", "1")
	eventually(t, func() bool { return s.lane.Stats().Children+s.lane.Stats().Leaving == 0 }, "it ends")
	_, err := os.Stat(path)
	require.NoError(t, err)
}

// The wait for the first child is not that for one of many calls.
func TestCallsThatWaitForTheFirstChild(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{WaitLimit: time.Millisecond}))
	s.define("f", "def f(input):\n    return input\n")
	s.must("f", "1")
}

func TestCallsThatWaitTooLong(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 1, ChildCalls: 1, WaitLimit: time.Millisecond}))
	s.define("held", held)
	s.define("f", "def f(input):\n    return input\n")
	s.lane.opt.WaitLimit = time.Minute
	release := s.hold(t, "held", 1)
	s.lane.opt.WaitLimit = time.Millisecond
	_, _, err := s.call(t.Context(), "f", "1", time.Minute)
	require.Equal(t, model.CodeTooManyRequests, model.CodeOf(err))
	s.lane.opt.WaitLimit = time.Minute
	outcome, _, err := s.call(t.Context(), "f", "1", time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan model.Outcome)
	go func() {
		outcome, _, err := s.call(ctx, "f", "1", time.Minute)
		if err != nil {
			t.Error(err)
		}
		cancelled <- outcome
	}()
	eventually(t, func() bool { return s.lane.Stats().Waiting == 1 }, "it waits")
	cancel()
	require.Equal(t, model.FailureCancelled, (<-cancelled).Failure.Kind)
	require.Zero(t, s.lane.Stats().Waiting)
	release()
	output, _ := s.must("f", "1")
	require.Equal(t, "1", output)
}

// Asynchronous runs wait as long as it takes, and begin when a child is free.
func TestPatientCall(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 1, ChildCalls: 1, WaitLimit: time.Millisecond}))
	s.lane.opt.WaitLimit = time.Minute
	s.define("held", held)
	f := s.define("f", "def f(input):\n    return input\n")
	release := s.hold(t, "held", 1)
	s.lane.opt.WaitLimit = time.Millisecond
	var began time.Time
	ended := make(chan model.Outcome)
	go func() {
		r := &run{store: s}
		outcome, err := s.lane.Call(context.Background(), model.Call{
			Tenant: "a", Program: f, Input: json.RawMessage("5"), Host: r,
			Patient: &model.Patient{Limit: time.Minute, Begin: func(deadline time.Time) bool {
				began, r.deadline = time.Now(), deadline
				return true
			}},
		})
		if err != nil {
			t.Error(err)
		}
		ended <- outcome
	}()
	eventually(t, func() bool { return s.lane.Stats().Waiting == 1 }, "it waits")
	before := time.Now()
	release()
	outcome := <-ended
	require.Nil(t, outcome.Failure)
	require.Equal(t, "5", string(outcome.Output))
	require.True(t, began.After(before))
	_, err := s.lane.Call(t.Context(), model.Call{
		Tenant: "a", Program: f, Input: json.RawMessage("5"), Host: &run{store: s},
		Patient: &model.Patient{Limit: time.Minute, Begin: func(time.Time) bool { return false }},
	})
	require.Equal(t, errNotBegun, err)
	require.Zero(t, s.lane.Stats().Calls)
}

func TestPackagesThatChange(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 1}))
	f := s.define("f", "def f(input):\n    import thing\n    return thing.value\n")
	s.define("held", held)
	site := func(number int) model.SitePackages {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(folder+"/thing.py", fmt.Appendf(nil, "value = %d\n", number), 0o644))
		return model.SitePackages{Number: number, Path: folder}
	}
	call := func(packages model.SitePackages) string {
		outcome, err := s.lane.Call(t.Context(), model.Call{
			Tenant: "a", Program: f, Input: json.RawMessage("null"), Deadline: time.Now().Add(time.Minute),
			Host: &run{store: s, deadline: time.Now().Add(time.Minute)}, Packages: packages,
		})
		require.NoError(t, err)
		require.Nil(t, outcome.Failure)
		return string(outcome.Output)
	}
	one, two := site(1), site(2)
	require.Equal(t, "1", call(one))
	release := s.hold(t, "held", 1)
	require.Equal(t, "2", call(two))
	require.Equal(t, "2", call(one), "a late call finds newer ones")
	require.True(t, s.lane.SitesInUse()[one.Path], "of the call that goes on")
	release()
	eventually(t, func() bool { return s.lane.Stats().Leaving == 0 }, "the old child ends")
	require.False(t, s.lane.SitesInUse()[one.Path])
	require.True(t, s.lane.SitesInUse()[two.Path])
}

func TestForgottenSubtenant(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("f", "import time\ndef f(input):\n    print('begun')\n    time.sleep(1e6)\n")
	begun := make(chan string, 1)
	s.onLine = func(text string) { begun <- text }
	var calling sync.WaitGroup
	calling.Go(func() {
		outcome, _, err := s.call(context.Background(), "f", "null", time.Minute)
		if err != nil || outcome.Failure == nil || outcome.Failure.Kind != model.FailureCancelled {
			t.Error(err, outcome)
		}
	})
	<-begun
	s.lane.Forget("a")
	calling.Wait()
	eventually(t, func() bool { return s.lane.counts.live.Load() == 0 }, "its children end")
	require.Zero(t, s.lane.Stats().Tenants)
}

func TestClosedLane(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("f", endless)
	begun := make(chan string, 1)
	s.onLine = func(text string) { begun <- text }
	var calling sync.WaitGroup
	calling.Go(func() {
		outcome, _, err := s.call(context.Background(), "f", "null", time.Minute)
		if err != nil || outcome.Failure == nil || outcome.Failure.Kind != model.FailureCancelled {
			t.Error(err, outcome)
		}
	})
	<-begun
	require.NoError(t, s.lane.Close(t.Context()))
	calling.Wait()
	_, _, err := s.call(t.Context(), "f", "null", time.Minute)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
	require.NoError(t, s.lane.Close(t.Context()))
}

// The children of the longest idle subtenant end first when memory is short.
func TestBudgetOfAllChildren(t *testing.T) {
	t.Parallel()
	l := startLane(t, Options{})
	s := newStore(t, l)
	f := s.define("f", "def f(input):\n    return input\n")
	for _, tenant := range []string{"a", "b", "c"} {
		r := &run{store: s, deadline: time.Now().Add(time.Minute)}
		_, err := l.Call(t.Context(), model.Call{Tenant: tenant, Program: f, Input: json.RawMessage("1"), Deadline: r.deadline, Host: r})
		require.NoError(t, err)
	}
	tenants := l.each()
	var total int64
	for _, tenant := range tenants {
		total += tenant.look()
	}
	l.relieve(tenants, total, total*3/4)
	status, found := l.Status("a")
	require.True(t, !found || status.State != "serving", status.State)
	for _, tenant := range []string{"b", "c"} {
		status, found := l.Status(tenant)
		require.True(t, found)
		require.Equal(t, "serving", status.State)
	}
	require.EqualValues(t, 1, l.Stats().Relieved)
}

func TestLargeValues(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxMemory: shadow * 512 << 20}))
	s.define("same", "def same(x):\n    return x\n")
	s.define("f", "def f(input):\n    return same(input) + 'b'\n")
	value := strings.Repeat("a", 20<<20)
	output, r := s.must("f", `"`+value+`"`)
	require.Equal(t, len(value)+3, len(output))
	require.Len(t, r.steps, 2)
	s.define("g", "def g(input):\n    return 'a' * (33 << 20)\n")
	outcome, _, err := s.call(t.Context(), "g", "null", time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.FailureOutput, outcome.Failure.Kind, outcome.Failure.Message)
}
