package repo

import (
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// executionRow is an execution as a server writes it.
type executionRow struct {
	*model.Execution
	server        *string // that runs it; nil: none does
	inputComplete *bool   // nil where record_complete tells
}

func newExecutionRow(e *model.Execution, server *string) executionRow {
	row := executionRow{Execution: e, server: server}
	if e.InputComplete && !e.RecordComplete {
		row.inputComplete = &e.InputComplete
	}
	return row
}

// lane is nil for a run that has not begun.
func (r *executionRow) lane() *string {
	if r.Lane == "" {
		return nil
	}
	return (*string)(&r.Lane)
}

// traceParent is nil for a run that is not in the traces.
func (r *executionRow) traceParent() *string {
	if r.TraceParent == "" {
		return nil
	}
	return &r.TraceParent
}

// executionTable describes the table of that name. A record of version 0 keeps the
// version of the row: its function was deleted meanwhile.
var executionTable = table[executionRow]{
	name: "executions", key: "id", open: "executions.status IN ('pending', 'running')",
	columns: []column[executionRow]{
		columnOf("id", kindID, never, func(r *executionRow) model.ID { return r.ID }),
		columnOf("tenant", kindText, never, func(r *executionRow) string { return r.Tenant }),
		columnOf("function_name", kindText, never, func(r *executionRow) string { return r.FunctionName }),
		columnOf("function_version", kindInt, atBegin, func(r *executionRow) int { return r.FunctionVersion }).keep("COALESCE(NULLIF(excluded.function_version, 0), executions.function_version)"),
		columnOf("trigger_type", kindText, never, func(r *executionRow) string { return string(r.Trigger) }),
		columnOf("trigger_id", kindID, never, func(r *executionRow) model.ID { return r.TriggerID }),
		columnOf("status", kindText, atBegin, func(r *executionRow) string { return string(r.Status) }),
		columnOf("input_data", kindJSON, atEnd, func(r *executionRow) []byte { return r.Input }),
		columnOf("output_data", kindJSON, atEnd, func(r *executionRow) []byte { return r.Output }),
		columnOf("error", kindTextOrNull, atEnd, func(r *executionRow) *string { return r.Error }),
		columnOf("error_type", kindTextOrNull, atEnd, func(r *executionRow) *string { return r.ErrorType }),
		columnOf("traceback", kindTextOrNull, atEnd, func(r *executionRow) *string { return r.Traceback }),
		columnOf("created_at", kindTime, never, func(r *executionRow) time.Time { return r.CreatedAt }),
		columnOf("started_at", kindTime, atBegin, func(r *executionRow) time.Time { return r.StartedAt }),
		columnOf("completed_at", kindTime, atEnd, func(r *executionRow) time.Time { return r.CompletedAt }),
		columnOf("duration_us", kindDuration, atEnd, func(r *executionRow) time.Duration { return r.Duration }),
		columnOf("attempt", kindInt, atBegin, func(r *executionRow) int { return r.Attempt }),
		columnOf("parent_id", kindID, never, func(r *executionRow) model.ID { return r.ParentID }),
		columnOf("server", kindTextOrNull, atBegin, func(r *executionRow) *string { return r.server }),
		columnOf("record_complete", kindBool, atEnd, func(r *executionRow) bool { return r.RecordComplete }),
		columnOf("input_complete", kindBoolOrNull, atEnd, func(r *executionRow) *bool { return r.inputComplete }),
		columnOf("lane", kindTextOrNull, atBegin, func(r *executionRow) *string { return r.lane() }),
		columnOf("traceparent", kindTextOrNull, atBegin, func(r *executionRow) *string { return r.traceParent() }),
	},
}

// execution is a row as it is read.
func execution(r dbsqlc.Execution) model.Execution {
	e := model.Execution{
		ID: r.ID.Bytes, Tenant: r.Tenant, FunctionName: r.FunctionName, FunctionVersion: int(r.FunctionVersion),
		Trigger: model.Trigger(r.TriggerType), TriggerID: r.TriggerID.Bytes, Status: model.Status(r.Status),
		Input: r.InputData, Output: r.OutputData, Error: r.Error, ErrorType: r.ErrorType, Traceback: r.Traceback,
		CreatedAt: r.CreatedAt, StartedAt: timeOf(r.StartedAt), CompletedAt: timeOf(r.CompletedAt),
		Duration: time.Duration(r.DurationUs) * time.Microsecond, Attempt: int(r.Attempt), ParentID: r.ParentID.Bytes,
		RecordComplete: r.RecordComplete, InputComplete: r.RecordComplete || r.InputComplete != nil && *r.InputComplete,
	}
	if r.Lane != nil {
		e.Lane = model.LaneName(*r.Lane)
	}
	e.TraceParent = wordOf(r.Traceparent)
	return e
}
