package engine

import (
	"encoding/json"
	"sync"
	"time"

	"maestro/internal/model"
)

const (
	// streamRoom is how many bytes of pieces wait for the reader of a stream before its
	// generator does.
	streamRoom = 128 << 10
	// streamMost is how many can wait where a child asks for no room.
	streamMost = 1 << 20
	// pieceCost is what a piece counts beside its value.
	pieceCost = 64
	// closeAfter is how long a generator has to reach its next yield, where it is closed
	// since the reader is gone. After that it is stopped like a run that is cancelled.
	closeAfter = time.Second
)

// Stream is what the generator of a run yields, for the one reader that takes it. The run
// goes on while it is read.
type Stream struct {
	run  *run
	more chan struct{} // gets a value when there is something for the reader

	mu      sync.Mutex // guards what follows
	room    sync.Cond  // of mu: pieces were taken, or no more are
	head    model.StreamHead
	items   array
	pending []model.Emitted
	waiting int  // bytes of pending
	dropped bool // pieces are recorded, and not read
	closed  bool // the reader is gone
	refused bool // a piece came after that
	ended   bool // the run is recorded
	err     error
}

func newStream(r *run) *Stream {
	s := &Stream{run: r, more: make(chan struct{}, 1), items: array{whole: r.function.Output != nil}}
	s.room.L = &s.mu
	return s
}

// Emit implements model.Host.
func (r *run) Emit(piece model.Emitted, wait bool) model.EmitState {
	if !r.request.Stream {
		return model.EmitCollect
	}
	s := r.stream.Load()
	if s == nil {
		r.mu.Lock()
		if s = r.stream.Load(); s == nil && !r.state.over() {
			s = newStream(r)
			r.stream.Store(s)
		}
		r.mu.Unlock()
	}
	if s == nil { // the run ended before its first piece
		return model.EmitGone
	}
	return s.take(piece, wait)
}

// take takes a piece from the generator.
func (s *Stream) take(piece model.Emitted, wait bool) model.EmitState {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.waiting > streamMost && !s.over() {
		s.room.Wait()
	}
	if s.over() {
		s.refused = s.refused || !s.ended
		return model.EmitGone
	}
	switch piece.Kind {
	case model.EmitHead:
		if json.Unmarshal(piece.Value, &s.head) != nil {
			s.head = model.StreamHead{}
		}
		return model.EmitGoOn
	case model.EmitRoom:
	default:
		s.items.add(piece.Value)
		if s.dropped {
			return model.EmitGoOn
		}
		s.pending = append(s.pending, piece)
		s.waiting += len(piece.Value) + pieceCost
		s.notify()
	}
	for wait && s.waiting >= streamRoom && !s.over() {
		s.room.Wait()
	}
	switch {
	case s.over():
		s.refused = s.refused || !s.ended
		return model.EmitGone
	case s.waiting >= streamRoom:
		return model.EmitFull
	default:
		return model.EmitGoOn
	}
}

// over reports whether no more pieces are taken. The caller holds mu.
func (s *Stream) over() bool { return s.closed || s.ended }

func (s *Stream) notify() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// ExecutionID is that of the run.
func (s *Stream) ExecutionID() model.ID { return s.run.id }

// Head is what a maestro.Response around the generator says; its StatusCode is 0 when there
// is none.
func (s *Stream) Head() model.StreamHead {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

// Next waits for pieces until silence has passed, and takes them. At the end of the run, when
// its record is made and no pieces are left, it reports the end, with the *model.Error of a
// run that failed.
func (s *Stream) Next(silence time.Duration) (pieces []model.Emitted, ended bool, err error) {
	timer := time.NewTimer(silence)
	defer timer.Stop()
	for late := false; ; {
		s.mu.Lock()
		if len(s.pending) > 0 {
			pieces, s.pending, s.waiting = s.pending, nil, 0
			s.room.Broadcast()
		}
		ended, err = s.ended, s.err
		s.mu.Unlock()
		if len(pieces) > 0 {
			return pieces, false, nil
		}
		if ended || late {
			return nil, ended, err
		}
		select {
		case <-s.more:
		case <-timer.C:
			late = true
		}
	}
}

// Discard has the run go on without a reader: what it yields is recorded only.
func (s *Stream) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = true
	s.pending, s.waiting = nil, 0
	s.room.Broadcast()
}

// Close ends the reading. Before the end of the run that closes the generator: it raises
// GeneratorExit at its yield, and the run is cancelled.
func (s *Stream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over() || s.dropped {
		return
	}
	s.closed = true
	s.pending, s.waiting = nil, 0
	s.room.Broadcast()
	time.AfterFunc(closeAfter, func() {
		s.mu.Lock()
		ended := s.ended
		s.refused = true
		s.mu.Unlock()
		if !ended {
			s.run.stop(cancelRequested)
		}
	})
}

// gone reports whether the generator was closed because its reader was gone.
func (s *Stream) gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed && s.refused
}

// end tells the reader that the run is recorded.
func (s *Stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.err = true, err
	s.room.Broadcast()
	s.notify()
}

// goOn leaves a run that has begun to yield to a goroutine of its own.
func (r *run) goOn(rest func() (model.Outcome, error)) RunResult {
	s := r.stream.Load()
	r.goesOn = true
	go func() {
		outcome, err := r.performed(rest())
		failure := outcome.Failure
		if s.gone() && err == nil && (failure == nil || failure.Kind == model.FailureException || failure.Kind == model.FailureCancelled) {
			outcome = model.Outcome{Failure: &model.Failure{
				Kind: model.FailureCancelled, Type: model.ErrorCancelled, Message: "the client went away before the stream had ended",
			}}
		}
		_, err = r.conclude(outcome, err)
		r.leave()
		s.end(err)
	}()
	return RunResult{ExecutionID: r.id, Stream: s}
}
