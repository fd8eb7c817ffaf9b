package process

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// eventually waits for a condition that no signal tells.
func eventually(t testing.TB, condition func() bool, what string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Minute); !condition(); time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(end), what)
	}
}

// pids are the processes of the children that take calls.
func (s *store) pids() (pids []int) {
	tenant := s.lane.find("a")
	tenant.mu.Lock()
	defer tenant.mu.Unlock()
	for _, ch := range tenant.children {
		pids = append(pids, ch.proc.Pid())
	}
	return pids
}

const endless = `
import hashlib
def f(input):
    print("begun")
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
`

func TestCallThatCannotBeStopped(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("f", endless)
	s.define("g", "def g(x):\n    return x\n")
	s.must("g", "1")
	before := s.pids()
	outcome, r, err := s.call(t.Context(), "f", "null", 300*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
	require.False(t, time.Now().Before(r.deadline))
	s.must("g", "2")
	require.NotEqual(t, before, s.pids())
	eventually(t, func() bool { return s.lane.Stats().Kills["overrun"] == 1 && s.lane.Stats().Leaving == 0 }, "the child is killed")
}

// Code that answers a stop leaves its child alive.
func TestCallThatEndsWhenItIsStopped(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{KillAfter: time.Minute}))
	s.define("f", "import time\ndef f(input):\n    time.sleep(1e6)\n")
	s.define("g", "def g(x):\n    return x\n")
	s.must("g", "1")
	before := s.pids()
	outcome, _, err := s.call(t.Context(), "f", "null", 50*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
	eventually(t, func() bool { return s.lane.Stats().Calls == 0 }, "the code has ended")
	s.must("g", "2")
	require.Equal(t, before, s.pids())
}

func TestCancelledCall(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{KillAfter: time.Minute}))
	s.define("f", "import time\ndef f(input):\n    print('begun')\n    time.sleep(1e6)\n")
	s.define("g", "import asyncio\nasync def g(input):\n    print('begun')\n    await asyncio.sleep(1e6)\n")
	for _, name := range []string{"f", "g"} {
		ctx, cancel := context.WithCancel(t.Context())
		s.onLine = func(string) { cancel() }
		outcome, _, err := s.call(ctx, name, "null", time.Minute)
		require.NoError(t, err)
		require.Equal(t, model.FailureCancelled, outcome.Failure.Kind)
		eventually(t, func() bool { return s.lane.Stats().Calls == 0 }, "the code has ended")
	}
	require.Equal(t, 1, s.lane.Stats().Children)
	require.Zero(t, s.lane.Stats().Kills["overrun"])
}

// The calls of others in a child that is to be killed come to their end first.
func TestInnocentCallBesideOneThatCannotBeStopped(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 1}))
	s.define("f", endless)
	s.define("g", "import maestro, time\ndef g(x):\n    print('g')\n    while maestro.secret('GO') != 'go':\n        time.sleep(0.001)\n    return x\n")
	begun := make(chan string, 2)
	s.onLine = func(text string) { begun <- text }
	ctx, cancel := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	calling.Go(func() {
		outcome, _, err := s.call(ctx, "f", "null", time.Minute)
		if err != nil || outcome.Failure == nil || outcome.Failure.Kind != model.FailureCancelled {
			t.Error("the call is not cancelled", err)
		}
	})
	require.Equal(t, "begun", <-begun)
	calling.Go(func() {
		if output, _ := s.must("g", "7"); output != "7" {
			t.Error(output)
		}
	})
	require.Equal(t, "g", <-begun)
	cancel()
	eventually(t, func() bool { return s.lane.Stats().Leaving == 1 }, "the child takes no more calls")
	require.Zero(t, s.lane.Stats().Kills["overrun"])
	s.secret.Store("go")
	calling.Wait()
	eventually(t, func() bool { return s.lane.Stats().Kills["overrun"] == 1 && s.lane.Stats().Leaving == 0 }, "the child is killed")
}

func TestCallWhoseProcessCrashes(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("double", "def double(x):\n    return 2 * x\n")
	s.define("f", "import ctypes\ndef f(input):\n    double(1)\n    ctypes.string_at(16)\n")
	outcome, r, err := s.call(t.Context(), "f", "null", time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.ErrorProcessCrashed, outcome.Failure.Type)
	require.Contains(t, outcome.Failure.Message, "SIGSEGV at address 0x10")
	require.Contains(t, outcome.Failure.Traceback, `File "<f v1>", line 4, in f`)
	require.Equal(t, []string{"1 in 0: double(1)", "1: 2"}, r.steps)
	output, _ := s.must("double", "2")
	require.Equal(t, "4", output)
}

func TestCallThatEndsItsProcess(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("f", "import os\ndef f(input):\n    os._exit(3)\n")
	outcome, _, err := s.call(t.Context(), "f", "null", time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.ErrorProcessCrashed, outcome.Failure.Type)
	require.Contains(t, outcome.Failure.Message, "exit(3)")
}

func TestCallWhoseProcessIsKilled(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("f", "import os, time\ndef f(input):\n    os.kill(os.getpid(), 9)\n    time.sleep(60)\n")
	outcome, _, err := s.call(t.Context(), "f", "null", time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.ErrorProcessKilled, outcome.Failure.Type)
	require.Contains(t, outcome.Failure.Message, "SIGKILL")
}

func TestCallOfTooMuchMemory(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxMemory: 64 << 20}))
	s.define("f", `
import ctypes
def f(input):
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while True:
        ctypes.memset(libc.malloc(1 << 22), 1, 1 << 22)
`)
	outcome, _, err := s.call(t.Context(), "f", "null", time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.ErrorOutOfMemory, outcome.Failure.Type, outcome.Failure.Message)
	require.Equal(t, 1, s.lane.Stats().Kills["memory"])
}
