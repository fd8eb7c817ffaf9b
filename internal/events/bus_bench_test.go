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
// on a real Redis and on the embedded one.
func BenchmarkWrite(b *testing.B) {
	for name, start := range map[string]func(b *testing.B) string{
		"real": func(b *testing.B) string { return startServer(b, b.TempDir()).url },
		"embedded": func(b *testing.B) string {
			embedded, err := Embedded()
			require.NoError(b, err)
			b.Cleanup(embedded.Close)
			return embedded.URL()
		},
	} {
		b.Run(name+"/greedy", func(b *testing.B) { benchmarkGreedy(b, start(b)) })
		b.Run(name+"/single", func(b *testing.B) { benchmarkSingle(b, start(b)) })
	}
}

func benchmarkGreedy(b *testing.B, url string) {
	bus := newBus(b, url, Options{StreamBytes: EmbeddedStreamBytes})
	bus.Start()
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
	bus.Stop(context.Background())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	require.Zero(b, bus.Stats().Dropped)
}

func benchmarkSingle(b *testing.B, url string) {
	bus := newBus(b, url, Options{})
	var id model.ID
	for i := 0; b.Loop(); i++ {
		if i%4 == 0 {
			id = model.NewID()
		}
		e := line(id, "a line of ordinary length, such as print writes")
		require.NoError(b, bus.client.XAdd(b.Context(), &redis.XAddArgs{
			Stream: streamKey(id), MaxLen: MaxEntries, Approx: true, Values: e.appendFields(nil),
		}).Err())
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkPublish is what an execution pays.
func BenchmarkPublish(b *testing.B) {
	bus := newBus(b, "redis://127.0.0.1:1", Options{})
	e := line(model.NewID(), "a line")
	b.ReportAllocs()
	for b.Loop() {
		bus.Publish(e)
	}
}
