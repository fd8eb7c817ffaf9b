package process

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/lane/wire"
)

// calm is a lane whose child has had so many calls that the caller of the next one reads. play
// answers that one.
func calm(t *testing.T, play func(a *actor, call uint64)) *store {
	t.Helper()
	s := newStore(t, startLane(t, Options{EndLimit: time.Millisecond, Start: &actor{play: func(a *actor) {
		for range calmCalls {
			_ = a.out.Send(outcomeFrame(a.call(), "7"))
		}
		for call := a.call(); call != 0; call = a.call() {
			play(a, call)
		}
	}}}))
	s.functions["f"] = model.Resolved{Program: &model.Program{Key: 1, Function: "f"}}
	for range calmCalls {
		output, _ := s.must("f", "1")
		require.Equal(t, "7", output)
	}
	return s
}

func outcomeFrame(call uint64, output string) *wire.Frame {
	return (&wire.Outcome{Number: call, Outcome: model.Outcome{Output: []byte(output)}}).Frame()
}

// led reports whether a caller reads the frames of the only child.
func (s *store) led() bool {
	t := s.lane.find("a")
	t.mu.Lock()
	defer t.mu.Unlock()
	ch := t.children[0]
	if !ch.reading.TryLock() {
		return true
	}
	defer ch.reading.Unlock()
	return !ch.conn.watched
}

// An outcome that comes in parts, before and after the caller has begun to wait for the poller, is put
// together, of any size.
func TestOutcomeThatComesInParts(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"small": `"x"`, "large": `"` + strings.Repeat("x", 300<<10) + `"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part, parts := make(chan struct{}), make(chan struct{})
			s := calm(t, func(a *actor, call uint64) {
				var text collected
				_ = wire.NewWriter(&text).Send(outcomeFrame(call, value))
				for _, each := range [][]byte{text[:3], text[3 : len(text)/2], text[len(text)/2:]} {
					<-part
					_, _ = a.conn.Write(each)
				}
				close(parts)
			})
			var sending sync.WaitGroup
			sending.Go(func() {
				for range 2 {
					part <- struct{}{}
					eventually(t, func() bool { return !s.led() }, "the caller waits for the poller")
				}
				part <- struct{}{}
			})
			output, _ := s.must("f", "1")
			<-parts
			sending.Wait()
			require.True(t, value == output)
		})
	}
}

// Frames that come with the outcome, and after it, are taken too.
func TestFramesAfterAnOutcome(t *testing.T) {
	t.Parallel()
	later := make(chan struct{})
	s := calm(t, func(a *actor, call uint64) {
		_ = a.out.Hold(outcomeFrame(call, "8"))
		_ = a.out.Send(wire.TextFrame(wire.KindUnfit, "in the same write"))
		<-later
		_ = a.out.Send(wire.New(wire.KindClose)) // which it must not send
	})
	output, _ := s.must("f", "1")
	require.Equal(t, "8", output)
	eventually(t, func() bool { return s.lane.Stats().Leaving == 1 }, "it is to be replaced")
	close(later)
	eventually(t, func() bool { return s.lane.Stats().Kills["broken"] == 1 || s.lane.Stats().Leaving == 0 }, "it is gone")
}

// The caller that reads sees what a child must not send, and its end, as the poller does.
func TestCallerThatReadsTheEndOfAChild(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play func(a *actor)
		kind string
	}{
		"noise":             {func(a *actor) { _, _ = a.conn.WriteString("GET / HTTP/1.1\r\n\r\n") }, model.ErrorProcessKilled},
		"an absurd length":  {func(a *actor) { _, _ = a.conn.Write(bytes.Repeat([]byte{0xff}, 5)) }, model.ErrorProcessKilled},
		"half a frame":      {func(a *actor) { _, _ = a.conn.Write([]byte{9, 0, 0, 0, 70}); a.exit() }, model.ErrorProcessCrashed},
		"a hang-up":         {func(a *actor) { _ = syscall.Shutdown(int(a.conn.Fd()), syscall.SHUT_RDWR) }, model.ErrorProcessCrashed},
		"an outcome's half": {func(a *actor) { f := wire.New(wire.KindOutcome); f.Uint(1); _ = a.out.Send(f) }, model.ErrorProcessKilled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := calm(t, func(a *actor, _ uint64) { c.play(a) })
			outcome, _, err := s.call(t.Context(), "f", "1", time.Minute)
			require.NoError(t, err)
			require.Equal(t, c.kind, outcome.Failure.Type, outcome.Failure.Message)
			eventually(t, func() bool { return s.lane.Stats().Leaving == 0 }, "it is gone")
		})
	}
}

// A caller that reads leaves at its deadline, and when its context ends.
func TestCallerThatReadsLeaves(t *testing.T) {
	t.Parallel()
	s := calm(t, func(*actor, uint64) {})
	outcome, _, err := s.call(t.Context(), "f", "1", 20*time.Microsecond)
	require.NoError(t, err)
	require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)

	ctx, cancel := context.WithCancel(t.Context())
	s = calm(t, func(*actor, uint64) { cancel() })
	outcome, _, err = s.call(ctx, "f", "1", time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.FailureCancelled, outcome.Failure.Kind)
	require.False(t, s.led())
}

// TestCallersThatTakeTurns alternates between callers that read and callers that come together: no answer is lost
// between the two ways of waiting.
func TestCallersThatTakeTurns(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{MaxChildren: 1}))
	s.define("f", "import time\ndef f(x):\n    time.sleep(x)\n    return x\n")
	for round := range 60 {
		for range calmCalls + 2 {
			output, _ := s.must("f", "0")
			require.Equal(t, "0", output)
		}
		together := make(chan error, 3)
		for range cap(together) {
			go func() {
				outcome, _, err := s.call(t.Context(), "f", []string{"0", "0.0003"}[round%2], time.Minute)
				if err == nil && outcome.Failure != nil {
					t.Error(outcome.Failure)
				}
				together <- err
			}()
		}
		for range cap(together) {
			require.NoError(t, <-together)
		}
	}
}

func TestLooksInVain(t *testing.T) {
	t.Parallel()
	var l looks
	looked := 0
	for range 1000 { // calls that take long
		if l.length() > 0 {
			looked++
			l.learn(true)
		}
	}
	require.LessOrEqual(t, looked, 12)
	for l.length() == 0 {
	}
	l.learn(false)
	require.Equal(t, lookFor, l.length())
}
