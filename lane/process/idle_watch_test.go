package process

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// foreignThread begins a thread without Python's own means, which the child does not watch.
const foreignThread = `
import ctypes, os
libc = ctypes.CDLL(None)
@ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
def spin(_):
    while True: pass
threads = []
def left(input):
    thread = ctypes.c_ulong()
    assert libc.pthread_create(ctypes.byref(thread), None, spin, None) == 0
    threads.append(thread)
    return os.getpid()
`

// A child that computes without a call is replaced, and killed if it does not end.
func TestChildThatComputesWithoutACall(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{idleMost: 100 * time.Millisecond, idleRefill: 0.001}))
	s.define("left", foreignThread)
	s.define("f", "import os\ndef f(input):\n    return os.getpid()\n")
	before, _ := s.must("left", "null")
	eventually(t, func() bool { return s.lane.Stats().Kills["computing"] == 1 && s.lane.Stats().Leaving == 0 }, "it is killed")
	after, _ := s.must("f", "null")
	require.NotEqual(t, before, after)
}

// What a child computes in its calls is not charged, nor what it uses while it waits.
func TestChildThatComputesInItsCalls(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{idleMost: 100 * time.Millisecond}))
	s.define("f", "import os, time\ndef f(input):\n    end = time.process_time() + 0.5\n    while time.process_time() < end: pass\n    return os.getpid()\n")
	first, _ := s.must("f", "null")
	for range 3 {
		s.lane.look()
		again, _ := s.must("f", "null")
		require.Equal(t, first, again)
	}
	s.lane.look()
	require.Equal(t, 1, s.lane.Stats().Children)
}

// Work that calls may leave behind is not watched where it is to be kept.
func TestChildThatMayComputeWithoutACall(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{idleMost: time.Nanosecond, KeepLeft: true}))
	s.define("f", "import threading\ndef spin():\n    while True: pass\ndef f(input):\n    threading.Thread(target=spin, daemon=True).start()\n    return 1\n")
	s.must("f", "null")
	for range 3 {
		s.lane.look()
	}
	require.Equal(t, 1, s.lane.Stats().Children)
}
