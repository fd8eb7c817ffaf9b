package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"maestro/internal/model"
	"maestro/internal/service"
)

// MaxEntries is how many entries a stream keeps; older ones go first.
const MaxEntries = 10_000

// Options of a Bus. A zero value means the default that is named.
type Options struct {
	KeepFor     time.Duration // how long a stream outlives its last entry: 7 days
	QueueLength int           // events that wait to be written: 16,384
	QueueBytes  int64         // that they may hold: 64 MiB
	// EmbeddedBytes bounds what all streams in the embedded Redis hold, oldest
	// streams deleted first: 64 MiB. An external Redis has a bound of its own.
	EmbeddedBytes int64
	MaxViewers    int // that may follow logs at a time: 1,000
	TenantViewers int // and of one subtenant: 100
	Log           *slog.Logger
}

// Stats counts since the Bus was made.
type Stats struct {
	Published uint64 // taken by Publish
	Written   uint64 // acknowledged by Redis
	Dropped   uint64 // queue full, Redis away, or the Bus stopped
	Queued    int    // waiting at this moment
	Held      int64  // bytes that the embedded Redis holds
	Connected bool   // false from a failed write until the next one that works
}

// Bus takes events from any number of goroutines and writes them to Redis in
// the order in which they came, on one goroutine of its own.
//
// Live viewers get nothing from here: the fan-out reads the streams from Redis,
// on a connection of its own, so that it sees the events of every server.
type Bus struct {
	// Events published before Start wait in the queue. Stop writes the
	// queued ones, and tries no longer than its context.
	*service.Loop

	store  store
	unread *unreadLogs // of an embedded Redis; nil: all events go to their streams
	opts   Options
	log    *slog.Logger
	queue  chan item
	fanout *fanout

	queuedBytes atomic.Int64
	published   atomic.Uint64
	written     atomic.Uint64
	dropped     atomic.Uint64
	away        atomic.Bool
	writing     atomic.Bool // from Start until all is written at Stop
}

// item is an event, or a mark: the writer reveals a log, and closes reached
// when everything before it has been tried.
type item struct {
	event   Event
	reveal  model.ID      // zero: none
	reached chan struct{} // nil: an event, or none is waiting
}

func (i *item) isEvent() bool { return i.reached == nil && i.reveal.IsZero() }

// New makes a Bus for the Redis at url (redis://, rediss:// or unix://). It
// does not connect yet: Redis being away is no error, neither here nor later.
func New(url string, opts Options) (*Bus, error) {
	opts = opts.withDefaults()
	store, err := newRedisStore(url, opts.KeepFor)
	if err != nil {
		return nil, fmt.Errorf("read the address of Redis: %w", err)
	}
	return newBus(store, opts), nil
}

// NewEmbedded makes a Bus with a small Redis of its own in this process.
func NewEmbedded(opts Options) *Bus {
	opts = opts.withDefaults()
	store := newEmbeddedStore(opts.KeepFor, opts.EmbeddedBytes)
	bus := newBus(store, opts)
	bus.unread = store.unread
	return bus
}

func newBus(store store, opts Options) *Bus {
	bus := &Bus{
		store: store, opts: opts, log: opts.Log, queue: make(chan item, opts.QueueLength),
		fanout: newFanout(store, opts.MaxViewers, opts.TenantViewers),
	}
	w := &writer{bus: bus}
	bus.Loop = service.NewLoop(service.Hooks{Begin: w.begin, Run: w.run, Abort: func() { w.abort() }, End: w.end})
	return bus
}

func (o Options) withDefaults() Options {
	o.KeepFor = cmp.Or(o.KeepFor, 7*24*time.Hour)
	o.QueueLength = cmp.Or(o.QueueLength, 16_384)
	o.QueueBytes = cmp.Or(o.QueueBytes, 64<<20)
	o.EmbeddedBytes = cmp.Or(o.EmbeddedBytes, 64<<20)
	o.MaxViewers = cmp.Or(o.MaxViewers, 1000)
	o.TenantViewers = cmp.Or(o.TenantViewers, 100)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	return o
}

// Publish hands over one event. It never blocks and never fails: an event
// that finds no room is dropped and counted.
func (b *Bus) Publish(e Event) {
	b.published.Add(1)
	if b.unread != nil {
		if kept, full := b.unread.keep(&e); kept {
			b.written.Add(1)
			if full {
				select {
				case b.queue <- item{reveal: e.ExecutionID}:
				default: // a later reader will ask for it
				}
			}
			return
		}
	}
	size := int64(e.size())
	if b.queuedBytes.Add(size) > b.opts.QueueBytes {
		b.queuedBytes.Add(-size)
		b.dropped.Add(1)
		return
	}
	select {
	case b.queue <- item{event: e}:
	default:
		b.queuedBytes.Add(-size)
		b.dropped.Add(1)
	}
}

// Close stops the Bus and closes its connections; viewers get an error, and an
// embedded Redis ends.
func (b *Bus) Close(ctx context.Context) error {
	b.fanout.close()
	if err := errors.Join(b.Stop(ctx), b.store.close()); err != nil {
		return fmt.Errorf("close Redis: %w", err)
	}
	return nil
}

// Ping asks Redis whether it is there and takes writes, on a connection that
// nothing else uses.
func (b *Bus) Ping(ctx context.Context) error {
	if err := b.store.check(ctx); err != nil {
		return fmt.Errorf("ping Redis: %w", err)
	}
	return nil
}

// Stats returns the counters.
func (b *Bus) Stats() Stats {
	return Stats{
		Published: b.published.Load(),
		Written:   b.written.Load(),
		Dropped:   b.dropped.Load(),
		Queued:    len(b.queue),
		Held:      b.store.held(),
		Connected: !b.away.Load(),
	}
}

// keyPrefix stands before an execution's id in the name of its stream.
const keyPrefix = "execution:"

func streamKey(id model.ID) string { return keyPrefix + id.String() }
