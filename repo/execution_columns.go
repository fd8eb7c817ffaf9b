package repo

import (
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// executionRow is an execution as a server writes it.
type executionRow struct {
	model.Execution
	server        *string // that runs it; nil: none does
	inputComplete *bool   // nil where record_complete tells
}

func newExecutionRow(e *model.Execution, server *string) executionRow {
	row := executionRow{Execution: *e, server: server}
	if e.InputComplete && !e.RecordComplete {
		row.inputComplete = &e.InputComplete
	}
	return row
}

// executionTable describes the table of that name. A record of version 0 keeps the
// version of the row: its function was deleted meanwhile.
var executionTable = table[executionRow]{
	name: "executions", key: "id", open: "executions.status IN ('pending', 'running')",
	columns: []column[executionRow]{
		{"id", "uuid", func(r *executionRow) any { return &r.ID }, never, ""},
		{"tenant", "text", func(r *executionRow) any { return &r.Tenant }, never, ""},
		{"function_name", "text", func(r *executionRow) any { return &r.FunctionName }, never, ""},
		{"function_version", "int4", func(r *executionRow) any { return &r.FunctionVersion }, atBegin,
			"COALESCE(NULLIF(excluded.function_version, 0), executions.function_version)"},
		{"trigger_type", "text", func(r *executionRow) any { return (*string)(&r.Trigger) }, never, ""},
		{"trigger_id", "uuid", func(r *executionRow) any { return &r.TriggerID }, never, ""},
		{"status", "text", func(r *executionRow) any { return (*string)(&r.Status) }, atBegin, ""},
		{"input_data", "json", func(r *executionRow) any { return &r.Input }, atEnd, ""},
		{"output_data", "json", func(r *executionRow) any { return &r.Output }, atEnd, ""},
		{"error", "text", func(r *executionRow) any { return &r.Error }, atEnd, ""},
		{"error_type", "text", func(r *executionRow) any { return &r.ErrorType }, atEnd, ""},
		{"traceback", "text", func(r *executionRow) any { return &r.Traceback }, atEnd, ""},
		{"created_at", "timestamptz", func(r *executionRow) any { return &r.CreatedAt }, never, ""},
		{"started_at", "timestamptz", func(r *executionRow) any { return &r.StartedAt }, atBegin, ""},
		{"completed_at", "timestamptz", func(r *executionRow) any { return &r.CompletedAt }, atEnd, ""},
		{"duration_us", "int8", func(r *executionRow) any { return &r.Duration }, atEnd, ""},
		{"attempt", "int4", func(r *executionRow) any { return &r.Attempt }, atBegin, ""},
		{"parent_id", "uuid", func(r *executionRow) any { return &r.ParentID }, never, ""},
		{"server", "text", func(r *executionRow) any { return &r.server }, atBegin, ""},
		{"record_complete", "bool", func(r *executionRow) any { return &r.RecordComplete }, atEnd, ""},
		{"input_complete", "bool", func(r *executionRow) any { return &r.inputComplete }, atEnd, ""},
	},
}

// execution is a row as it is read.
func execution(r dbsqlc.Execution) model.Execution {
	return model.Execution{
		ID: r.ID.Bytes, Tenant: r.Tenant, FunctionName: r.FunctionName, FunctionVersion: int(r.FunctionVersion),
		Trigger: model.Trigger(r.TriggerType), TriggerID: r.TriggerID.Bytes, Status: model.Status(r.Status),
		Input: r.InputData, Output: r.OutputData, Error: r.Error, ErrorType: r.ErrorType, Traceback: r.Traceback,
		CreatedAt: r.CreatedAt, StartedAt: timeOf(r.StartedAt), CompletedAt: timeOf(r.CompletedAt),
		Duration: time.Duration(r.DurationUs) * time.Microsecond, Attempt: int(r.Attempt), ParentID: r.ParentID.Bytes,
		RecordComplete: r.RecordComplete, InputComplete: r.RecordComplete || r.InputComplete != nil && *r.InputComplete,
	}
}
