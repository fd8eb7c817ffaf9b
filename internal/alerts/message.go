package alerts

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"maestro/internal/model"
	"maestro/repo"
)

// The types of messages.
const (
	TypeFailed            = "function.failed"
	TypeRecovered         = "function.recovered"
	TypeMissed            = "schedule.missed"
	TypeScheduleRecovered = "schedule.recovered"
	TypeTest              = "notify.test"
)

// Types lists them.
var Types = []string{TypeFailed, TypeRecovered, TypeMissed, TypeScheduleRecovered, TypeTest}

// maxErrorBytes bounds the text of an error in a message. The execution has all of it.
const maxErrorBytes = 4096

// Message is the body of a message, as the receiver gets it.
type Message struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // of what it tells
	Data      Data      `json:"data"`
}

// Data is what a message tells.
type Data struct {
	Subtenant       string        `json:"subtenant"`
	Function        string        `json:"function,omitempty"`
	FunctionVersion int           `json:"function_version,omitempty"`
	Schedule        *ScheduleData `json:"schedule,omitempty"`
	ExecutionID     string        `json:"execution_id,omitempty"` // the latest that failed, or that succeeded
	Link            string        `json:"link,omitempty"`         // to it, where PUBLIC_URL is set
	Status          model.Status  `json:"status,omitempty"`
	Trigger         model.Trigger `json:"trigger_type,omitempty"`
	Attempt         int           `json:"attempt,omitempty"`
	ErrorType       string        `json:"error_type,omitempty"`
	Error           string        `json:"error,omitempty"` // secrets are masked, as in the execution
	DueAt           *time.Time    `json:"due_at,omitempty"`
	Reason          string        `json:"reason,omitempty"`
	Since           *time.Time    `json:"since,omitempty"` // when the problem began
	LeftOut         int64         `json:"left_out"`        // how much more of the same happened since the message before
}

// ScheduleData names a schedule.
type ScheduleData struct {
	ID             string `json:"id"`
	Name           string `json:"name,omitempty"`
	CronExpression string `json:"cron_expression,omitempty"`
	Timezone       string `json:"timezone,omitempty"`
}

// describe adds an execution to a message.
func (d *Data) describe(e *model.Execution, publicURL string) {
	d.FunctionVersion, d.Status, d.Trigger, d.Attempt = e.FunctionVersion, e.Status, e.Trigger, e.Attempt
	if e.ErrorType != nil {
		d.ErrorType = *e.ErrorType
	}
	if e.Error != nil {
		d.Error = shortened(*e.Error)
	}
	d.name(e.ID, publicURL)
}

// name adds the id of an execution, and the link to it.
func (d *Data) name(id model.ID, publicURL string) {
	d.ExecutionID = id.String()
	if publicURL != "" {
		d.Link = publicURL + "/api/v1/executions/" + d.ExecutionID
	}
}

func shortened(text string) string {
	if len(text) <= maxErrorBytes {
		return text
	}
	end := maxErrorBytes
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// delivery makes the message to be delivered.
func (m *Message) delivery(problem string, at time.Time) (repo.Delivery, error) {
	m.Timestamp = m.Timestamp.UTC()
	payload, err := json.Marshal(m)
	return repo.Delivery{
		ID: model.NewIDAt(at), Tenant: m.Data.Subtenant, Type: m.Type, Problem: problem, Function: m.Data.Function, Payload: payload,
		Status: repo.DeliveryPending, NextAt: at, CreatedAt: at,
	}, err
}
