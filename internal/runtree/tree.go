// Package runtree shows an execution as the tree of its calls, and compares two
// of them.
//
// It must not send requests.
package runtree

import (
	"encoding/json"
	"strings"

	"maestro/internal/terminal"
)

// Execution is an execution as the API shows it.
type Execution struct {
	ID         string   `json:"id"`
	Function   string   `json:"function_name"`
	Version    int      `json:"function_version"`
	Trigger    string   `json:"trigger_type"`
	Status     string   `json:"status"`
	Input      Value    `json:"input_data"`
	Output     Value    `json:"output_data"`
	Error      string   `json:"error"`
	ErrorType  string   `json:"error_type"`
	Traceback  string   `json:"traceback"`
	CreatedAt  string   `json:"created_at"`
	DurationMS *float64 `json:"duration_ms"`
	Attempt    int      `json:"attempt"`
	Lane       string   `json:"lane"`
}

// Step is a sibling call as the API shows it.
type Step struct {
	ID         string   `json:"id"`
	Parent     *string  `json:"parent_step_id"`
	Attempt    int      `json:"attempt"`
	Function   string   `json:"function_name"`
	Version    int      `json:"function_version"`
	Status     string   `json:"status"`
	Input      Value    `json:"input_data"`
	Output     Value    `json:"output_data"`
	Error      string   `json:"error"`
	ErrorType  string   `json:"error_type"`
	StartedAt  string   `json:"started_at"`
	DurationMS *float64 `json:"duration_ms"`
}

// Value is a JSON value, shown in one line.
type Value = json.RawMessage

// Node is a call with the calls that it made, in their order.
type Node struct {
	Function  string
	Version   int
	Status    string
	Input     Value
	Output    Value
	Error     string
	ErrorType string
	Duration  *float64 // in milliseconds; nil: it has not ended
	Calls     []*Node
}

// Build makes the tree of the last attempt.
func Build(e *Execution, steps []Step) *Node {
	root := &Node{Function: e.Function, Version: e.Version, Status: e.Status, Input: e.Input, Output: e.Output, Error: e.Error, ErrorType: e.ErrorType, Duration: e.DurationMS}
	nodes := map[string]*Node{}
	for i := range steps {
		s := &steps[i]
		if s.Attempt != e.Attempt {
			continue
		}
		nodes[s.ID] = &Node{Function: s.Function, Version: s.Version, Status: s.Status, Input: s.Input, Output: s.Output, Error: s.Error, ErrorType: s.ErrorType, Duration: s.DurationMS}
	}
	for i := range steps {
		s := &steps[i]
		node := nodes[s.ID]
		if node == nil {
			continue
		}
		parent := root
		if s.Parent != nil && nodes[*s.Parent] != nil {
			parent = nodes[*s.Parent]
		}
		parent.Calls = append(parent.Calls, node)
	}
	return root
}

// StatusStyle is the colour of a status.
func StatusStyle(status string) terminal.Style {
	switch status {
	case "completed":
		return terminal.Green
	case "pending", "running":
		return terminal.Cyan
	case "cancelled":
		return terminal.Yellow
	}
	return terminal.Red
}

func mark(status string) string {
	switch status {
	case "completed":
		return "✓"
	case "pending", "running":
		return "…"
	}
	return "✗"
}

// Show writes the tree, a line for each call, with values if values is true.
func Show(o *terminal.Out, root *Node, values bool) {
	total := 0.0
	if root.Duration != nil {
		total = *root.Duration
	}
	show(o, root, "", "", total, values)
}

func show(o *terminal.Out, n *Node, lead, below string, total float64, values bool) {
	line := o.In(terminal.Dim, lead) + o.In(StatusStyle(n.Status), mark(n.Status)) + " " + o.In(terminal.Bold, terminal.OneLine(n.Function)) + o.In(terminal.Dim, " v"+itoa(n.Version))
	if n.Duration != nil {
		line += "  " + terminal.Milliseconds(*n.Duration)
		if total > 0 && lead != "" {
			line += o.In(terminal.Dim, "  "+percent(*n.Duration/total))
		}
	} else {
		line += "  " + n.Status
	}
	if n.Status != "completed" && n.ErrorType != "" {
		line += "  " + o.In(terminal.Red, n.ErrorType+": "+terminal.Cut(terminal.OneLine(n.Error), 100))
	}
	o.Printf("%s\n", line)
	if values {
		rail := below
		if len(n.Calls) > 0 {
			rail += "│ "
		} else {
			rail += "  "
		}
		width := max(40, o.Width-len([]rune(rail))-5)
		if o.Width == 0 {
			width = 1000
		}
		o.Printf("%s%s\n", o.In(terminal.Dim, rail+"in  "), terminal.Cut(Line(n.Input), width))
		if n.Status == "completed" {
			o.Printf("%s%s\n", o.In(terminal.Dim, rail+"out "), terminal.Cut(Line(n.Output), width))
		}
	}
	for i, call := range n.Calls {
		if i == len(n.Calls)-1 {
			show(o, call, below+"└─ ", below+"   ", total, values)
		} else {
			show(o, call, below+"├─ ", below+"│  ", total, values)
		}
	}
}

// Line is a JSON value in one line.
func Line(v Value) string {
	if len(v) == 0 {
		return "null"
	}
	return terminal.OneLine(strings.TrimSpace(string(v)))
}
