package process

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What calls leave in memory ends with the child; what its packages take does not count.
func TestChildWithMemoryThatCallsHaveLeft(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxMemory: 64 << 20}))
	s.define("f", "left = []\ndef f(input):\n    left.append(b'x' * (input << 20))\n    return len(left)\n")
	output, _ := s.must("f", "1")
	require.Equal(t, "1", output)
	before := s.pids()
	s.lane.look()
	require.Equal(t, before, s.pids())
	output, _ = s.must("f", "40")
	require.Equal(t, "2", output)
	s.lane.look()
	require.NotEqual(t, before, s.pids())
	output, _ = s.must("f", "1")
	require.Equal(t, "1", output)
	require.Zero(t, s.lane.Stats().Kills["memory"])
}
