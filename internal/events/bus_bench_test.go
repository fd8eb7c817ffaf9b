package events

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// BenchmarkWrite compares batches as they form with one round trip an event,
// and a real Redis with the embedded one.
func BenchmarkWrite(b *testing.B) {
	b.Run("real/greedy", func(b *testing.B) {
		benchmarkGreedy(b, connect(b, startServer(b, b.TempDir()).url, Options{}))
	})
	b.Run("real/single", func(b *testing.B) {
		benchmarkSingle(b, connect(b, startServer(b, b.TempDir()).url, Options{}))
	})
	b.Run("embedded", func(b *testing.B) {
		benchmarkGreedy(b, closing(b, NewEmbedded(Options{})))
	})
}

func benchmarkGreedy(b *testing.B, bus *Bus) {
	require.NoError(b, bus.Start(b.Context()))
	var id model.ID
	for i := 0; b.Loop(); i++ {
		if i%4 == 0 { // an execution's usual few events
			id = model.NewID()
		}
		e := line(id, "a line of ordinary length, such as print writes")
		for bus.Stats().Queued >= 16_000 {
			time.Sleep(50 * time.Microsecond)
		}
		bus.Publish(e)
	}
	require.NoError(b, bus.Stop(context.Background()))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	require.Zero(b, bus.Stats().Dropped)
}

func benchmarkSingle(b *testing.B, bus *Bus) {
	client := bus.store.(*redisStore).client
	var id model.ID
	for i := 0; b.Loop(); i++ {
		if i%4 == 0 {
			id = model.NewID()
		}
		e := line(id, "a line of ordinary length, such as print writes")
		require.NoError(b, client.XAdd(b.Context(), &redis.XAddArgs{
			Stream: streamKey(id), MaxLen: MaxEntries, Approx: true, Values: e.appendFields(nil),
		}).Err())
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkPublish is what an execution pays while there is room.
func BenchmarkPublish(b *testing.B) {
	bus := connect(b, "redis://127.0.0.1:1", Options{QueueBytes: 1 << 40})
	e := line(model.NewID(), "a line")
	b.ReportAllocs()
	for b.Loop() {
		bus.Publish(e)
		<-bus.queue
	}
}
