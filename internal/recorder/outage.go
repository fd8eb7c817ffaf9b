package recorder

import (
	"sync/atomic"
	"time"
)

// outage remembers since when the database has been away.
type outage struct{ since atomic.Int64 } // Unix nanoseconds; 0: it is there

// begin notes a failure and reports whether it is the first.
func (o *outage) begin() bool { return o.since.CompareAndSwap(0, time.Now().UnixNano()) }

// end notes a success and reports whether there was an outage.
func (o *outage) end() bool { return o.since.Load() != 0 && o.since.Swap(0) != 0 }

func (o *outage) isOn() bool { return o.since.Load() != 0 }

func (o *outage) duration() time.Duration {
	since := o.since.Load()
	if since == 0 {
		return 0
	}
	return max(time.Since(time.Unix(0, since)), 1)
}
