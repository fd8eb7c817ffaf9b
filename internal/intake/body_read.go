package intake

import (
	"errors"
	"io"
	"time"
)

// Why a body is not read to its end.
var (
	ErrTooLarge = errors.New("the body is larger than the limit")
	ErrTooSlow  = errors.New("the body arrives too slowly")
	ErrFull     = errors.New("the memory for bodies of unknown callers is in use")
)

// The memory that a body starts with, unless it is smaller. It doubles as bytes
// arrive, up to the announced length.
const (
	firstBytes   = 32 << 10 // of an announced length
	unknownBytes = 4 << 10  // of an unknown one: such bodies are mostly small
)

// Pace is the least speed of a body: so many bytes in each period. It is not
// an average over the whole body, or a sender could save up for a long stall.
type Pace struct {
	Bytes  int
	Period time.Duration
}

// Source is where a body comes from.
type Source struct {
	Stream io.Reader
	// Announced is the length of the body in bytes, -1 when it is not known before
	// its end.
	Announced int
	// Deadline sets when a Read of Stream fails at the latest; nil: the stream never
	// makes anyone wait, and no pace is asked of it.
	Deadline func(time.Time) error
}

// Reader reads bodies of at most Limit bytes. It may be used by any number of
// goroutines.
type Reader struct {
	Limit int
	Pace  Pace
}

// Read returns the whole body. Its memory is taken from share before it is
// allocated. An error is one of this package's, or what the stream ended with;
// the rest of the body is then still on its way.
func (r *Reader) Read(source Source, share *Share) ([]byte, error) {
	if source.Announced > r.Limit {
		return nil, ErrTooLarge
	}
	size := min(source.Announced, firstBytes)
	if size < 0 {
		size = min(unknownBytes, r.Limit+1)
	}
	others := share.bytes() // of an earlier form of the same body
	if err := share.grow(others + size); err != nil {
		return nil, err
	}
	body := make([]byte, 0, size)
	gauge := gauge{pace: r.Pace, deadline: source.Deadline}
	for {
		if err := gauge.next(len(body)); err != nil {
			return nil, err
		}
		if len(body) == cap(body) {
			if len(body) == source.Announced {
				return body, nil
			}
			larger, err := r.larger(body, source.Announced, others, share)
			if err != nil {
				return nil, err
			}
			body = larger
			if err := gauge.restart(len(body)); err != nil { // the wait for memory is not the sender's
				return nil, err
			}
			continue
		}
		n, err := source.Stream.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > r.Limit:
			return nil, ErrTooLarge
		case errors.Is(err, io.EOF) && source.Announced > len(body):
			return nil, io.ErrUnexpectedEOF
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil && isTimeout(err):
			return nil, ErrTooSlow
		case err != nil:
			return nil, err
		}
	}
}

// larger moves the body to twice the memory: at most that of its announced
// length, or one byte more than the limit.
func (r *Reader) larger(body []byte, announced, others int, share *Share) ([]byte, error) {
	size := min(2*cap(body), r.Limit+1)
	if announced >= 0 {
		size = min(size, announced)
	}
	if err := share.grow(others + size); err != nil {
		return nil, err
	}
	return append(make([]byte, 0, size), body...), nil
}

func isTimeout(err error) bool {
	var timed interface{ Timeout() bool }
	return errors.As(err, &timed) && timed.Timeout()
}

// gauge holds a body against its pace.
type gauge struct {
	pace     Pace
	deadline func(time.Time) error
	begun    bool
	mark     int // the bytes at the beginning of the period
}

// next is called before each read, with the bytes that are there. While the
// period still lacks bytes, its deadline stands.
func (g *gauge) next(bytes int) error {
	if g.begun && bytes-g.mark < g.pace.Bytes {
		return nil
	}
	return g.restart(bytes)
}

// restart begins a period.
func (g *gauge) restart(bytes int) error {
	g.begun, g.mark = true, bytes
	if g.deadline == nil {
		return nil
	}
	return g.deadline(time.Now().Add(g.pace.Period))
}
