package events

import (
	"encoding/json"
	"strconv"

	"maestro/internal/model"
)

// Entry is an event as it stands in the log, in the form in which the API
// shows it. Members that say nothing are left out.
type Entry struct {
	ID              string          `json:"id"` // of the stream: "milliseconds-number"
	ExecutionID     string          `json:"execution_id" format:"uuid"`
	Timestamp       string          `json:"timestamp"`
	Event           string          `json:"event"`
	StepID          string          `json:"step_id,omitempty"`
	ParentID        string          `json:"parent_step_id,omitempty"` // of function_called; left out for a call of the execution's own function
	FunctionName    string          `json:"function_name,omitempty"`
	FunctionVersion int             `json:"function_version,omitempty"`
	Status          model.Status    `json:"status,omitempty"`
	DurationMS      *float64        `json:"duration_ms,omitempty"`
	ErrorType       string          `json:"error_type,omitempty"`
	Stream          string          `json:"stream,omitempty"`
	Level           string          `json:"level,omitempty"`
	Message         *string         `json:"message,omitempty"` // of log; may be an empty line
	MessageCutBytes int             `json:"message_cut_bytes,omitempty"`
	Fields          json.RawMessage `json:"fields,omitempty"`

	Tenant string `json:"-"` // whose execution it is
}

// decodeEntry is the inverse of appendFields; the execution is the stream's
// own, and in none of its entries. Others may write to the same
// Redis: what cannot be read is left out rather than believed.
func decodeEntry(execution, id string, values map[string]any) Entry {
	text := func(name string) string {
		s, _ := values[name].(string)
		return s
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(text(name))
		return n
	}
	e := Entry{
		ID:              id,
		ExecutionID:     execution,
		Timestamp:       text("timestamp"),
		Event:           text("event"),
		StepID:          text("step_id"),
		ParentID:        text("parent_step_id"),
		FunctionName:    text("function_name"),
		FunctionVersion: number("function_version"),
		Status:          model.Status(text("status")),
		ErrorType:       text("error_type"),
		Stream:          text("stream"),
		Level:           text("level"),
		MessageCutBytes: number("message_cut_bytes"),
		Tenant:          text("tenant"),
	}
	if ms, err := strconv.ParseFloat(text("duration_ms"), 64); err == nil {
		e.DurationMS = &ms
	}
	if message, ok := values["message"].(string); ok {
		e.Message = &message
	}
	if fields := text("fields"); fields != "" && json.Valid([]byte(fields)) {
		e.Fields = json.RawMessage(fields)
	}
	return e
}
