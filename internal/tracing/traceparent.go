package tracing

import (
	"strings"

	"maestro/internal/model"
)

// reference is the span that a traceparent refers to.
type reference struct {
	trace [16]byte
	span  [8]byte
	flags byte
}

// knownFlags are those that have a meaning: sampled, and that the trace's id is random.
const knownFlags = model.FlagSampled | 2

// parse reads a traceparent as W3C Trace Context says. An invalid one counts as absent.
// Later versions may have more fields, and flags whose meaning is unknown.
func parse(text string) (r reference, ok bool) {
	text = strings.TrimSpace(text)
	var version, flags [1]byte
	if len(text) < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' ||
		!unhex(version[:], text[:2]) || !unhex(r.trace[:], text[3:35]) || !unhex(r.span[:], text[36:52]) || !unhex(flags[:], text[53:55]) {
		return reference{}, false
	}
	switch {
	case version[0] == 0xff, r.trace == [16]byte{}, r.span == [8]byte{}:
		return reference{}, false
	case version[0] == 0 && (len(text) > 55 || flags[0] > knownFlags):
		return reference{}, false
	case len(text) > 55 && text[55] != '-':
		return reference{}, false
	}
	r.flags = flags[0] & knownFlags
	return r, true
}

// unhex reads digits in lower case; no others are permitted.
func unhex(into []byte, text string) bool {
	for i := range into {
		high, low := digit(text[2*i]), digit(text[2*i+1])
		if high|low > 15 {
			return false
		}
		into[i] = high<<4 | low
	}
	return true
}

// digit is the value of a digit, 255 for any other character.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	default:
		return 255
	}
}
