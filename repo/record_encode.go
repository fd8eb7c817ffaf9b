package repo

import (
	"encoding/binary"
	"sync"
	"time"

	"maestro/internal/model"
)

// copyBuffer builds the data of a COPY in PostgreSQL's binary format: a
// header, rows of length-prefixed fields in network order, a trailer.
type copyBuffer struct{ data []byte }

// largestKeptBuffer bounds what a pooled buffer may hold on to, in bytes.
const largestKeptBuffer = 4 << 20

func (b *copyBuffer) free() {
	if cap(b.data) <= largestKeptBuffer {
		copyBuffers.Put(b)
	}
}

func (b *copyBuffer) begin() {
	b.data = append(b.data[:0], "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
}

func (b *copyBuffer) end() { b.data = append(b.data, 0xff, 0xff) }

var copyBuffers = sync.Pool{New: func() any { return new(copyBuffer) }}

func (b *copyBuffer) row(fields uint16) { b.data = binary.BigEndian.AppendUint16(b.data, fields) }

func (b *copyBuffer) size(n int) { b.data = binary.BigEndian.AppendUint32(b.data, uint32(n)) }

func (b *copyBuffer) null() { b.data = append(b.data, 0xff, 0xff, 0xff, 0xff) }

func (b *copyBuffer) id(id model.ID) {
	if id.IsZero() {
		b.null()
		return
	}
	b.size(len(id))
	b.data = append(b.data, id[:]...)
}

func (b *copyBuffer) text(s string) {
	b.size(len(s))
	b.data = append(b.data, s...)
}

func (b *copyBuffer) textOrNull(s *string) {
	if s == nil {
		b.null()
		return
	}
	b.text(*s)
}

func (b *copyBuffer) json(value []byte) {
	if value == nil {
		b.null()
		return
	}
	b.size(len(value))
	b.data = append(b.data, value...)
}

func (b *copyBuffer) int4(n int) {
	b.size(4)
	b.data = binary.BigEndian.AppendUint32(b.data, uint32(int32(n)))
}

func (b *copyBuffer) int8(n int64) {
	b.size(8)
	b.data = binary.BigEndian.AppendUint64(b.data, uint64(n))
}

func (b *copyBuffer) microseconds(d time.Duration) { b.int8(d.Microseconds()) }

func (b *copyBuffer) bool(v bool) {
	b.size(1)
	if v {
		b.data = append(b.data, 1)
		return
	}
	b.data = append(b.data, 0)
}

func (b *copyBuffer) boolOrNull(v *bool) {
	if v == nil {
		b.null()
		return
	}
	b.bool(*v)
}

// postgresEpoch is where PostgreSQL counts its microseconds from.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func (b *copyBuffer) time(t time.Time) {
	if t.IsZero() {
		b.null()
		return
	}
	b.int8(t.UnixMicro() - postgresEpoch)
}
