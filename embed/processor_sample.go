package embed

import (
	"syscall"
	"time"
)

// processorSample measures which share of the time the calling thread wanted a
// processor, over stretches of at least sampleLength. It costs one system call
// a stretch.
type processorSample struct {
	share float64 // of the last stretch, 0 to 1

	at       clock // when the present stretch began, 0: none has
	used     time.Duration
	switches int64
	calls    int64
}

const sampleLength = 2 * time.Millisecond

// reset ends the stretch without a result: the thread parks.
func (s *processorSample) reset() { s.at = 0 }

// take counts one call and reports whether a stretch has come to its end, which
// sets share and begins the next one.
func (s *processorSample) take(at clock) bool {
	s.calls++
	if s.at != 0 && at.since(s.at) < sampleLength {
		return false
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &usage); err != nil {
		return false
	}
	used := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	complete := s.at != 0
	if complete {
		s.share = float64(used-s.used) / float64(at.since(s.at))
		if 2*(usage.Nvcsw-s.switches) < s.calls {
			// It hardly ever slept voluntarily: on a busy machine, others took the
			// rest of the processor.
			s.share = 1
		}
	}
	s.at, s.used, s.switches, s.calls = at, used, usage.Nvcsw, 0
	return complete
}
