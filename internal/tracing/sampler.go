package tracing

import (
	"encoding/binary"

	"maestro/internal/model"
)

// Sampler decides which runs are in the traces. The zero value takes all, unless
// their caller has decided otherwise.
type Sampler struct {
	alone bool   // it does not obey the caller
	below uint64 // traces whose number is smaller are taken, all of them above 1<<63
	none  bool   // below is 0
}

// SamplerOf makes the sampler that OpenTelemetry gives this name. share is for
// traceidratio alone.
func SamplerOf(name string, share float64) Sampler {
	switch name {
	case "always_on":
		return Sampler{alone: true}
	case "always_off":
		return Sampler{alone: true, none: true}
	case "traceidratio":
		return ratio(share, true)
	case "parentbased_always_off":
		return Sampler{none: true}
	case "parentbased_traceidratio":
		return ratio(share, false)
	default:
		return Sampler{}
	}
}

func ratio(share float64, alone bool) Sampler {
	s := Sampler{alone: alone}
	if share < 1 {
		s.below = uint64(max(share, 0) * (1 << 63))
		s.none = s.below == 0
	}
	return s
}

// samples decides about a span. A share is of the trace's number, by the rule of
// OpenTelemetry's SDKs: all services with one share choose the same traces.
func (s Sampler) samples(span *model.Span) bool {
	switch {
	case !s.alone && span.Parent != [8]byte{}:
		return span.Sampled()
	case s.none:
		return false
	case s.below == 0:
		return true
	default:
		return binary.BigEndian.Uint64(span.Trace[8:])>>1 < s.below
	}
}
