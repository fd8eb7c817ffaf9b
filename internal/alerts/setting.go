package alerts

import (
	"encoding/json"
	"slices"
	"time"

	"maestro/internal/signature"
)

// Event is a kind of message that a setting can ask for.
type Event string

// The events.
const (
	EventFailure  Event = "failure"  // an execution has ended badly, after its last attempt
	EventRecovery Event = "recovery" // the function has succeeded, or the schedule has run, after a message
	EventMissed   Event = "missed"   // a due time of a schedule of the function has no run
)

// Events lists them.
var Events = []Event{EventFailure, EventRecovery, EventMissed}

// Bounds of a Setting.
const (
	MaxURL         = 2048
	MaxSecretNames = 10
	LeastGrace     = 60
	DefaultGrace   = 300
	LongestGrace   = 24 * 60 * 60
)

// off is the setting that sends nothing, in JSON.
const off = "off"

// Setting is the member "notify" of a function or a subtenant, in the API and in the
// database: where messages go, and which. It names either a URL or a function.
type Setting struct {
	Off          bool                  `json:"-"` // no message is sent; the rest is empty
	URL          string                `json:"url,omitempty"`
	SecretNames  signature.SecretNames `json:"secret_name,omitempty"` // each signs
	Function     string                `json:"function,omitempty"`
	Events       []Event               `json:"events"`
	GraceSeconds int                   `json:"grace_seconds"` // how long after a due time a run may begin
}

// MarshalJSON writes the form that the API takes.
func (s Setting) MarshalJSON() ([]byte, error) {
	if s.Off {
		return json.Marshal(off)
	}
	type plain Setting
	return json.Marshal(plain(s))
}

// wants reports whether messages of an event are sent. A nil setting sends none.
func (s *Setting) wants(event Event) bool {
	return s != nil && !s.Off && slices.Contains(s.Events, event)
}

func (s *Setting) grace() time.Duration { return time.Duration(s.GraceSeconds) * time.Second }

// Target is where messages go, for people.
func (s *Setting) Target() string {
	switch {
	case s == nil || s.Off:
		return ""
	case s.Function != "":
		return "function " + s.Function
	default:
		return s.URL
	}
}

// kind names the form of the target, for metrics.
func (s *Setting) kind() string {
	if s.Function != "" {
		return "function"
	}
	return "webhook"
}
