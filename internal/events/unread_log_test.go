package events

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestPackedEventsAreUnpacked(t *testing.T) {
	t.Parallel()
	full := Event{
		Name: Log, At: time.Now().Truncate(0), StepID: model.NewID(), Function: "f\x00é", Version: 12, Status: model.StatusFailed,
		Duration: 1500 * time.Microsecond, ErrorType: "ValueError", Stream: "stdout", Level: "info", Text: "a\nb", Fields: json.RawMessage(`{"a":1}`),
	}
	packed := full.pack(nil)
	call := Event{Name: FunctionCalled, At: full.At, StepID: model.NewID(), ParentID: model.NewID(), Function: "g", Version: 1}
	packed = call.pack(packed)
	packed = (&Event{Name: ExecutionStarted, At: full.At}).pack(packed)
	first, rest := unpack(packed)
	require.Equal(t, full, first)
	second, rest := unpack(rest)
	require.Equal(t, call, second)
	third, rest := unpack(rest)
	require.Equal(t, Event{Name: ExecutionStarted, At: full.At}, third)
	require.Empty(t, rest)

	long := Event{Name: Log, At: full.At, Text: strings.Repeat("x", maxText+5)}
	short, _ := unpack(long.pack(nil))
	require.Equal(t, long.appendFields(nil), short.appendFields(nil), "cut here or there, it is shown the same")
}

// A log that is read while it grows is whole and in order, on both sides of
// the moment when its first reader came.
func TestALogIsWholeHoweverEarlyItIsRead(t *testing.T) {
	t.Parallel()
	bus := closing(t, NewEmbedded(Options{}))
	require.NoError(t, bus.Start(t.Context()))
	const lines = 3000 // also more than are kept before the log is moved by itself
	ids := []model.ID{model.NewID(), model.NewID(), model.NewID()}
	var all sync.WaitGroup
	for k, id := range ids {
		all.Go(func() {
			for i := range lines {
				bus.Publish(line(id, fmt.Sprint(i)))
				if i == k*700 && k > 0 { // the first one is not read before its end
					_, _, err := bus.Read(t.Context(), id, "", 1)
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		var got []string
		after := ""
		for {
			page, total, err := bus.Read(t.Context(), id, after, MaxCount)
			require.NoError(t, err)
			if len(page) == 0 {
				require.EqualValues(t, lines, total)
				break
			}
			got = append(got, texts(page)...)
			after = page[len(page)-1].ID
		}
		require.Len(t, got, lines)
		for i, text := range got {
			require.Equal(t, fmt.Sprint(i), text)
		}
	}
	require.Zero(t, bus.Stats().Dropped)
}

func TestUnreadLogsStayWithinTheirBound(t *testing.T) {
	t.Parallel()
	u := newUnreadLogs(100_000, time.Hour)
	var ids []model.ID
	for range 5000 {
		e := line(model.NewID(), strings.Repeat("x", 100))
		ids = append(ids, e.ExecutionID)
		kept, full := u.keep(&e)
		require.True(t, kept)
		require.False(t, full)
		require.LessOrEqual(t, u.total, u.limit)
	}
	require.Len(t, u.take(ids[4999]), 1, "the newest is there")
	require.Empty(t, u.take(ids[0]), "the oldest is gone")
	require.Less(t, len(u.order), 5000, "and so is its place")
	u.logs = map[model.ID]*unreadLog{}

	short := newUnreadLogs(1<<20, time.Nanosecond)
	e := line(model.NewID(), "x")
	short.keep(&e)
	next := line(model.NewID(), "y")
	short.keep(&next)
	require.Empty(t, short.take(e.ExecutionID), "its time is over")
}

// A log that no stream would keep whole is not moved to one: its newest events are kept.
func TestUnreadLogThatFloods(t *testing.T) {
	t.Parallel()
	u := newUnreadLogs(32<<20, time.Hour)
	id := model.NewID()
	const lines = 3*MaxEntries + 17
	for i := range lines {
		e := line(id, fmt.Sprint(i))
		kept, full := u.keep(&e)
		require.True(t, kept)
		require.False(t, full)
	}
	require.Less(t, u.total, int64(maxUnreadBytes))
	events := u.take(id)
	require.Len(t, events, MaxEntries)
	for i, e := range events {
		require.Equal(t, fmt.Sprint(lines-MaxEntries+i), e.Text)
		require.Equal(t, id, e.ExecutionID)
	}
	require.Zero(t, u.total)
}

// One of long lines is moved, in a part of the room of all.
func TestUnreadLogOfLongLines(t *testing.T) {
	t.Parallel()
	u := newUnreadLogs(32<<20, time.Hour)
	id := model.NewID()
	moved := 0
	for range 1100 {
		e := line(id, strings.Repeat("x", 1000))
		if _, full := u.keep(&e); full {
			moved++
		}
	}
	require.Equal(t, 1, moved)
}
