package intake

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func noDeadline(time.Time) error { return nil }

func TestBodiesOfEveryLength(t *testing.T) {
	t.Parallel()
	reader := Reader{Limit: 200_000, Pace: Pace{Bytes: 1 << 10, Period: time.Second}}
	for _, length := range []int{0, 1, firstBytes - 1, firstBytes, firstBytes + 1, 2 * firstBytes, 199_999, 200_000} {
		want := bytes.Repeat([]byte("x"), length)
		for _, announced := range []int{length, -1} {
			budget := NewBudget(1<<20, time.Second)
			share := budget.Share()
			got, err := reader.Read(Source{Stream: iotest.OneByteReader(bytes.NewReader(want)), Announced: announced, Deadline: noDeadline}, share)
			require.NoError(t, err, "%d bytes, announced as %d", length, announced)
			require.Equal(t, len(want), len(got))
			require.Equal(t, want, got[:len(got):len(got)])
			require.GreaterOrEqual(t, share.held, int64(len(got)))
			share.Release()
			share.Release()
			require.True(t, budget.room.TryAcquire(1<<20), "all is given back")
		}
	}
}

func TestBodiesThatEndBadly(t *testing.T) {
	t.Parallel()
	reader := Reader{Limit: 100, Pace: Pace{Bytes: 1 << 10, Period: time.Second}}
	broken := errors.New("broken")
	for _, test := range []struct {
		name      string
		stream    io.Reader
		announced int
		want      error
	}{
		{"announced as too large: not read at all", iotest.ErrReader(broken), 101, ErrTooLarge},
		{"too large without a word", strings.NewReader(strings.Repeat("x", 101)), -1, ErrTooLarge},
		{"shorter than announced", strings.NewReader("x"), 50, io.ErrUnexpectedEOF},
		{"cut", iotest.ErrReader(broken), 50, broken},
		{"late", iotest.ErrReader(os.ErrDeadlineExceeded), 50, ErrTooSlow},
	} {
		_, err := reader.Read(Source{Stream: test.stream, Announced: test.announced, Deadline: noDeadline}, nil)
		require.ErrorIs(t, err, test.want, test.name)
	}
}

// What a sender announces costs nothing; what it has sent costs that.
func TestMemoryFollowsTheBytes(t *testing.T) {
	reader := Reader{Limit: 64 << 20, Pace: Pace{Bytes: 1 << 10, Period: time.Second}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := reader.Read(Source{Stream: strings.NewReader("x"), Announced: 64 << 20, Deadline: noDeadline}, nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

// paced hands out so many bytes at each read, each a second after the other,
// and fails at its deadline, as a connection does.
type paced struct {
	bytes    int
	deadline time.Time
}

func (p *paced) Read(into []byte) (int, error) {
	next := time.Now().Add(time.Second)
	if next.After(p.deadline) {
		time.Sleep(time.Until(p.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(time.Second)
	return min(p.bytes, len(into)), nil
}

func (p *paced) set(t time.Time) error { p.deadline = t; return nil }

func TestTricklesEndAndSlowBodiesDoNot(t *testing.T) {
	t.Parallel()
	reader := Reader{Limit: 1 << 20, Pace: Pace{Bytes: 10 << 10, Period: 10 * time.Second}}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		trickle := &paced{bytes: 1}
		_, err := reader.Read(Source{Stream: trickle, Announced: 1 << 20, Deadline: trickle.set}, nil)
		require.ErrorIs(t, err, ErrTooSlow)
		require.Equal(t, 10*time.Second, time.Since(begin))

		slow := &paced{bytes: 2 << 10}
		body, err := reader.Read(Source{Stream: slow, Announced: 1 << 20, Deadline: slow.set}, nil)
		require.NoError(t, err)
		require.Len(t, body, 1<<20)
	})
}

// A body that finds no room waits for it, for some time.
func TestTheBudgetIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader := Reader{Limit: 1 << 20, Pace: Pace{Bytes: 1 << 10, Period: time.Second}}
		budget := NewBudget(100_000, 5*time.Second)
		read := func(length int) (*Share, error) {
			share := budget.Share()
			_, err := reader.Read(Source{Stream: bytes.NewReader(make([]byte, length)), Announced: length, Deadline: noDeadline}, share)
			return share, err
		}
		first, err := read(80_000)
		require.NoError(t, err)
		small, err := read(20_000)
		require.NoError(t, err)

		begin := time.Now()
		second, err := read(30_000)
		require.ErrorIs(t, err, ErrFull)
		require.Equal(t, 5*time.Second, time.Since(begin))
		second.Release()

		known, err := reader.Read(Source{Stream: bytes.NewReader(make([]byte, 90_000)), Announced: 90_000, Deadline: noDeadline}, nil)
		require.NoError(t, err, "a known caller needs no share")
		require.Len(t, known, 90_000)

		time.AfterFunc(2*time.Second, first.Release)
		third, err := read(30_000)
		require.NoError(t, err)
		third.Release()
		small.Release()
		_, err = read(200_000)
		require.ErrorIs(t, err, ErrFull, "more than there is is not waited for")
	})
}
