package events

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests; none of them needs it.
const patience = 20 * time.Second

// forEachRedis runs a test against the embedded Redis and a real one.
func forEachRedis(t *testing.T, test func(t *testing.T, newBus func(Options) *Bus)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, func(opts Options) *Bus { return closing(t, NewEmbedded(opts)) })
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		url := startServer(t, t.TempDir()).url
		test(t, func(opts Options) *Bus { return connect(t, url, opts) })
	})
}

// server is a redis-server of the test's own, on a unix socket.
type server struct {
	url  string
	kill func()
}

func startServer(tb testing.TB, dir string) *server {
	tb.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		tb.Skip("redis-server is not installed: scripts/setup does that")
	}
	socket := filepath.Join(dir, "redis.sock")
	_ = os.Remove(socket)
	cmd := exec.Command(binary, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir)
	require.NoError(tb, cmd.Start())
	s := &server{url: "unix://" + socket}
	s.kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	tb.Cleanup(s.kill)
	bus := connect(tb, s.url, Options{})
	require.Eventually(tb, func() bool { return bus.Ping(tb.Context()) == nil }, patience, 5*time.Millisecond)
	return s
}

func connect(tb testing.TB, url string, opts Options) *Bus {
	tb.Helper()
	bus, err := New(url, opts)
	require.NoError(tb, err)
	return closing(tb, bus)
}

func closing(tb testing.TB, bus *Bus) *Bus {
	tb.Helper()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(tb, bus.Close(ctx))
	})
	return bus
}

func line(id model.ID, text string) Event {
	return Event{Tenant: "default", ExecutionID: id, Name: Log, At: time.Now(), Stream: "stdout", Text: text}
}

func texts(entries []Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, *e.Message)
	}
	return out
}

func TestRunIsReadBackAsItWasPublished(t *testing.T) {
	t.Parallel()
	forEachRedis(t, func(t *testing.T, newBus func(Options) *Bus) {
		bus := newBus(Options{})
		require.NoError(t, bus.Start(t.Context()))
		id, step, parent := model.NewID(), model.NewID(), model.NewID()
		at := time.Date(2026, 11, 23, 1, 2, 3, 4567000, time.FixedZone("", 3600))
		for _, e := range []Event{
			{Name: ExecutionStarted, Function: "process_invoice", Version: 3},
			{Name: FunctionCalled, StepID: step, ParentID: parent, Function: "fetch_document", Version: 1},
			{Name: Log, StepID: step, Function: "fetch_document", Version: 1, Stream: "stdout", Text: ""},
			{Name: Log, StepID: step, Level: "warning", Text: "slow\u0000 \xff", Fields: json.RawMessage(`{"ms":7}`)},
			{Name: FunctionCompleted, StepID: step, Function: "fetch_document", Version: 1, Status: model.StatusFailed,
				Duration: 1234567 * time.Nanosecond, ErrorType: "ValueError"},
			{Name: ExecutionCompleted, Function: "process_invoice", Version: 3, Status: model.StatusCompleted, Duration: 2 * time.Millisecond},
		} {
			e.Tenant, e.ExecutionID, e.At = "acme", id, at
			bus.Publish(e)
		}

		entries, total, err := bus.Read(t.Context(), id, "", 0)
		require.NoError(t, err)
		require.EqualValues(t, 6, total)
		require.Len(t, entries, 6)
		got := make([]string, 0, len(entries))
		for _, e := range entries {
			require.Equal(t, "acme", e.Tenant)
			require.Regexp(t, streamID, e.ID)
			e.ID = "#"
			shown, err := json.Marshal(e)
			require.NoError(t, err)
			got = append(got, string(shown))
		}
		when := `{"id":"#","execution_id":"` + id.String() + `","timestamp":"2026-11-23T00:02:03.004567Z",`
		s := step.String()
		require.Equal(t, []string{
			when + `"event":"execution_started","function_name":"process_invoice","function_version":3}`,
			when + `"event":"function_called","step_id":"` + s + `","parent_step_id":"` + parent.String() + `","function_name":"fetch_document","function_version":1}`,
			when + `"event":"log","step_id":"` + s + `","function_name":"fetch_document","function_version":1,"stream":"stdout","message":""}`,
			when + `"event":"log","step_id":"` + s + `","level":"warning","message":"slow\u0000 \ufffd","fields":{"ms":7}}`,
			when + `"event":"function_completed","step_id":"` + s + `","function_name":"fetch_document","function_version":1,"status":"failed","duration_ms":1.235,"error_type":"ValueError"}`,
			when + `"event":"execution_completed","function_name":"process_invoice","function_version":3,"status":"completed","duration_ms":2}`,
		}, got)
	})
}

func TestReadPages(t *testing.T) {
	t.Parallel()
	forEachRedis(t, func(t *testing.T, newBus func(Options) *Bus) {
		bus := newBus(Options{})
		require.NoError(t, bus.Start(t.Context()))
		id := model.NewID()
		var want []string
		for i := range 250 {
			want = append(want, fmt.Sprint(i))
			bus.Publish(line(id, want[i]))
			bus.Publish(line(model.NewID(), "of another execution"))
		}
		var got []string
		after := ""
		for {
			entries, total, err := bus.Read(t.Context(), id, after, 60)
			require.NoError(t, err)
			require.EqualValues(t, len(want), total)
			if len(entries) == 0 {
				break
			}
			got = append(got, texts(entries)...)
			after = entries[len(entries)-1].ID
		}
		require.Equal(t, want, got)

		none, total, err := bus.Read(t.Context(), model.NewID(), "", 0)
		require.NoError(t, err)
		require.Zero(t, total)
		require.NotNil(t, none, "an empty log is an empty list in JSON")
		require.Empty(t, none)
	})
}

func TestReadRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	bus := connect(t, "redis://127.0.0.1:1", Options{})
	for _, c := range []struct {
		after string
		count int
	}{{"yesterday", 0}, {"1-2-3", 0}, {"-1", 0}, {"", -1}, {"", MaxCount + 1}} {
		_, _, err := bus.Read(t.Context(), model.NewID(), c.after, c.count)
		require.Equal(t, model.CodeInvalid, model.CodeOf(err), "%+v", c)
	}
	require.NoError(t, bus.Start(t.Context()))
	_, _, err := bus.Read(t.Context(), model.NewID(), "", 0)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
}

func TestStreamIsBoundedAndExpires(t *testing.T) {
	t.Parallel()
	forEachRedis(t, func(t *testing.T, newBus func(Options) *Bus) {
		bus := newBus(Options{})
		id := model.NewID()
		require.NoError(t, bus.Start(t.Context()))
		const published = MaxEntries + 3000 // less than the queue's length
		for i := range published {
			bus.Publish(line(id, fmt.Sprint(i)))
		}
		require.Eventually(t, func() bool { return bus.Stats().Written == published }, patience, time.Millisecond)
		_, total, err := bus.Read(t.Context(), id, "", 1)
		require.NoError(t, err)
		require.LessOrEqual(t, total, int64(MaxEntries+200), "trimmed in whole nodes")
		require.GreaterOrEqual(t, total, int64(MaxEntries))
		var ttl time.Duration
		require.NoError(t, bus.store.use(func(c *redis.Client) error {
			ttl, err = c.TTL(t.Context(), streamKey(id)).Result()
			return err
		}))
		require.InDelta(t, 7*24*time.Hour, ttl, float64(time.Hour))
	})
}

func TestLongLineIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	text := "a" + strings.Repeat("é", maxText)
	kept, cut := cutText(text)
	require.Equal(t, "a"+strings.Repeat("é", maxText/2-1), kept)
	require.Equal(t, len(text), len(kept)+cut)
	kept, cut = cutText(strings.Repeat("\x80", maxText+10))
	require.LessOrEqual(t, len(kept), maxText)
	require.Equal(t, maxText+10, len(kept)+cut, "not even UTF-8")
}

func TestFullQueueDropsAndCounts(t *testing.T) {
	t.Parallel()
	bus := closing(t, NewEmbedded(Options{QueueLength: 3}))
	id := asked(bus)
	for i := range 5 {
		bus.Publish(line(id, fmt.Sprint(i)))
	}
	require.Equal(t, Stats{Published: 5, Dropped: 2, Queued: 3, Connected: true}, bus.Stats())

	require.NoError(t, bus.Start(t.Context()))
	require.Eventually(t, func() bool { return bus.Stats().Written == 3 }, patience, time.Millisecond)
	entries, _, err := bus.Read(t.Context(), id, "", 0)
	require.NoError(t, err)
	require.Equal(t, []string{"0", "1", "2"}, texts(entries))

	byBytes := closing(t, NewEmbedded(Options{QueueBytes: 1000}))
	byBytes.store.(*embeddedStore).unread.take(id)
	byBytes.Publish(line(id, strings.Repeat("x", 900)))
	require.Equal(t, Stats{Published: 1, Dropped: 1, Connected: true}, byBytes.Stats())
	byBytes.Publish(line(id, strings.Repeat("x", 700)))
	require.Equal(t, 1, byBytes.Stats().Queued, "a refused event takes no room")
	byBytes.Publish(line(id, "no room"))
	require.Equal(t, Stats{Published: 3, Dropped: 2, Queued: 1, Connected: true}, byBytes.Stats())
}

func TestRedisKilledAndBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startServer(t, dir)
	var logged strings.Builder
	bus := connect(t, first.url, Options{Log: slog.New(slog.NewTextHandler(&logged, nil))})
	require.NoError(t, bus.Start(t.Context()))
	id := model.NewID()
	bus.Publish(line(id, "before"))
	entries, _, err := bus.Read(t.Context(), id, "", 0)
	require.NoError(t, err)
	require.Len(t, entries, 1)

	first.kill()
	bus.Publish(line(id, "lost"))
	require.Eventually(t, func() bool { s := bus.Stats(); return s.Dropped == 1 && !s.Connected }, patience, time.Millisecond)
	_, _, err = bus.Read(t.Context(), id, "", 0)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))

	startServer(t, dir)
	require.Eventually(t, func() bool {
		bus.Publish(line(id, "after"))
		return bus.Stats().Connected
	}, patience, 10*time.Millisecond)
	entries, _, err = bus.Read(t.Context(), id, "", 0)
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	require.Equal(t, "after", *entries[0].Message)

	require.NoError(t, bus.Stop(t.Context()))
	s := bus.Stats()
	require.Equal(t, s.Published, s.Written+s.Dropped, "every event is accounted for")
	require.Equal(t, 1, strings.Count(logged.String(), "level=WARN"), "an outage is one line, not one a batch")
	require.Equal(t, 1, strings.Count(logged.String(), "redis is back"))
}

// countsOf are a bus's figures but for the memory that its Redis holds.
func countsOf(bus *Bus) Stats {
	stats := bus.Stats()
	stats.Held = 0
	return stats
}

func TestStopWritesTheQueue(t *testing.T) {
	t.Parallel()
	forEachRedis(t, func(t *testing.T, newBus func(Options) *Bus) {
		bus := newBus(Options{})
		id := model.NewID()
		for i := range 5000 {
			bus.Publish(line(id, fmt.Sprint(i)))
		}
		require.NoError(t, bus.Start(t.Context()))
		require.NoError(t, bus.Stop(t.Context()))
		require.Equal(t, Stats{Published: 5000, Written: 5000, Connected: true}, countsOf(bus))
	})
}

func TestStopDoesNotWaitForRedisThatIsAway(t *testing.T) {
	t.Parallel()
	bus := connect(t, "redis://127.0.0.1:1", Options{})
	for range 5000 {
		bus.Publish(line(model.NewID(), "lost"))
	}
	require.NoError(t, bus.Start(t.Context()))
	require.NoError(t, bus.Stop(t.Context()))
	require.Equal(t, Stats{Published: 5000, Dropped: 5000}, bus.Stats())
	require.Zero(t, bus.queuedBytes.Load())
}

func TestEventsPublishedDuringStartsAndStopsAreWritten(t *testing.T) {
	t.Parallel()
	bus := closing(t, NewEmbedded(Options{}))
	require.NoError(t, bus.Stop(t.Context()))
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			switch i % 3 {
			case 0:
				_ = bus.Start(t.Context())
			case 1:
				_ = bus.Stop(t.Context())
			default:
				bus.Publish(line(model.NewID(), "x"))
			}
		})
	}
	all.Wait()
	require.NoError(t, bus.Stop(t.Context())) // the last one may have been a start
	require.NoError(t, bus.Start(t.Context()))
	require.NoError(t, bus.Stop(t.Context()))
	require.NoError(t, bus.Stop(t.Context()))
	require.Equal(t, Stats{Published: 20, Written: 20, Connected: true}, countsOf(bus))
}

func TestBusStartsAndStopsInAnyOrder(t *testing.T) {
	t.Parallel()
	servicetest.Stress(t, func(t *testing.T) service.Service { return closing(t, NewEmbedded(Options{})) })
}

func TestEmbeddedRedisStaysWithinItsBound(t *testing.T) {
	t.Parallel()
	bus := closing(t, NewEmbedded(Options{EmbeddedBytes: 40_000}))
	require.NoError(t, bus.Start(t.Context()))
	var ids []model.ID
	for i := range 40 {
		ids = append(ids, model.NewID())
		bus.Publish(line(ids[i], strings.Repeat("x", 1000)))
		_, total, err := bus.Read(t.Context(), ids[i], "", 1)
		require.NoError(t, err)
		require.EqualValues(t, 1, total)
	}
	kept := bus.store.(*embeddedStore).server.Keys()
	require.Len(t, kept, 8, "half of 40,000 bytes hold so many")
	require.Contains(t, kept, streamKey(ids[39]))
	require.NotContains(t, kept, streamKey(ids[31]))
}

func TestEmbeddedRedisMovesToANewInstance(t *testing.T) {
	t.Parallel()
	bus := closing(t, NewEmbedded(Options{}))
	embedded := bus.store.(*embeddedStore)
	first := embedded.server
	require.NoError(t, bus.Start(t.Context()))
	early := model.NewID()
	for i := range 3 {
		bus.Publish(line(early, fmt.Sprint(i)))
	}
	before, _, err := bus.Read(t.Context(), early, "", 0)
	require.NoError(t, err)
	readers, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for readers.Err() == nil {
				entries, _, err := bus.Read(t.Context(), early, "", 0)
				if err != nil || len(entries) < 3 {
					t.Errorf("a reader is disturbed: %d entries, %v", len(entries), err)
					return
				}
			}
		})
	}
	require.NoError(t, bus.Stop(t.Context())) // the writer's fields are the test's for a moment
	embedded.seen = rotateAfter - 1
	require.NoError(t, bus.Start(t.Context()))
	bus.Publish(line(asked(bus), "the last straw"))
	require.NoError(t, bus.Stop(t.Context()))
	stop()
	all.Wait()
	require.NotSame(t, first, embedded.server)
	require.Zero(t, embedded.seen)

	after, _, err := bus.Read(t.Context(), early, "", 0)
	require.NoError(t, err)
	require.Equal(t, before, after, "with their ids")
	require.Equal(t, 7*24*time.Hour, embedded.server.TTL(streamKey(early)))
}

func TestEmbeddedStreamsExpire(t *testing.T) {
	t.Parallel()
	bus := closing(t, NewEmbedded(Options{KeepFor: time.Hour}))
	embedded := bus.store.(*embeddedStore)
	old := asked(bus)
	bus.Publish(line(old, "x"))
	require.NoError(t, bus.Start(t.Context()))
	require.NoError(t, bus.Stop(t.Context()))
	require.True(t, embedded.server.Exists(streamKey(old)))

	embedded.passed = embedded.passed.Add(-2 * time.Hour)
	bus.Publish(line(asked(bus), "y"))
	require.NoError(t, bus.Start(t.Context()))
	require.NoError(t, bus.Stop(t.Context()))
	require.False(t, embedded.server.Exists(streamKey(old)))
}

func TestBadAddressIsRefused(t *testing.T) {
	t.Parallel()
	_, err := New("http://example.com", Options{})
	require.ErrorContains(t, err, "read the address of Redis")
}

// asked is the id of a log that was asked for, so that its events go
// to its stream at once.
func asked(bus *Bus) model.ID {
	id := model.NewID()
	bus.store.(*embeddedStore).unread.take(id)
	return id
}
