package repo

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
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

// copyRow adds a row to the data of a COPY.
func copyRow[Row any](b *copyBuffer, t *table[Row], row *Row) {
	b.data = binary.BigEndian.AppendUint16(b.data, uint16(len(t.columns)))
	for i := range t.columns {
		b.field(t.columns[i].field(row))
	}
}

// field adds what a column's field points to. A zero id, a zero time, a nil value
// and a nil pointer are NULL.
func (b *copyBuffer) field(field any) {
	switch f := field.(type) {
	case *model.ID:
		b.id(*f)
	case *string:
		b.text(*f)
	case **string:
		if *f == nil {
			b.null()
			return
		}
		b.text(**f)
	case *json.RawMessage:
		b.json(*f)
	case *int:
		b.int4(*f)
	case *time.Duration:
		b.int8(f.Microseconds())
	case *time.Time:
		b.time(*f)
	case *bool:
		b.bool(*f)
	case **bool:
		if *f == nil {
			b.null()
			return
		}
		b.bool(**f)
	default:
		panic(fmt.Sprintf("no encoding for a field of type %T", field))
	}
}

// argument is what a column's field points to as a parameter of a statement; what
// field makes NULL is NULL.
func argument(field any) any {
	switch f := field.(type) {
	case *model.ID:
		return uuid(*f)
	case *string:
		return *f
	case **string:
		return *f
	case *json.RawMessage:
		return []byte(*f)
	case *int:
		return int32(*f)
	case *time.Duration:
		return f.Microseconds()
	case *time.Time:
		return moment(*f)
	case *bool:
		return *f
	case **bool:
		return *f
	default:
		panic(fmt.Sprintf("no parameter for a field of type %T", field))
	}
}

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

func (b *copyBuffer) bool(v bool) {
	b.size(1)
	if v {
		b.data = append(b.data, 1)
		return
	}
	b.data = append(b.data, 0)
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
