package events

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"maestro/internal/faultproxy"
	"maestro/internal/model"
)

// A Redis that is frozen, gone, or out of memory is shown by Ping and costs the
// publisher nothing; the events that it does not take are dropped and counted.
func TestARedisThatIsAway(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	own, err := redis.ParseURL(s.url)
	require.NoError(t, err)
	admin := redis.NewClient(own)
	t.Cleanup(func() { _ = admin.Close() })
	proxy, err := faultproxy.New("unix", own.Addr)
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	memory := func(limit string) {
		require.NoError(t, admin.ConfigSet(context.Background(), "maxmemory", limit).Err())
	}
	for _, fault := range []struct {
		name       string
		begin, end func()
	}{
		{"frozen", proxy.Freeze, proxy.Thaw},
		{"gone", func() { proxy.Refuse(true); proxy.Cut() }, func() { proxy.Refuse(false) }},
		{"out of memory", func() { memory("1") }, func() { memory("0") }},
	} {
		bus := connect(t, "redis://"+proxy.Addr(), Options{QueueLength: 64})
		require.NoError(t, bus.Start(t.Context()))
		require.NoError(t, bus.Ping(t.Context()), fault.name)
		fault.begin()
		for range 1000 {
			bus.Publish(Event{Tenant: "acme", ExecutionID: model.NewID(), Name: Log, At: time.Now(), Text: "a line"})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		require.Error(t, bus.Ping(ctx), fault.name)
		cancel()
		require.Eventually(t, func() bool { return !bus.Stats().Connected && bus.Stats().Dropped > 0 }, patience, time.Millisecond, fault.name)
		fault.end()
		require.Eventually(t, func() bool { return bus.Ping(t.Context()) == nil }, patience, time.Millisecond, fault.name)
		require.Eventually(t, func() bool {
			bus.Publish(Event{Tenant: "acme", ExecutionID: model.NewID(), Name: Log, At: time.Now(), Text: "a line"})
			return bus.Stats().Connected
		}, patience, time.Millisecond, fault.name)
	}
}
