package wire

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	// ahead is how many bytes a Reader reads at once; a larger frame gets memory of
	// its own.
	ahead = 64 << 10
	// step bounds the memory that is taken for bytes that have not arrived.
	step = 1 << 20
)

// LengthError says that a frame announces a length that is none, or is beyond the
// limit.
type LengthError struct{ Length, Limit uint32 }

func (e *LengthError) Error() string {
	return fmt.Sprintf("a frame of the process lane announces %d bytes, of at most %d", e.Length, e.Limit)
}

// Reader reads frames. It is used by one goroutine at a time.
type Reader struct {
	source     io.Reader
	limit      uint32
	buffer     []byte
	begin, end int    // of the bytes that were read and not handed out
	body       []byte // the part that has come of one that does not fit into the buffer
	size       int    // of the whole of it; 0: there is none
	kind       Kind   // of its frame
}

// NewReader reads frames of at most limit bytes.
func NewReader(source io.Reader, limit uint32) *Reader {
	return &Reader{source: source, limit: limit, buffer: make([]byte, ahead)}
}

// Buffered reports whether Next returns without reading.
func (r *Reader) Buffered() bool {
	have := r.buffer[r.begin:r.end]
	if r.size > 0 || len(have) < head {
		return false
	}
	length := binary.LittleEndian.Uint32(have)
	return r.absurd(length) || len(have) >= int(length)+head-1
}

func (r *Reader) absurd(length uint32) bool { return length == 0 || length > r.limit }

// Next returns the next frame. Its fields are valid until the next call. io.EOF says
// that the other end has closed after a whole frame, io.ErrUnexpectedEOF within one.
// After any other error of the source, Next goes on where it was.
func (r *Reader) Next() (kind Kind, fields Fields, err error) {
	if r.size > 0 {
		return r.large()
	}
	if err := r.fill(head); err != nil {
		return 0, Fields{}, err
	}
	length := binary.LittleEndian.Uint32(r.buffer[r.begin:])
	if r.absurd(length) {
		return 0, Fields{}, &LengthError{Length: length, Limit: r.limit}
	}
	kind = Kind(r.buffer[r.begin+head-1])
	size := int(length) - 1
	if head+size > len(r.buffer) {
		r.begin += head
		have := r.buffer[r.begin:min(r.end, r.begin+size)]
		r.begin += len(have)
		r.body, r.size, r.kind = append(make([]byte, 0, min(size, step)), have...), size, kind
		return r.large()
	}
	if err := r.fill(head + size); err != nil {
		return 0, Fields{}, err
	}
	body := r.buffer[r.begin+head : r.begin+head+size]
	r.begin += head + size
	return kind, Fields{rest: body, lent: true}, nil
}

// fill reads until the buffer holds so many bytes, which fit into it.
func (r *Reader) fill(size int) error {
	for r.end-r.begin < size {
		if r.begin > 0 && (r.begin == r.end || len(r.buffer)-r.begin < size) {
			r.end = copy(r.buffer, r.buffer[r.begin:r.end])
			r.begin = 0
		}
		n, err := r.source.Read(r.buffer[r.end:])
		r.end += n
		if err != nil && r.end-r.begin < size {
			if err == io.EOF && r.end > r.begin {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// large reads the rest of a body that does not fit into the buffer.
func (r *Reader) large() (Kind, Fields, error) {
	for len(r.body) < r.size {
		if len(r.body) == cap(r.body) {
			grown := make([]byte, len(r.body), min(r.size, 2*cap(r.body)))
			copy(grown, r.body)
			r.body = grown
		}
		n, err := r.source.Read(r.body[len(r.body):cap(r.body)])
		r.body = r.body[:len(r.body)+n]
		if err != nil && len(r.body) < r.size {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return 0, Fields{}, err
		}
	}
	body := r.body
	r.body, r.size = nil, 0
	return r.kind, Fields{rest: body}, nil
}
