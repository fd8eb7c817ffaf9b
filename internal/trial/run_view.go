package trial

import (
	"encoding/json"
	"errors"

	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/model"
)

// runView is a run as tests see it.
type runView struct {
	ID           model.ID        `json:"execution_id"`
	Function     string          `json:"function"`
	Status       model.Status    `json:"status"`
	Trigger      model.Trigger   `json:"trigger"`
	Attempt      int             `json:"attempt"`
	Input        json.RawMessage `json:"input"`
	Result       json.RawMessage `json:"result"`
	Response     *model.Response `json:"response"`
	Error        *errorView      `json:"error"`
	Steps        []stepView      `json:"steps"`
	Logs         []lineView      `json:"logs"`
	Milliseconds float64         `json:"duration_ms"`
}

type errorView struct {
	Type      string          `json:"type"`
	Message   string          `json:"message"`
	Traceback string          `json:"traceback"`
	Errors    []model.Problem `json:"errors"`
}

type stepView struct {
	ID           model.ID        `json:"id"`
	Parent       model.ID        `json:"parent,omitzero"`
	Function     string          `json:"function"`
	Depth        int             `json:"depth"`
	Status       model.Status    `json:"status"`
	Input        json.RawMessage `json:"input"`
	Output       json.RawMessage `json:"output"`
	Error        *errorView      `json:"error"`
	Milliseconds float64         `json:"duration_ms"`
}

type lineView struct {
	Function string          `json:"function"`
	Stream   string          `json:"stream"`
	Level    string          `json:"level"`
	Text     string          `json:"text"`
	Fields   json.RawMessage `json:"fields"`
}

func viewRun(e *entry, result engine.RunResult, failed error) runView {
	x := &e.execution
	v := runView{
		ID: x.ID, Function: x.FunctionName, Status: x.Status, Trigger: x.Trigger, Attempt: x.Attempt, Input: x.Input,
		Result: result.Output, Response: result.Response, Error: viewError(x.Error, x.ErrorType, x.Traceback),
		Steps: []stepView{}, Logs: []lineView{}, Milliseconds: milliseconds(x.Duration),
	}
	var coded *model.Error
	if errors.As(failed, &coded) && v.Error != nil {
		v.Error.Errors = append(v.Error.Errors, coded.Problems...)
	}
	for _, step := range e.inOrder() {
		v.Steps = append(v.Steps, stepView{
			ID: step.ID, Parent: step.ParentID, Function: step.FunctionName, Depth: step.Depth, Status: step.Status, Input: step.Input,
			Output: step.Output, Error: viewError(step.Error, step.ErrorType, step.Traceback), Milliseconds: milliseconds(step.Duration),
		})
	}
	for i := range e.lines {
		v.Logs = append(v.Logs, viewLine(&e.lines[i]))
	}
	return v
}

func viewLine(e *events.Event) lineView {
	return lineView{Function: e.Function, Stream: e.Stream, Level: e.Level, Text: e.Text, Fields: e.Fields}
}

func viewError(message, class, traceback *string) *errorView {
	if message == nil && class == nil {
		return nil
	}
	v := &errorView{Errors: []model.Problem{}}
	for _, part := range []struct{ to, from *string }{{&v.Message, message}, {&v.Type, class}, {&v.Traceback, traceback}} {
		if part.from != nil {
			*part.to = *part.from
		}
	}
	return v
}

func milliseconds(d interface{ Seconds() float64 }) float64 { return d.Seconds() * 1000 }

// spawnedView is a run that waits in the queue.
type spawnedView struct {
	ID       model.ID        `json:"execution_id"`
	Function string          `json:"function"`
	Input    json.RawMessage `json:"input"`
	Delay    float64         `json:"delay"`
}

func viewSpawned(runs []model.QueuedRun) []spawnedView {
	all := []spawnedView{}
	for i := range runs {
		x := &runs[i].Execution
		all = append(all, spawnedView{ID: x.ID, Function: x.FunctionName, Input: x.Input, Delay: runs[i].Delay.Seconds()})
	}
	return all
}

// httpRequest is the request that a test gives a run.
type httpRequest struct {
	Method  string          `json:"method"`
	URL     string          `json:"url"`
	Headers json.RawMessage `json:"headers"`
	Body    []byte          `json:"body"` // base64
}

var _ engine.Origin = (*httpRequest)(nil)

// HTTPRequest implements engine.Origin.
func (h *httpRequest) HTTPRequest() (model.HTTPRequest, []string) {
	return model.HTTPRequest{Method: h.Method, URL: h.URL, Headers: h.Headers, Body: h.Body}, nil
}
