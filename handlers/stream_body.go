package handlers

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"time"

	"maestro/handlers/connection"
	"maestro/internal/engine"
	"maestro/internal/model"
)

// lookEvery is how often a silent stream looks whether its client is still there.
const lookEvery = time.Second

var (
	// errCut ends a response whose client could not tell otherwise that it is incomplete.
	errCut        = errors.New("the stream has failed")
	errClientGone = errors.New("the client has closed the connection")
)

// streamBody is the body of a response that a run yields. fasthttp reads it, sends each
// piece at once, and closes it, also when the client is gone. It outlives the request: it
// must not hold values of Fiber.
type streamBody struct {
	call   *call
	stream *engine.Stream
	form   *streamForm
	conn   net.Conn

	out   []byte // formed, and partly sent
	sent  int    // of out
	quiet time.Time
	end   error // once the run is over: what follows out

	whole *[]byte                        // all that was sent, for a repeat of the request; nil: it is not kept
	ended func(err error, answer []byte) // called once, after the end of the run or of the reading; nil: not needed
}

// Read implements io.Reader. It returns at once with all that is there.
func (b *streamBody) Read(p []byte) (int, error) {
	for b.sent == len(b.out) {
		if b.end != nil {
			return 0, b.end
		}
		if err := b.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.out[b.sent:])
	b.sent += n
	_ = b.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // a client that reads nothing for so long is disconnected
	return n, nil
}

// fill waits for something to send.
func (b *streamBody) fill() error {
	pieces, ended, err := b.stream.Next(min(lookEvery, b.call.server.opts.Heartbeat))
	switch b.out, b.sent = b.out[:0], 0; {
	case len(pieces) > 0:
		b.add(pieces)
	case ended:
		b.finish(err)
	case connection.Gone(b.conn):
		return errClientGone
	case b.form.isStream() && b.form.between() && time.Since(b.quiet) >= b.call.server.opts.Heartbeat:
		b.out, b.quiet = append(b.out, ": still running\n\n"...), time.Now()
	}
	return nil
}

func (b *streamBody) add(pieces []model.Emitted) {
	for i := range pieces {
		b.out = b.form.append(b.out, &pieces[i])
	}
	b.quiet = time.Now()
	if b.whole != nil {
		*b.whole = append(*b.whole, b.out...)
	}
}

// finish is for the end of the run.
func (b *streamBody) finish(err error) {
	b.end = io.EOF
	if err != nil {
		problem, failed := json.Marshal(newEnvelope(b.call, b.call.edge(err)))
		if b.form.readable() && failed == nil {
			b.out = b.form.appendError(b.out, problem)
		} else {
			b.end = errCut
		}
	}
	b.settle(err)
}

func (b *streamBody) settle(err error) {
	if ended := b.ended; ended != nil {
		b.ended = nil
		ended(err, *b.whole)
	}
}

// Close implements io.Closer.
func (b *streamBody) Close() error {
	b.stream.Close() // of a run that is over, it has no effect
	b.settle(errClientGone)
	return nil
}
