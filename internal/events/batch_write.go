package events

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxBatch is how many events go to Redis in one round trip.
const maxBatch = 1024

// retryAfter is the pause after a failed batch. The queue fills meanwhile, so
// that a short restart of Redis costs little more than the batch in hand.
const retryAfter = 200 * time.Millisecond

// writer is the goroutine that writes. It is greedy: it takes what is queued,
// sends it in one round trip, and the next batch forms meanwhile. There is no
// fixed wait, so a lone event is written at once.
type writer struct {
	bus      *Bus
	stopping chan struct{}      // closed: write what is queued and end
	abort    context.CancelFunc // gives up the round trip under way
	done     chan struct{}      // closed: the goroutine is gone
	evict    *ledger

	// Kept between batches to spare allocations; used by the goroutine alone.
	batch  []item
	fields []string
	keys   map[string]int // stream → bytes added in this batch
}

func startWriter(b *Bus) *writer {
	ctx, abort := context.WithCancel(context.Background())
	w := &writer{
		bus:      b,
		stopping: make(chan struct{}),
		abort:    abort,
		done:     make(chan struct{}),
		evict:    newLedger(b.opts.StreamBytes),
		keys:     map[string]int{},
	}
	go w.run(ctx)
	return w
}

func (w *writer) stop(ctx context.Context) {
	close(w.stopping)
	defer w.abort()
	select {
	case <-w.done:
	case <-ctx.Done():
		w.abort()
		<-w.done
	}
}

func (w *writer) run(ctx context.Context) {
	defer close(w.done)
	for {
		select {
		case first := <-w.bus.queue:
			w.flush(ctx, w.collect(first))
		case <-w.stopping:
			w.finish(ctx)
			return
		}
	}
}

// finish empties the queue as far as it goes. After a failure the rest is
// dropped: nothing waits for a Redis that is away when the server wants to end.
func (w *writer) finish(ctx context.Context) {
	for {
		select {
		case first := <-w.bus.queue:
			batch := w.collect(first)
			if ctx.Err() != nil || w.bus.away.Load() {
				w.drop(batch)
				continue
			}
			w.flush(ctx, batch)
		default:
			return
		}
	}
}

// collect takes first and what else is queued at this moment.
func (w *writer) collect(first item) []item {
	batch := append(w.batch[:0], first)
	for len(batch) < maxBatch {
		select {
		case next := <-w.bus.queue:
			batch = append(batch, next)
		default:
			w.batch = batch
			return batch
		}
	}
	w.batch = batch
	return batch
}

// flush writes a batch, settles its accounts and closes its marks.
func (w *writer) flush(ctx context.Context, batch []item) {
	written, err := w.send(ctx, batch)
	w.settle(batch, written)
	if err == nil {
		if w.bus.away.CompareAndSwap(true, false) {
			w.bus.log.Info("redis is back, execution logs are written again")
		}
		return
	}
	if w.bus.away.CompareAndSwap(false, true) {
		w.bus.log.Warn("redis does not take execution logs, they are dropped until it does", slog.Any("error", err))
	}
	pause := time.NewTimer(retryAfter)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-w.stopping:
	}
}

func (w *writer) drop(batch []item) { w.settle(batch, 0) }

// settle counts a batch of which so many events were written.
func (w *writer) settle(batch []item, written int) {
	events, size := 0, 0
	for i := range batch {
		if batch[i].reached != nil {
			continue
		}
		events++
		size += batch[i].event.size()
	}
	w.bus.queuedBytes.Add(int64(-size))
	w.bus.written.Add(uint64(written))
	w.bus.dropped.Add(uint64(events - written))
	for i := range batch {
		if batch[i].reached != nil {
			close(batch[i].reached)
		}
		batch[i] = item{} // the texts must not live on in the spare slice
	}
}

// send is the one round trip. It returns how many events Redis acknowledged
// and the first error. A batch that failed half way is not sent again: its
// first half would then be there twice.
func (w *writer) send(ctx context.Context, batch []item) (written int, err error) {
	pipe := w.bus.client.Pipeline()
	clear(w.keys)
	adds := make([]*redis.StringCmd, 0, len(batch))
	for i := range batch {
		if batch[i].reached != nil {
			continue
		}
		e := &batch[i].event
		key := streamKey(e.ExecutionID)
		w.fields = e.appendFields(w.fields[:0])
		adds = append(adds, pipe.XAdd(ctx, &redis.XAddArgs{Stream: key, MaxLen: MaxEntries, Approx: true, Values: w.fields}))
		w.keys[key] += e.size()
	}
	if len(adds) == 0 {
		return 0, nil
	}
	for key, size := range w.keys {
		pipe.Expire(ctx, key, w.bus.opts.KeepFor)
		w.evict.add(key, size)
	}
	if gone := w.evict.overdue(); len(gone) > 0 {
		pipe.Del(ctx, gone...)
	}
	_, err = pipe.Exec(ctx)
	for _, add := range adds {
		if add.Err() == nil {
			written++
		}
	}
	return written, err
}
