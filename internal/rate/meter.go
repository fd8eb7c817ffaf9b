package rate

import (
	"sync/atomic"
	"time"

	"maestro/internal/model"
)

const (
	// PerSecond is how many bytes of lines one subtenant may write per second.
	PerSecond = 1 << 20
	// perLine is what a line counts in addition to its text.
	perLine = 64
)

var epoch = time.Now()

// Meter measures the output of one subtenant. Ordinary lines cost one addition: the
// clock is read only when a second's worth of bytes has come since it was read last. The
// zero Meter is ready for use, from any goroutine.
type Meter struct {
	taken atomic.Int64 // bytes since began
	began atomic.Int64 // nanoseconds since epoch
}

// Admits reports whether a line of size bytes is within the rate.
func (m *Meter) Admits(size int) bool {
	cost := int64(size + perLine)
	if m.taken.Add(cost) <= PerSecond {
		return true
	}
	now, began := int64(time.Since(epoch)), m.began.Load()
	if now-began >= int64(time.Second) && m.began.CompareAndSwap(began, now) {
		m.taken.Store(cost)
		return true
	}
	return false
}

// Omission counts the lines of a call that were left out and not reported yet. The zero
// Omission is ready for use, from any goroutine.
type Omission struct {
	lines, bytes atomic.Int64
}

// Add counts a line of size bytes.
func (o *Omission) Add(size int) {
	o.lines.Add(1)
	o.bytes.Add(int64(size))
}

// Take returns the lines that were left out since it was called last.
func (o *Omission) Take() model.Omission {
	if o.lines.Load() == 0 {
		return model.Omission{}
	}
	return model.Omission{Lines: o.lines.Swap(0), Bytes: o.bytes.Swap(0)}
}
