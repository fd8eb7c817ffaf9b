package intake

import (
	"errors"
	"io"
	"time"
)

// The reasons for not reading a body to its end.
var (
	ErrTooLarge = errors.New("the body is larger than the limit")
	ErrTooSlow  = errors.New("the body arrives too slowly")
	ErrFull     = errors.New("the memory for bodies of unknown callers is in use")
)

// The initial memory of a body, unless the body is smaller. It doubles as bytes
// arrive, up to the announced length.
const (
	firstBytes   = 32 << 10 // of an announced length
	unknownBytes = 4 << 10  // of an unknown length: such bodies are mostly small
)

// Pace is the minimum speed of a body: Bytes in each Period. It is not an average
// over the whole body, which would allow a long pause after a fast beginning.
type Pace struct {
	Bytes  int
	Period time.Duration
}

// Source is the source of a body.
type Source struct {
	Stream io.Reader
	// Announced is the length of the body in bytes, -1 when it is not announced.
	Announced int
	// Deadline sets the deadline of reads from Stream; nil: the stream never blocks,
	// and has no pace.
	Deadline func(time.Time) error
}

// Reader reads bodies of at most Limit bytes. It is safe for concurrent use.
type Reader struct {
	Limit int
	Pace  Pace
}

// Read returns the whole body. It takes memory from share before allocating it.
// An error is one of this package, or that of the stream; the rest of the body is
// then unread.
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
			if err := gauge.restart(len(body)); err != nil { // the wait for memory does not count
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

// larger moves the body to twice the memory, at most its announced length, or one
// byte more than the limit.
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

// gauge compares a body with its pace.
type gauge struct {
	pace     Pace
	deadline func(time.Time) error
	begun    bool
	mark     int // the bytes at the beginning of the period
}

// next is called before each read, with the number of bytes read. The deadline of
// a period stays until the period has its bytes.
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
