package process

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// reader is a call whose caller takes a stream.
type reader struct {
	*run
	mu     sync.Mutex // guards what follows
	pieces []string
	gone   bool
	full   bool
	waited chan struct{} // closed when the call waits for room
	room   chan struct{} // closed when there is some
}

func (s *store) reader() *reader {
	return &reader{
		run: &run{store: s, deadline: time.Now().Add(time.Minute)}, waited: make(chan struct{}), room: make(chan struct{}),
	}
}

func (r *reader) Frame() model.RunFrame {
	frame := r.run.Frame()
	frame.Stream = true
	return frame
}

// Emit implements model.RemoteHost.
func (r *reader) Emit(piece model.Emitted, wait bool) model.EmitState {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.gone:
		return model.EmitGone
	case piece.Kind != model.EmitRoom:
		r.pieces = append(r.pieces, string(piece.Value))
	case r.full:
		select {
		case <-r.waited:
		default:
			close(r.waited)
		}
		if !wait {
			return model.EmitFull
		}
		r.mu.Unlock()
		<-r.room
		r.mu.Lock()
	}
	return model.EmitGoOn
}

func (r *reader) set(gone, full bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone, r.full = gone, full
}

func (r *reader) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.pieces...)
}

// start calls a function that streams, and returns how it ends.
func (r *reader) start(t *testing.T, name string) func() (model.Outcome, error) {
	t.Helper()
	r.store.mu.Lock()
	p := r.store.functions[name].Program
	r.store.mu.Unlock()
	outcome, err := r.store.lane.Call(context.Background(), model.Call{
		Tenant: "a", Program: p, Input: json.RawMessage("null"), Deadline: r.deadline, Host: r, Stream: true,
	})
	require.NoError(t, err)
	require.NotNil(t, outcome.Rest, "%+v", outcome.Failure)
	return outcome.Rest
}

func TestStreamsOfChildren(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	for name, async := range map[string]string{"sync": "", "asynchronous": "async "} {
		s.define(name, async+"def "+name+"(input):\n    yield 'a'\n    yield {'n': 1}\n    yield b'b'\n")
		s.define("endless_"+name, async+"def endless_"+name+"(input):\n    try:\n        while True: yield 'x' * 1000\n    finally: print('closed')\n")
		r := s.reader()
		outcome, err := r.start(t, name)()
		require.NoError(t, err)
		require.Nil(t, outcome.Failure)
		require.Equal(t, []string{"null", `"a"`, `{"n":1}`, `"Yg=="`}, r.taken(), name)

		// A slow reader: the child stops within its window, and goes on with room.
		r = s.reader()
		r.set(false, true)
		rest := r.start(t, "endless_"+name)
		<-r.waited
		require.Less(t, len(strings.Join(r.taken(), "")), 70_000, name)
		// One that is gone: the generator is closed.
		r.set(true, false)
		close(r.room)
		outcome, err = rest()
		require.NoError(t, err)
		require.Nil(t, outcome.Failure)
		require.Contains(t, r.lines, "closed")
	}
}

// Callers who read the frames of their child themselves get streams as well (call_lead.go).
func TestStreamsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("f", "def f(input):\n    yield 'a'\n    yield 'b'\n")
	s.define("plain", "def plain(input): return 1\n")
	for range 20 {
		for range calmCalls {
			s.must("plain", "null")
		}
		r := s.reader()
		outcome, err := r.start(t, "f")()
		require.NoError(t, err)
		require.Nil(t, outcome.Failure)
		require.Equal(t, []string{"null", `"a"`, `"b"`}, r.taken())
	}
}

// Pieces of a child that ends have arrived, and its call fails.
func TestStreamOfChildThatEnds(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("dies", "import os\ndef dies(input):\n    yield 'a'\n    os._exit(3)\n")
	r := s.reader()
	outcome, err := r.start(t, "dies")()
	require.NoError(t, err)
	require.Equal(t, model.FailureProcess, outcome.Failure.Kind)
	require.Equal(t, []string{"null", `"a"`}, r.taken())
}
