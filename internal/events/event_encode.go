// Package events is the live log of executions: what happened in a run, and
// what its functions printed, as entries of a Redis Stream per execution.
//
// It must not slow down or fail an execution: publishing never blocks, and
// what cannot be written is dropped and counted. It must not be the place
// where anything is remembered that matters: executions and steps are in
// PostgreSQL, with or without Redis.
package events

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"maestro/internal/model"
)

// The names of events.
const (
	ExecutionStarted   = "execution_started"
	FunctionCalled     = "function_called"
	FunctionCompleted  = "function_completed"
	Log                = "log"
	ExecutionCompleted = "execution_completed"
)

// maxText is the length, in bytes, at which a line of output is cut. Without
// a limit one print of a large value would push everything else out of memory.
const maxText = 16 << 10

// Event is one thing that happened in an execution. Fields that say nothing
// are left out of the stream: the zero StepID, an empty Status and so on.
// Once published it belongs to the Bus; Fields must not change afterwards.
type Event struct {
	Tenant      string
	ExecutionID model.ID
	Name        string // one of the names above
	At          time.Time
	StepID      model.ID // zero: the execution's own function
	ParentID    model.ID // of FunctionCalled: the step that made the call; zero: the execution's own function
	Function    string
	Version     int
	Status      model.Status    // of the completed events
	Duration    time.Duration   // of the completed events
	ErrorType   string          // of the completed events, when something failed
	Stream      string          // of Log: stdout or stderr, empty for logging
	Level       string          // of Log: debug … critical, empty for print
	Text        string          // of Log, without the line's end
	Fields      json.RawMessage // of Log: an object, or nil

	cut int // bytes of Text that are gone already
}

// size is roughly what the event holds in memory, in bytes.
func (e *Event) size() int {
	const fixed = 256 // the struct and its place in the queue
	return fixed + len(e.Text) + len(e.Fields) + len(e.ErrorType)
}

// timeLayout is RFC 3339 in UTC with microseconds, as everywhere in the API.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// appendFields appends the event as names and values in turn, the form in
// which XADD takes them.
func (e *Event) appendFields(to []string) []string {
	to = append(to, "event", e.Name, "timestamp", e.At.UTC().Format(timeLayout), "tenant", e.Tenant)
	if !e.StepID.IsZero() {
		to = append(to, "step_id", e.StepID.String())
	}
	if !e.ParentID.IsZero() {
		to = append(to, "parent_step_id", e.ParentID.String())
	}
	if e.Function != "" {
		to = append(to, "function_name", e.Function, "function_version", strconv.Itoa(e.Version))
	}
	if e.Status != "" {
		to = append(to, "status", string(e.Status),
			"duration_ms", strconv.FormatFloat(milliseconds(e.Duration), 'f', 3, 64))
	}
	if e.ErrorType != "" {
		to = append(to, "error_type", e.ErrorType)
	}
	if e.Name == Log {
		text, cut := cutText(e.Text)
		cut += e.cut
		to = append(to, "message", text)
		if cut > 0 {
			to = append(to, "message_cut_bytes", strconv.Itoa(cut))
		}
	}
	if e.Stream != "" {
		to = append(to, "stream", e.Stream)
	}
	if e.Level != "" {
		to = append(to, "level", e.Level)
	}
	if len(e.Fields) > 0 && len(e.Fields) <= maxText {
		to = append(to, "fields", string(e.Fields))
	}
	return to
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// cutText shortens text to maxText bytes, between two characters, and says
// how many bytes went.
func cutText(text string) (kept string, cut int) {
	if len(text) <= maxText {
		return text, 0
	}
	end := maxText
	for end > maxText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], len(text) - end
}
