package wire

import (
	"encoding/binary"
	"time"
)

// Frame is a frame under construction. The zero value is not usable: call New.
type Frame struct{ bytes []byte }

// head is the size of a frame's head: four bytes of length, of the kind and the body,
// and the kind.
const head = 5

// New begins a frame.
func New(kind Kind) *Frame {
	f := frames.Get().(*Frame)
	f.bytes = append(f.bytes[:0], 0, 0, 0, 0, byte(kind))
	return f
}

// seal writes the length.
func (f *Frame) seal() []byte {
	binary.LittleEndian.PutUint32(f.bytes, uint32(len(f.bytes)-head+1))
	return f.bytes
}

// Uint adds a number.
func (f *Frame) Uint(n uint64) { f.bytes = binary.AppendUvarint(f.bytes, n) }

// Int adds a number that may be negative.
func (f *Frame) Int(n int64) { f.bytes = binary.AppendVarint(f.bytes, n) }

// Bool adds a truth value.
func (f *Frame) Bool(b bool) {
	if b {
		f.bytes = append(f.bytes, 1)
	} else {
		f.bytes = append(f.bytes, 0)
	}
}

// Bytes adds bytes; nil is read as nil.
func (f *Frame) Bytes(b []byte) {
	if b == nil {
		f.Uint(0)
		return
	}
	f.Uint(uint64(len(b)) + 1)
	f.bytes = append(f.bytes, b...)
}

// Text adds a text, which may be no UTF-8.
func (f *Frame) Text(s string) {
	f.Uint(uint64(len(s)))
	f.bytes = append(f.bytes, s...)
}

// Texts adds a list of texts; nil is read as nil.
func (f *Frame) Texts(list []string) {
	if list == nil {
		f.Uint(0)
		return
	}
	f.Uint(uint64(len(list)) + 1)
	for _, s := range list {
		f.Text(s)
	}
}

// Time adds a time, to the nanosecond and without its zone; the zero time is read as
// the zero time.
func (f *Frame) Time(t time.Time) {
	if t.IsZero() {
		f.Int(0)
		return
	}
	f.Int(t.UnixNano())
}
