package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"
)

// ErrMalformed says that the body of a frame does not hold the fields that its kind
// has.
var ErrMalformed = errors.New("a frame of the process lane is malformed")

// mostItems bounds lists, whose items take more memory than they have bytes.
const mostItems = 1 << 20

// Fields reads the fields of a frame in the order in which they were added. After the
// first fault every field is zero, and Err says so.
type Fields struct {
	rest   []byte
	lent   bool // the bytes are the reader's: they change with its next frame
	broken bool
}

// FieldsOf reads a body that the caller owns.
func FieldsOf(body []byte) Fields { return Fields{rest: body} }

// Err returns ErrMalformed if a field could not be read, or if bytes are left.
func (f *Fields) Err() error {
	if f.broken || len(f.rest) > 0 {
		return ErrMalformed
	}
	return nil
}

func (f *Fields) fail() {
	f.broken = true
	f.rest = nil
}

// Uint reads a number.
func (f *Fields) Uint() uint64 {
	n, size := binary.Uvarint(f.rest)
	if size <= 0 {
		f.fail()
		return 0
	}
	f.rest = f.rest[size:]
	return n
}

// Int reads a number that may be negative.
func (f *Fields) Int() int64 {
	n, size := binary.Varint(f.rest)
	if size <= 0 {
		f.fail()
		return 0
	}
	f.rest = f.rest[size:]
	return n
}

// Bool reads a truth value.
func (f *Fields) Bool() bool {
	if len(f.rest) == 0 || f.rest[0] > 1 {
		f.fail()
		return false
	}
	b := f.rest[0] == 1
	f.rest = f.rest[1:]
	return b
}

// cut takes the next bytes.
func (f *Fields) cut(size uint64) []byte {
	if size > uint64(len(f.rest)) {
		f.fail()
		return nil
	}
	part := f.rest[:size:size]
	f.rest = f.rest[size:]
	return part
}

// Bytes reads bytes, which the caller may keep.
func (f *Fields) Bytes() []byte {
	part := f.View()
	if f.lent {
		return bytes.Clone(part)
	}
	return part
}

// View reads bytes that are valid until the next frame is read.
func (f *Fields) View() []byte {
	size := f.Uint()
	if size == 0 {
		return nil
	}
	return f.cut(size - 1)
}

// Text reads a text.
func (f *Fields) Text() string { return string(f.cut(f.Uint())) }

// Texts reads a list of texts.
func (f *Fields) Texts() []string {
	count := f.Uint()
	if count == 0 || count > mostItems || count-1 > uint64(len(f.rest)) { // each takes a byte at least
		if count != 0 {
			f.fail()
		}
		return nil
	}
	list := make([]string, count-1)
	for i := range list {
		list[i] = f.Text()
	}
	return list
}

// Time reads a time.
func (f *Fields) Time() time.Time {
	nanoseconds := f.Int()
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds)
}
