package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"maestro/internal/events"
	"maestro/internal/model"
)

const (
	lines = 10
	// logBytes is MAESTRO_LOG_MEMORY, which holds for what the entries count.
	logBytes = 64 << 20
	// heapMost is what they may take of the heap.
	heapMost = 3 * logBytes
)

// logs lives days of live logs in the embedded Redis, whose lines none reads but for one in
// ten: these go to streams.
func (p plan) logs(ctx context.Context, out io.Writer) error {
	bus := events.NewEmbedded(events.Options{EmbeddedBytes: logBytes, Log: slog.New(slog.DiscardHandler)})
	if err := bus.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = bus.Stop(ctx) }()
	before := heap()
	fmt.Fprintf(out, "\nLive logs in the embedded Redis: %d executions a day with %d lines each\n\n", p.runs, lines)
	fmt.Fprintf(out, "| day | entries, MB | heap, MB | dropped lines |\n| --- | --- | --- | --- |\n")
	line := strings.Repeat("a line of a function's log ", 4)
	for day := range p.days {
		for n := range p.runs {
			id := model.NewID()
			if n%10 == 0 {
				viewer, err := bus.Follow(usual, id, "0")
				if err != nil {
					return err
				}
				if _, err := viewer.Page(ctx); err != nil {
					return err
				}
				viewer.Close()
			}
			for range lines {
				bus.Publish(events.Event{Tenant: usual, ExecutionID: id, Name: events.Log, At: time.Now(), Text: line})
			}
			bus.Publish(events.Event{Tenant: usual, ExecutionID: id, Name: events.ExecutionCompleted, At: time.Now(), Status: model.StatusCompleted})
			for bus.Stats().Queued > 8_000 {
				time.Sleep(time.Millisecond)
			}
		}
		for bus.Stats().Queued > 0 {
			time.Sleep(time.Millisecond)
		}
		stats, taken := bus.Stats(), heap()-before
		fmt.Fprintf(out, "| %d | %.0f | %.0f | %d |\n", day+1, mb(stats.Held), mb(taken), stats.Dropped)
		if stats.Held > logBytes || taken > heapMost {
			return fmt.Errorf("the live logs hold %.0f MB and %.0f MB of the heap on day %d; the limits are %.0f and %.0f MB", mb(stats.Held), mb(taken), day+1, mb(logBytes), mb(heapMost))
		}
	}
	return nil
}

// heap is the part of it that is in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
