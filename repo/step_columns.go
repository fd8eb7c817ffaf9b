package repo

import (
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// stepRow is a step as it is written.
type stepRow struct {
	model.Step
	tenant string
}

// stepTable describes the table step_executions.
var stepTable = table[stepRow]{
	name: "step_executions", key: "execution_id, id", open: "step_executions.status = 'running'",
	columns: []column[stepRow]{
		{"execution_id", "uuid", func(r *stepRow) any { return &r.ExecutionID }, never, ""},
		{"id", "uuid", func(r *stepRow) any { return &r.ID }, never, ""},
		{"tenant", "text", func(r *stepRow) any { return &r.tenant }, never, ""},
		{"parent_step_id", "uuid", func(r *stepRow) any { return &r.ParentID }, never, ""},
		{"depth", "int4", func(r *stepRow) any { return &r.Depth }, never, ""},
		{"position", "int4", func(r *stepRow) any { return &r.Position }, never, ""},
		{"attempt", "int4", func(r *stepRow) any { return &r.Attempt }, never, ""},
		{"function_name", "text", func(r *stepRow) any { return &r.FunctionName }, never, ""},
		{"function_version", "int4", func(r *stepRow) any { return &r.FunctionVersion }, never, ""},
		{"status", "text", func(r *stepRow) any { return (*string)(&r.Status) }, atEnd, ""},
		{"input_data", "json", func(r *stepRow) any { return &r.Input }, never, ""},
		{"output_data", "json", func(r *stepRow) any { return &r.Output }, atEnd, ""},
		{"error", "text", func(r *stepRow) any { return &r.Error }, atEnd, ""},
		{"error_type", "text", func(r *stepRow) any { return &r.ErrorType }, atEnd, ""},
		{"traceback", "text", func(r *stepRow) any { return &r.Traceback }, atEnd, ""},
		{"started_at", "timestamptz", func(r *stepRow) any { return &r.StartedAt }, never, ""},
		{"completed_at", "timestamptz", func(r *stepRow) any { return &r.CompletedAt }, atEnd, ""},
		{"duration_us", "int8", func(r *stepRow) any { return &r.Duration }, atEnd, ""},
		{"record_complete", "bool", func(r *stepRow) any { return &r.RecordComplete }, atEnd, ""},
	},
}

// step is a row as it is read.
func step(r dbsqlc.StepExecution) model.Step {
	return model.Step{
		ID: r.ID.Bytes, ExecutionID: r.ExecutionID.Bytes, ParentID: r.ParentStepID.Bytes, Depth: int(r.Depth),
		Position: int(r.Position), Attempt: int(r.Attempt), FunctionName: r.FunctionName,
		FunctionVersion: int(r.FunctionVersion), Status: model.Status(r.Status), Input: r.InputData, Output: r.OutputData,
		Error: r.Error, ErrorType: r.ErrorType, Traceback: r.Traceback, StartedAt: timeOf(r.StartedAt),
		CompletedAt: timeOf(r.CompletedAt), Duration: time.Duration(r.DurationUs) * time.Microsecond,
		RecordComplete: r.RecordComplete,
	}
}
