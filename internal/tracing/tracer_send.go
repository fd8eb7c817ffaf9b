package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

const (
	// longestWait is how long a span waits for others that are sent with it. It is
	// the default of OpenTelemetry's SDKs.
	longestWait = 5 * time.Second
	// batchTime is for a batch and its repetitions.
	batchTime = 30 * time.Second
)

// begin is what Start does.
func (t *Tracer) begin(context.Context) error {
	t.sending, t.abort = context.WithCancel(context.Background())
	return nil
}

// run sends batches until ctx ends, and then the spans that are left.
func (t *Tracer) run(ctx context.Context) {
	ticker := time.NewTicker(longestWait)
	defer ticker.Stop()
	for {
		select {
		case <-t.batches.full:
			t.flush(false)
		case <-ticker.C:
			t.flush(true)
		case <-ctx.Done():
			t.flush(true)
			return
		}
	}
}

// flush sends the full batches, and then what there is of the next if all is set: once,
// or the spans that come meanwhile would be sent in batches of a few.
func (t *Tracer) flush(all bool) {
	for more := true; more; {
		var next batch
		if next, more = t.batches.take(all); next.count == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(t.sending, batchTime)
		err := t.sender.send(ctx, next.spans)
		cancel()
		t.batches.done(next, err == nil)
		t.note(err)
	}
}

// note says in the log when the collector begins or ceases to take spans. A line for
// each batch would be too many.
func (t *Tracer) note(err error) {
	switch {
	case err != nil && !t.away:
		t.log.Warn("the collector takes no spans, they are dropped until it does", slog.Any("error", err))
	case err == nil && t.away:
		t.log.Info("the collector takes spans again")
	}
	t.away = err != nil
}

// end comes after run. Spans of runs that are not over wait for the next start.
func (t *Tracer) end(context.Context) error {
	aborted := t.sending.Err()
	t.abort()
	t.sender.client.CloseIdleConnections()
	if aborted != nil {
		return fmt.Errorf("the remaining spans were not sent in time: %w", aborted)
	}
	return nil
}
