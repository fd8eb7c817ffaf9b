package process

import (
	"context"
	"encoding/binary"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"maestro/internal/model"
	"maestro/lane/wire"
)

// actor is a child that the test plays, in the test's own process.
type actor struct {
	play   func(a *actor)
	once   sync.Once
	exited chan struct{}
	end    End
	conn   *os.File
	in     *wire.Reader
	out    *wire.Writer
}

// Nursery implements Starter.
func (a *actor) Nursery(Spec) Nursery { return a }

// Close implements Nursery.
func (a *actor) Close() {}

// Start implements Nursery.
func (a *actor) Start(_ context.Context, conn *os.File) (Process, error) {
	fd, err := unix.FcntlInt(conn.Fd(), unix.F_DUPFD_CLOEXEC, 0) // real children begin meanwhile
	if err != nil {
		return nil, err
	}
	child := &actor{play: a.play, exited: make(chan struct{}), end: a.end, conn: os.NewFile(uintptr(fd), "child")}
	go child.act()
	return child, nil
}

// act greets the server, and plays.
func (a *actor) act() {
	slate, frames, err := wire.Receive(a.conn)
	if err != nil {
		a.exit()
		return
	}
	_ = slate.Close()
	a.in, a.out = wire.NewReader(frames, wire.FrameLimit), wire.NewWriter(a.conn)
	if _, _, err := a.in.Next(); err == nil {
		_ = a.out.Send((&wire.Ready{}).Frame())
		a.play(a)
	}
}

// call reads frames up to the next call.
func (a *actor) call() uint64 {
	for {
		kind, fields, err := a.in.Next()
		if err != nil {
			return 0
		}
		if kind == wire.KindCall {
			c, _ := wire.ReadCall(fields)
			return c.Number
		}
	}
}

func (a *actor) exit() {
	a.once.Do(func() {
		_ = syscall.Shutdown(int(a.conn.Fd()), syscall.SHUT_RDWR)
		close(a.exited)
	})
}

func (a *actor) Pid() int                { return 0 }
func (a *actor) Kill()                   { a.exit() }
func (a *actor) Exited() <-chan struct{} { return a.exited }
func (a *actor) End() End                { return a.end }

func TestChildThatSendsWhatItMustNot(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(a *actor){
		"noise": func(a *actor) { _, _ = a.conn.WriteString("GET / HTTP/1.1\r\n\r\n") },
		"an absurd length": func(a *actor) {
			_, _ = a.conn.Write(binary.LittleEndian.AppendUint32(nil, 1<<31))
			_, _ = a.conn.Write([]byte{1})
		},
		"a frame of the server's": func(a *actor) { _ = a.out.Send(wire.New(wire.KindClose)) },
		"an outcome that is cut short": func(a *actor) {
			f := wire.New(wire.KindOutcome)
			f.Uint(1)
			_ = a.out.Send(f)
		},
		"a step that is no tree": func(a *actor) {
			_ = a.out.Send(wire.StepEndedFrame(a.call(), &model.StepEnded{Step: 7}))
		},
		"a question of no kind": func(a *actor) {
			f := wire.New(wire.KindAsk)
			f.Uint(1)
			f.Uint(a.call())
			f.Uint(99)
			_ = a.out.Send(f)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, startLane(t, Options{Start: &actor{play: func(a *actor) {
				play(a)
				<-a.exited
			}}}))
			s.functions["f"] = model.Resolved{Program: &model.Program{Key: 1, Function: "f"}}
			outcome, _, err := s.call(t.Context(), "f", "1", time.Minute)
			if err != nil { // it was gone before the call
				require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
				return
			}
			require.Equal(t, model.ErrorProcessKilled, outcome.Failure.Type)
			require.Equal(t, 1, s.lane.Stats().Kills["broken"])
		})
	}
}

// Frames of calls that are over, or never were, have no effect.
func TestChildThatReportsOtherCalls(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{Start: &actor{play: func(a *actor) {
		for number := a.call(); number != 0; number = a.call() {
			for _, other := range []uint64{0, number + 1, 1 << 60} {
				_ = a.out.Send(wire.StepBeganFrame(other, &model.StepBegan{Step: 1}))
				_ = a.out.Send(wire.StepEndedFrame(other, &model.StepEnded{Step: 1}))
				_ = a.out.Send(wire.LineFrame(other, 0, &model.LogLine{}))
				_ = a.out.Send((&wire.Outcome{Number: other, Outcome: model.Outcome{Output: []byte("7")}}).Frame())
				_ = a.out.Send(wire.NumberFrame(wire.KindLeft, other))
				_ = a.out.Send((&wire.Ask{Number: 1, Call: other, Question: wire.AskSecret, Name: "KEY"}).Frame())
			}
			_ = a.out.Send((&wire.Outcome{Number: number, Outcome: model.Outcome{Output: []byte("7")}}).Frame())
		}
	}}}))
	s.functions["f"] = model.Resolved{Program: &model.Program{Key: 1, Function: "f"}}
	for range 3 {
		output, r := s.must("f", "1")
		require.Equal(t, "7", output)
		require.Empty(t, r.steps)
	}
	require.Equal(t, 1, s.lane.Stats().Started)
}

// A process that closes its connection is killed, and its calls fail.
func TestChildThatHangsUp(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{Start: &actor{end: End{Status: 3}, play: func(a *actor) {
		a.call()
		_ = syscall.Shutdown(int(a.conn.Fd()), syscall.SHUT_RDWR)
	}}}))
	s.functions["f"] = model.Resolved{Program: &model.Program{Key: 1, Function: "f"}}
	outcome, _, err := s.call(t.Context(), "f", "1", time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.ErrorProcessCrashed, outcome.Failure.Type)
	require.Contains(t, outcome.Failure.Message, "exit status 3")
}

// A child that reads nothing does not hold up its caller for long.
func TestChildThatReadsNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{KillAfter: time.Hour, Start: &actor{play: func(a *actor) { <-a.exited }}}))
	s.functions["f"] = model.Resolved{Program: &model.Program{Key: 1, Function: "f", Source: string(make([]byte, 8<<20))}}
	outcome, _, err := s.call(t.Context(), "f", "1", time.Minute)
	require.NoError(t, err)
	require.Equal(t, model.ErrorProcessKilled, outcome.Failure.Type)
	require.Equal(t, 1, s.lane.Stats().Kills["stalled"])
}
