package tracing

import (
	"slices"
	"sync"

	"maestro/internal/wake"
)

const (
	batchSize   = 128 << 10 // bytes of encoded spans from which a batch is sent, some 480 spans
	mostBatches = 32        // that wait: 4 MB, some 15,000 spans
	spareOnes   = 2         // buffers that are kept for later batches
)

// batch is encoded spans, one after the other, as they stand in a ScopeSpans.
type batch struct {
	spans []byte
	count int
}

// batches are the spans that wait to be sent. Spans are added by the goroutines of the
// runs; one goroutine takes the batches.
type batches struct {
	full wake.Signal // there is a full batch

	mu     sync.Mutex // guards what follows
	now    batch      // gets the next span
	filled []batch    // wait before it, the oldest first
	spare  [][]byte
	stats  Stats
}

// add takes an encoded span, of which it keeps nothing.
func (b *batches) add(span []byte) {
	b.mu.Lock()
	if len(b.filled) >= mostBatches {
		b.stats.Dropped++
		b.mu.Unlock()
		return
	}
	if b.now.spans == nil {
		b.now.spans = b.buffer()
	}
	b.now.spans = append(b.now.spans, span...)
	b.now.count++
	full := len(b.now.spans) >= batchSize
	if full {
		b.filled = append(b.filled, b.now)
		b.now = batch{}
	}
	b.mu.Unlock()
	if full {
		b.full.Notify()
	}
}

// buffer is one for a batch. The caller holds mu.
func (b *batches) buffer() []byte {
	if n := len(b.spare); n > 0 {
		spare := b.spare[n-1]
		b.spare = b.spare[:n-1]
		return spare
	}
	return make([]byte, 0, batchSize+spanRoom)
}

// take returns the oldest full batch; without one, what there is of the next if partial
// is set. No spans in it say that there is none. It is given back by done.
func (b *batches) take(partial bool) (oldest batch, full bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.filled) > 0 {
		oldest = b.filled[0]
		b.filled = slices.Delete(b.filled, 0, 1)
		return oldest, true
	}
	if partial {
		oldest, b.now = b.now, batch{}
	}
	return oldest, false
}

// done counts the spans of a batch as sent or dropped, and keeps its buffer for later ones.
func (b *batches) done(of batch, sent bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sent {
		b.stats.Sent += uint64(of.count)
	} else {
		b.stats.Dropped += uint64(of.count)
	}
	if len(b.spare) < spareOnes && cap(of.spans) <= 2*batchSize {
		b.spare = append(b.spare, of.spans[:0])
	}
}
