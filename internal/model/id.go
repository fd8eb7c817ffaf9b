package model

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"
)

// ID is a UUID of version 7 (RFC 9562): its first 48 bits are milliseconds
// since 1970, so ids sort by the time they were made. Rendered as text it has
// the usual 36 characters. The zero ID stands for "none".
type ID [16]byte

// NewID makes an id for the present moment.
func NewID() ID { return NewIDAt(time.Now()) }

// NewIDAt makes an id that carries the time t: milliseconds in the first 48
// bits, the fraction of a millisecond in the next 12 (RFC 9562, method 3), the
// rest random.
func NewIDAt(t time.Time) ID {
	var id ID
	_, _ = rand.Read(id[6:]) // never fails: crypto/rand ends the process instead
	ms := uint64(t.UnixMilli())
	fraction := uint16((t.UnixNano() % int64(time.Millisecond)) * 4096 / int64(time.Millisecond))
	binary.BigEndian.PutUint64(id[:8], ms<<16|0x7000|uint64(fraction))
	id[8] = id[8]&0x3f | 0x80
	return id
}

// StepID makes the id of a step, which is the position-th of that attempt of an
// execution. It carries the execution's time, so that both fall into the same
// day's partition; ids of one execution's steps sort in start order: attempt in
// the 12 bits after the time, position in the next 24; the last 38 bits are the
// execution's own. Versions before had 0 for the attempt, and random bits after it.
func StepID(execution ID, attempt, position int) ID {
	id := execution
	ms := binary.BigEndian.Uint64(id[:8]) >> 16
	binary.BigEndian.PutUint64(id[:8], ms<<16|0x7000|uint64(min(attempt, 0xfff)))
	own := binary.BigEndian.Uint64(id[8:]) & (1<<38 - 1)
	binary.BigEndian.PutUint64(id[8:], 1<<63|uint64(min(position, 1<<24-1))<<38|own)
	return id
}

// FirstIDOf returns the smallest id that can be made at t, for range bounds.
func FirstIDOf(t time.Time) ID {
	var id ID
	binary.BigEndian.PutUint64(id[:8], uint64(t.UnixMilli())<<16)
	return id
}

var errBadID = errors.New("not a UUID")

// ParseID reads the 36-character form, in either case.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, errBadID
	}
	var compact [32]byte
	n := 0
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		compact[n] = s[i]
		n++
	}
	if _, err := hex.Decode(id[:], compact[:]); err != nil {
		return ID{}, errBadID
	}
	return id, nil
}

// Time is the moment the id was made for, in UTC, to the millisecond.
func (id ID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16)).UTC()
}

// IsZero reports whether id stands for "none".
func (id ID) IsZero() bool { return id == ID{} }

// String renders the id as 36 characters in lower case.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], id[10:16])
	return string(b[:])
}

// MarshalText renders the id; the zero id becomes empty text.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return []byte{}, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ID{}
		return nil
	}
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
