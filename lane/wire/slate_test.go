package wire

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// deadEnd takes so many bytes, and then none.
type deadEnd struct {
	took bytes.Buffer
	room int
}

var errDead = errors.New("the process has ended")

func (d *deadEnd) Write(p []byte) (int, error) {
	n := min(len(p), d.room)
	d.room -= n
	d.took.Write(p[:n])
	if n < len(p) {
		return n, errDead
	}
	return n, nil
}

// At each point at which a child dies, the frames that it has sent and those in its slate
// are all that it has reported.
func TestFramesOfAChildThatDies(t *testing.T) {
	t.Parallel()
	const count = 300
	for _, room := range []int{0, 1, 7, 1000, 5000, 20_000, 40_000, math.MaxInt} {
		slate, err := NewSlate()
		require.NoError(t, err)
		end := &deadEnd{room: room}
		w, err := NewWriterOn(end, slate.File())
		require.NoError(t, err)
		reported := 0
		for n := range count {
			f := New(Kind(1 + n%100))
			f.Uint(uint64(n))
			f.Bytes(make([]byte, 200))
			if n%70 == 69 {
				err = w.Send(f)
			} else {
				err = w.Hold(f)
			}
			if err != nil {
				break
			}
			reported++
		}
		rest := slate.Rest(uint64(end.took.Len()))
		r := NewReader(io.MultiReader(&end.took, bytes.NewReader(rest)), limit)
		for n := range reported {
			_, fields, err := r.Next()
			require.NoError(t, err, "frame %d of %d with room %d", n, reported, room)
			require.EqualValues(t, n, fields.Uint())
		}
		slate.Close()
	}
}

// A frame that is larger than the slate is sent at once, and those around it stay in order.
func TestSlateAndALargeFrame(t *testing.T) {
	t.Parallel()
	slate, err := NewSlate()
	require.NoError(t, err)
	defer slate.Close()
	var out bytes.Buffer
	w, err := NewWriterOn(&out, slate.File())
	require.NoError(t, err)
	for n := range 3 {
		f := New(1)
		f.Uint(uint64(n))
		f.Bytes(make([]byte, n%2*200_000))
		require.NoError(t, w.Hold(f))
	}
	received := uint64(out.Len())
	r := NewReader(io.MultiReader(&out, bytes.NewReader(slate.Rest(received))), limit)
	for n := range 3 {
		_, fields, err := r.Next()
		require.NoError(t, err)
		require.EqualValues(t, n, fields.Uint())
	}
}

func TestSlateOfAHostileChild(t *testing.T) {
	t.Parallel()
	slate, err := NewSlate()
	require.NoError(t, err)
	defer slate.Close()
	require.Error(t, slate.File().Truncate(10), "its size is sealed")
	require.Error(t, slate.File().Truncate(slateSize+1))
	_, err = slate.File().WriteAt(bytes.Repeat([]byte{0xff}, slateSize), 0)
	require.NoError(t, err)
	require.Empty(t, slate.Rest(5))
	require.Len(t, slate.Marker(), slateMarker)
	m, err := mapSlate(slate.File())
	require.NoError(t, err)
	m[0].note(math.MaxUint64, math.MaxInt)
	m[1].note(0, math.MaxInt)
	require.Len(t, slate.Rest(5), slateHalf-halfHead-5)
	require.Empty(t, slate.Rest(math.MaxUint64))
}

func TestMarkerOfASlate(t *testing.T) {
	t.Parallel()
	slate, err := NewSlate()
	require.NoError(t, err)
	defer slate.Close()
	require.Empty(t, slate.Marker())
	_, err = slate.File().WriteString("fault SIGSEGV\n") // as the child does, whose descriptor shares the place
	require.NoError(t, err)
	require.Equal(t, "fault SIGSEGV\n", string(slate.Marker()))
	_, err = slate.File().Write(make([]byte, slateMarker))
	require.Error(t, err, "it does not grow")
}
