package process

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// Children die under load: each call ends once, with its result or as killed, and none
// waits for ever.
func TestChildrenThatDieUnderLoad(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 3, WaitLimit: time.Minute}))
	s.define("double", "def double(x):\n    return 2 * x\n")
	s.define("f", "def f(x):\n    return double(x)\n")
	s.define("g", "import asyncio\nasync def g(x):\n    await asyncio.sleep(0.0001)\n    return 2 * x\n")
	const callers, each, every = 12, 120, 40
	var done, killed atomic.Int64
	var calling sync.WaitGroup
	for n := range callers {
		name := []string{"f", "g"}[n%2]
		calling.Go(func() {
			for range each {
				outcome, _, err := s.call(t.Context(), name, "21", time.Minute)
				switch {
				case err != nil && model.CodeOf(err) != model.CodeUnavailable:
					t.Error(err)
				case err != nil: // the zygote's child died before it was ready
				case outcome.Failure == nil && string(outcome.Output) == "42":
				case outcome.Failure != nil && outcome.Failure.Type == model.ErrorProcessKilled:
					killed.Add(1)
				default:
					t.Error(string(outcome.Output), outcome.Failure)
				}
				if done.Add(1)%every == 0 {
					for _, pid := range s.pids() {
						_ = syscall.Kill(pid, syscall.SIGKILL)
						break
					}
				}
			}
		})
	}
	calling.Wait()
	require.EqualValues(t, callers*each, done.Load())
	require.NotZero(t, killed.Load())
	eventually(t, func() bool { return s.lane.Stats().Calls == 0 && s.lane.Stats().Waiting == 0 }, "no call is left")
	eventually(t, func() bool { // once the last death is noticed
		outcome, _, err := s.call(t.Context(), "f", "4", time.Minute)
		return err == nil && string(outcome.Output) == "8"
	}, "calls go on")
}
