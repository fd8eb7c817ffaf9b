package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

const limit = 64 << 20

// written is what a writer has put out for some frames.
func written(t testing.TB, frames ...*Frame) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, f := range frames {
		require.NoError(t, w.Send(f))
	}
	return out.Bytes()
}

func every(kind Kind) *Frame {
	f := New(kind)
	f.Uint(math.MaxUint64)
	f.Int(math.MinInt64)
	f.Bool(true)
	f.Bytes(nil)
	f.Bytes([]byte{})
	f.Bytes([]byte("\x00\xff"))
	f.Text("välue\xff")
	f.Texts(nil)
	f.Texts([]string{"", "a"})
	f.Time(time.Time{})
	f.Time(time.Unix(1_700_000_000, 123))
	return f
}

func requireEvery(t testing.TB, fields Fields) {
	t.Helper()
	require.Equal(t, uint64(math.MaxUint64), fields.Uint())
	require.Equal(t, int64(math.MinInt64), fields.Int())
	require.True(t, fields.Bool())
	require.Nil(t, fields.Bytes())
	require.Equal(t, []byte{}, fields.Bytes())
	require.Equal(t, []byte("\x00\xff"), fields.View())
	require.Equal(t, "välue\xff", fields.Text())
	require.Nil(t, fields.Texts())
	require.Equal(t, []string{"", "a"}, fields.Texts())
	require.True(t, fields.Time().IsZero())
	require.True(t, fields.Time().Equal(time.Unix(1_700_000_000, 123)))
	require.NoError(t, fields.Err())
}

func TestFieldsOfFrames(t *testing.T) {
	t.Parallel()
	text := written(t, every(1), every(2))
	for name, source := range map[string]io.Reader{
		"whole": bytes.NewReader(text), "byte by byte": iotest.OneByteReader(bytes.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewReader(source, limit)
			for kind := Kind(1); kind <= 2; kind++ {
				got, fields, err := r.Next()
				require.NoError(t, err)
				require.Equal(t, kind, got)
				requireEvery(t, fields)
			}
			_, _, err := r.Next()
			require.Equal(t, io.EOF, err)
		})
	}
}

func TestLargeFrame(t *testing.T) {
	t.Parallel()
	value := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
	large, small := New(7), New(8)
	large.Bytes(value)
	small.Text("after")
	r := NewReader(iotest.HalfReader(bytes.NewReader(written(t, large, small))), limit)
	kind, fields, err := r.Next()
	require.NoError(t, err)
	require.EqualValues(t, 7, kind)
	got := fields.Bytes()
	require.True(t, bytes.Equal(value, got))
	kind, after, err := r.Next()
	require.NoError(t, err)
	require.EqualValues(t, 8, kind)
	require.Equal(t, "after", after.Text())
	require.True(t, bytes.Equal(value, got), "it is the receiver's own")
}

// halting gives one byte after the other, and an error between two.
type halting struct {
	rest   []byte
	halted bool
}

var errHalt = errors.New("nothing has come")

func (h *halting) Read(p []byte) (int, error) {
	if h.halted = !h.halted; h.halted {
		return 0, errHalt
	}
	n := copy(p[:min(len(p), 1000)], h.rest)
	h.rest = h.rest[n:]
	return n, nil
}

// A reader goes on where it was after an error that is not the end.
func TestFramesOfASourceThatHalts(t *testing.T) {
	t.Parallel()
	value := bytes.Repeat([]byte("0123456789abcdef"), 20<<10)
	large := New(7)
	large.Bytes(value)
	r := NewReader(&halting{rest: written(t, every(1), large, every(2))}, limit)
	next := func() (Kind, Fields) {
		for {
			require.False(t, r.Buffered() && r.size > 0)
			kind, fields, err := r.Next()
			if err == nil {
				return kind, fields
			}
			require.Equal(t, errHalt, err)
		}
	}
	kind, fields := next()
	require.EqualValues(t, 1, kind)
	requireEvery(t, fields)
	kind, fields = next()
	require.EqualValues(t, 7, kind)
	require.True(t, bytes.Equal(value, fields.Bytes()))
	kind, fields = next()
	require.EqualValues(t, 2, kind)
	requireEvery(t, fields)
}

// A peer that dies leaves any part of its last frames.
func TestFrameThatIsCutShort(t *testing.T) {
	t.Parallel()
	text := written(t, every(1))
	for size := 1; size < len(text); size++ {
		_, _, err := NewReader(bytes.NewReader(text[:size]), limit).Next()
		require.Equal(t, io.ErrUnexpectedEOF, err, size)
	}
	large := New(1)
	large.Bytes(make([]byte, 200<<10))
	text = written(t, large)
	for _, size := range []int{head, ahead, ahead + 1, len(text) - 1} {
		_, _, err := NewReader(bytes.NewReader(text[:size]), limit).Next()
		require.Equal(t, io.ErrUnexpectedEOF, err, size)
	}
}

func TestAbsurdLengths(t *testing.T) {
	t.Parallel()
	for _, length := range []uint32{0, limit + 1, math.MaxUint32} {
		text := binary.LittleEndian.AppendUint32(nil, length)
		_, _, err := NewReader(bytes.NewReader(append(text, 1, 2, 3)), limit).Next()
		var refused *LengthError
		require.ErrorAs(t, err, &refused, length)
	}
	for name, body := range map[string][]byte{
		"bytes beyond the body": {0xff, 0xff, 0xff, 0xff, 0x0f},
		"no number":             {0xff},
		"empty":                 {},
	} {
		fields := FieldsOf(body)
		require.Nil(t, fields.Bytes(), name)
		require.ErrorIs(t, fields.Err(), ErrMalformed, name)
		list := FieldsOf(body)
		require.Nil(t, list.Texts(), name)
		require.ErrorIs(t, list.Err(), ErrMalformed, name)
	}
	rest := FieldsOf([]byte{1, 2})
	rest.Uint()
	require.ErrorIs(t, rest.Err(), ErrMalformed, "bytes are left")
}

// An announced length takes no memory before the bytes are there.
func TestMemoryOfAnAnnouncedLength(t *testing.T) {
	t.Parallel()
	text := append(binary.LittleEndian.AppendUint32(nil, limit), make([]byte, 100)...)
	source := &roomSource{source: bytes.NewReader(text)}
	_, _, err := NewReader(source, limit).Next()
	require.Equal(t, io.ErrUnexpectedEOF, err)
	require.LessOrEqual(t, source.room, step)
}

// roomSource notes how much room it was given.
type roomSource struct {
	source io.Reader
	room   int
}

func (s *roomSource) Read(p []byte) (int, error) {
	s.room = max(s.room, len(p))
	return s.source.Read(p)
}

// blockedTarget takes one write at a time, when it is told to.
type blockedTarget struct {
	writes chan []byte
	err    error
}

func (b *blockedTarget) Write(p []byte) (int, error) {
	b.writes <- bytes.Clone(p)
	return len(p), b.err
}

func TestFramesThatShareAWrite(t *testing.T) {
	t.Parallel()
	target := &blockedTarget{writes: make(chan []byte)}
	w := NewWriter(target)
	var sending sync.WaitGroup
	sending.Go(func() { _ = w.Send(New(1)) }) // it waits in Write
	for !w.busy() {
		runtime.Gosched()
	}
	require.NoError(t, w.Send(New(2)), "the first sender writes it")
	require.NoError(t, w.Hold(New(3)))
	require.Len(t, <-target.writes, head)
	require.Len(t, <-target.writes, 2*head)
	sending.Wait()
	require.NoError(t, w.Hold(New(4)))
	require.True(t, w.Holds())
	sending.Go(func() { _ = w.Flush() })
	require.Len(t, <-target.writes, head)
	sending.Wait()
	require.False(t, w.Holds())
}

func (w *Writer) busy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.writing
}

func TestSendersOfAClosedConnection(t *testing.T) {
	t.Parallel()
	target := &blockedTarget{writes: make(chan []byte), err: errors.New("broken pipe")}
	w := NewWriter(target)
	var sending sync.WaitGroup
	for range 4 {
		sending.Go(func() {
			f := New(1)
			f.Bytes(make([]byte, 2*most))
			for w.Send(f) == nil {
				f = New(1)
				f.Bytes(make([]byte, 2*most))
			}
		})
	}
	<-target.writes
	sending.Wait()
	require.ErrorIs(t, w.Send(New(1)), ErrClosed)
	require.ErrorIs(t, w.Flush(), ErrClosed)
}

func FuzzFrames(f *testing.F) {
	f.Add(written(f, every(1), every(2)), uint8(3))
	f.Add(written(f, New(9)), uint8(0))
	f.Add([]byte("\xff\xff\xff\x00"), uint8(7))
	f.Fuzz(func(t *testing.T, text []byte, order uint8) {
		r := NewReader(bytes.NewReader(text), 1<<20)
		for {
			_, fields, err := r.Next()
			if err != nil {
				return
			}
			for range 100 {
				if fields.Err() == nil || fields.broken {
					break
				}
				switch order % 8 {
				case 0:
					fields.Uint()
				case 1:
					fields.Int()
				case 2:
					fields.Bool()
				case 3:
					fields.Bytes()
				case 4:
					fields.View()
				case 5:
					require.LessOrEqual(t, len(fields.Text()), len(text))
				case 6:
					require.LessOrEqual(t, len(strings.Join(fields.Texts(), "")), len(text))
				case 7:
					fields.Time()
				}
				order = order*5 + 1
			}
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	value := []byte(`{"name": "Ada"}`)
	w := NewWriter(io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		f := New(1)
		f.Uint(12345)
		f.Bytes(value)
		if w.Send(f) != nil {
			b.Fatal("not sent")
		}
	}
}
