package events

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/backoff"
)

// maxBatch is how many events go to Redis in one round trip.
const maxBatch = 1024

// retryAfter is the pause after a failed batch. The queue fills meanwhile, so
// that a short restart of Redis costs little more than the batch in hand.
const retryAfter = 200 * time.Millisecond

// writer is the goroutine that writes. It is greedy: it takes all queued events,
// sends it in one round trip, and the next batch forms meanwhile. There is no
// fixed wait, so a lone event is written at once.
type writer struct {
	bus   *Bus
	trips context.Context    // of the round trips; set by begin
	abort context.CancelFunc // gives up the one under way
	batch []item             // kept between batches to spare allocations
}

func (w *writer) begin(context.Context) error {
	w.trips, w.abort = context.WithCancel(context.Background())
	w.bus.writing.Store(true)
	return nil
}

func (w *writer) end(context.Context) error {
	w.abort()
	w.bus.writing.Store(false)
	return nil
}

func (w *writer) run(ctx context.Context) {
	for {
		select {
		case first := <-w.bus.queue:
			w.flush(ctx, w.collect(first))
		case <-ctx.Done():
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
			if w.trips.Err() != nil || w.bus.away.Load() {
				w.drop(batch)
				continue
			}
			w.flush(ctx, batch)
		default:
			return
		}
	}
}

// collect takes first and the other events that are queued at this moment.
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

// flush writes a batch, settles its accounts and closes its marks. After a
// failure it pauses, unless ctx is over.
func (w *writer) flush(ctx context.Context, batch []item) {
	written, err := w.bus.store.write(w.trips, batch)
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
	backoff.Sleep(ctx, retryAfter)
}

func (w *writer) drop(batch []item) { w.settle(batch, 0) }

// settle counts a batch of which so many events were written.
func (w *writer) settle(batch []item, written int) {
	events, size := 0, 0
	for i := range batch {
		if !batch[i].isEvent() {
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
