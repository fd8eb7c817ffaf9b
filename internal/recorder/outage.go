package recorder

import (
	"sync/atomic"
	"time"
)

// origin is the zero of the monotonic times below: the wall clock may be put
// forward or back during an outage.
var origin = time.Now()

// moment is a monotonic time in nanoseconds, never 0.
func moment() int64 { return int64(time.Since(origin)) + 1 }

// outage remembers since when an operation has been failing.
type outage struct{ since atomic.Int64 } // a moment; 0: it works

// begin notes the failure of an attempt that was begun at that moment; an
// earlier one stays.
func (o *outage) begin(at int64) { o.since.CompareAndSwap(0, at) }

// end notes a success. Without an outage it only reads, as for each record.
func (o *outage) end() {
	if o.since.Load() != 0 {
		o.since.Store(0)
	}
}

func (o *outage) isOn() bool { return o.since.Load() != 0 }

func (o *outage) duration() time.Duration {
	since := o.since.Load()
	if since == 0 {
		return 0
	}
	return time.Duration(max(moment()-since, 1))
}
