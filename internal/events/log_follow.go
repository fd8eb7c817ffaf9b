package events

import (
	"context"
	"strconv"
	"strings"

	"maestro/internal/model"
)

// followPage is how many entries a Viewer reads at once while it catches up.
const followPage = 200

// A Viewer follows one execution's log as it grows. It first catches up by
// reading, at its own pace; then it is one of those that the fan-out serves.
// When it is too slow for that, it drops out and catches up again, so that it
// misses nothing and delays no other viewer.
//
// It belongs to one goroutine, which must Close it.
type Viewer struct {
	bus    *Bus
	tenant string
	id     model.ID
	last   string       // of the entries that it has been given; "": none
	feed   chan []Entry // of the fan-out, closed when this one dropped out; nil while catching up
	closed bool
}

// Follow returns a Viewer of an execution's log, which begins after the entry
// with the id after ("": at the start). The execution need not have begun.
//
// Errors are *model.Error: CodeInvalid for a bad after, CodeTooManyRequests
// when there are too many viewers, CodeUnavailable once the Bus is closed.
func (b *Bus) Follow(tenant string, id model.ID, after string) (*Viewer, error) {
	if after != "" && !streamID.MatchString(after) {
		return nil, model.NewError(model.CodeInvalid, "%s", badAfter)
	}
	if err := b.fanout.admit(tenant); err != nil {
		return nil, err
	}
	return &Viewer{bus: b, tenant: tenant, id: id, last: after}, nil
}

// Page returns entries that are there already, at most followPage of them,
// and none when the Viewer has caught up. Errors are those of Bus.Read.
func (v *Viewer) Page(ctx context.Context) ([]Entry, error) {
	entries, _, err := v.bus.Read(ctx, v.id, v.last, followPage)
	if err != nil {
		return nil, err
	}
	return v.take(entries), nil
}

// Next returns entries after the last ones, one at least; it waits for them
// until ctx ends. The entries are shared: read only. Errors are those of
// Bus.Read, and ctx.Err().
func (v *Viewer) Next(ctx context.Context) ([]Entry, error) {
	for {
		if v.feed == nil {
			if entries, err := v.Page(ctx); err != nil || len(entries) > 0 {
				return entries, err
			}
			feed, err := v.bus.fanout.join(v)
			if err != nil {
				return nil, err
			}
			v.feed = feed
		}
		select {
		case entries, open := <-v.feed:
			if !open {
				v.feed = nil
			} else if fresh := v.take(entries); len(fresh) > 0 {
				return fresh, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close ends the Viewer. Closing it twice does nothing.
func (v *Viewer) Close() {
	if !v.closed {
		v.closed = true
		v.bus.fanout.leave(v)
	}
}

// take returns those of the entries that the Viewer has not been given yet,
// and notes that it has now.
func (v *Viewer) take(entries []Entry) []Entry {
	for len(entries) > 0 && !comesBefore(v.last, entries[0].ID) {
		entries = entries[1:]
	}
	if len(entries) > 0 {
		v.last = entries[len(entries)-1].ID
	}
	return entries
}

// comesBefore compares the ids of two entries; "" comes before all.
func comesBefore(a, b string) bool {
	aTime, aNumber := splitID(a)
	bTime, bNumber := splitID(b)
	return aTime < bTime || aTime == bTime && aNumber < bNumber
}

func splitID(id string) (ms, number uint64) {
	before, after, _ := strings.Cut(id, "-")
	ms, _ = strconv.ParseUint(before, 10, 64)
	number, _ = strconv.ParseUint(after, 10, 64)
	return ms, number
}
