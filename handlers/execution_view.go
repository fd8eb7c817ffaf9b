package handlers

import (
	"encoding/json"
	"time"

	"maestro/internal/model"
)

// executionView is an execution as the API shows it. Members with a pointer more than
// their value needs are missing in brief lists.
type executionView struct {
	ID              string           `json:"id" format:"uuid"`
	ExecutionID     string           `json:"execution_id" format:"uuid" doc:"The same as id"`
	FunctionName    string           `json:"function_name"`
	FunctionVersion int              `json:"function_version"`
	Trigger         model.Trigger    `json:"trigger_type" enum:"webhook,schedule,manual,retry,spawn,alert"`
	TriggerID       *string          `json:"trigger_id" format:"uuid" doc:"Of the webhook or schedule"`
	Status          model.Status     `json:"status" enum:"pending,running,completed,failed,timed_out,cancelled,crashed"`
	Input           *json.RawMessage `json:"input_data,omitempty"`
	Output          *json.RawMessage `json:"output_data,omitempty"`
	Error           **string         `json:"error,omitempty" nullable:"true"`
	ErrorType       *string          `json:"error_type"`
	Traceback       **string         `json:"traceback,omitempty" nullable:"true"`
	CreatedAt       timestamp        `json:"created_at"`
	StartedAt       timestamp        `json:"started_at" nullable:"true"`
	CompletedAt     timestamp        `json:"completed_at" nullable:"true"`
	DurationMS      *float64         `json:"duration_ms"`
	Attempt         int              `json:"attempt"`
	ParentID        *string          `json:"parent_execution_id" format:"uuid"`
	Lane            *model.LaneName  `json:"lane" enum:"embedded,process" doc:"Where it ran: in the server's process, or in a child process; null before it begins, and in records of earlier versions"`
	RecordComplete  bool             `json:"record_complete" doc:"False when a part of the record was truncated or masked"`
	InputHead       *string          `json:"input_head,omitempty" doc:"In brief lists alone: the first 200 characters of input_data as text. Empty for an input that takes more than 16 KB in the database, compressed: it is not read"`
	ErrorHead       *string          `json:"error_head,omitempty" doc:"In brief lists alone: the first 200 characters of error; empty without one"`
}

func viewExecution(e model.Execution) executionView {
	id := e.ID.String()
	view := executionView{
		ID: id, ExecutionID: id, FunctionName: e.FunctionName, FunctionVersion: e.FunctionVersion,
		Trigger: e.Trigger, TriggerID: idOrNull(e.TriggerID), Status: e.Status, Input: &e.Input, Output: &e.Output,
		Error: &e.Error, ErrorType: e.ErrorType, Traceback: &e.Traceback,
		CreatedAt: timestamp(e.CreatedAt), StartedAt: timestamp(e.StartedAt), CompletedAt: timestamp(e.CompletedAt),
		DurationMS: milliseconds(e.Duration, e.CompletedAt), Attempt: e.Attempt, ParentID: idOrNull(e.ParentID),
		RecordComplete: e.RecordComplete,
	}
	if e.Lane != "" {
		view.Lane = &e.Lane
	}
	return view
}

// briefExecution shows an execution that was read without its values.
func briefExecution(e model.Execution) executionView {
	view := viewExecution(e)
	view.Input, view.Output, view.Error, view.Traceback = nil, nil, nil, nil
	view.InputHead, view.ErrorHead = &e.InputHead, &e.ErrorHead
	return view
}

// stepView is one sibling call within an execution.
type stepView struct {
	ID              string           `json:"id" format:"uuid"`
	ExecutionID     string           `json:"execution_id" format:"uuid"`
	ParentID        *string          `json:"parent_step_id" format:"uuid" doc:"Null: called by the execution's own function"`
	Depth           int              `json:"depth"`
	Position        int              `json:"position"`
	Attempt         int              `json:"attempt"`
	FunctionName    string           `json:"function_name"`
	FunctionVersion int              `json:"function_version"`
	Status          model.Status     `json:"status" enum:"pending,running,completed,failed,timed_out,cancelled,crashed"`
	Input           *json.RawMessage `json:"input_data,omitempty"`
	Output          *json.RawMessage `json:"output_data,omitempty"`
	Error           **string         `json:"error,omitempty" nullable:"true"`
	ErrorType       *string          `json:"error_type"`
	Traceback       **string         `json:"traceback,omitempty" nullable:"true"`
	StartedAt       timestamp        `json:"started_at" nullable:"true"`
	CompletedAt     timestamp        `json:"completed_at" nullable:"true"`
	DurationMS      *float64         `json:"duration_ms"`
	RecordComplete  bool             `json:"record_complete"`
}

func viewStep(s model.Step) stepView {
	return stepView{
		ID: s.ID.String(), ExecutionID: s.ExecutionID.String(), ParentID: idOrNull(s.ParentID), Depth: s.Depth,
		Position: s.Position, Attempt: s.Attempt, FunctionName: s.FunctionName, FunctionVersion: s.FunctionVersion,
		Status: s.Status, Input: &s.Input, Output: &s.Output, Error: &s.Error, ErrorType: s.ErrorType, Traceback: &s.Traceback,
		StartedAt: timestamp(s.StartedAt), CompletedAt: timestamp(s.CompletedAt),
		DurationMS: milliseconds(s.Duration, s.CompletedAt), RecordComplete: s.RecordComplete,
	}
}

// briefStep shows a step that was read without its values.
func briefStep(s model.Step) stepView {
	view := viewStep(s)
	view.Input, view.Output, view.Error, view.Traceback = nil, nil, nil, nil
	return view
}

func idOrNull(id model.ID) *string {
	if id.IsZero() {
		return nil
	}
	text := id.String()
	return &text
}

// milliseconds is a duration with its fraction; nil until the end.
func milliseconds(d time.Duration, completed time.Time) *float64 {
	if completed.IsZero() {
		return nil
	}
	ms := float64(d.Microseconds()) / 1000
	return &ms
}
