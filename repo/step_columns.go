package repo

import (
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// stepRow is a step as it is written.
type stepRow struct {
	*model.Step
	tenant string
}

// stepTable describes the table step_executions.
var stepTable = table[stepRow]{
	name: "step_executions", key: "execution_id, id", open: "step_executions.status = 'running'",
	columns: []column[stepRow]{
		columnOf("execution_id", kindID, never, func(r *stepRow) model.ID { return r.ExecutionID }),
		columnOf("id", kindID, never, func(r *stepRow) model.ID { return r.ID }),
		columnOf("tenant", kindText, never, func(r *stepRow) string { return r.tenant }),
		columnOf("parent_step_id", kindID, never, func(r *stepRow) model.ID { return r.ParentID }),
		columnOf("depth", kindInt, never, func(r *stepRow) int { return r.Depth }),
		columnOf("position", kindInt, never, func(r *stepRow) int { return r.Position }),
		columnOf("attempt", kindInt, never, func(r *stepRow) int { return r.Attempt }),
		columnOf("function_name", kindText, never, func(r *stepRow) string { return r.FunctionName }),
		columnOf("function_version", kindInt, never, func(r *stepRow) int { return r.FunctionVersion }),
		columnOf("status", kindText, atEnd, func(r *stepRow) string { return string(r.Status) }),
		columnOf("input_data", kindJSON, never, func(r *stepRow) []byte { return r.Input }),
		columnOf("output_data", kindJSON, atEnd, func(r *stepRow) []byte { return r.Output }),
		columnOf("error", kindTextOrNull, atEnd, func(r *stepRow) *string { return r.Error }),
		columnOf("error_type", kindTextOrNull, atEnd, func(r *stepRow) *string { return r.ErrorType }),
		columnOf("traceback", kindTextOrNull, atEnd, func(r *stepRow) *string { return r.Traceback }),
		columnOf("started_at", kindTime, never, func(r *stepRow) time.Time { return r.StartedAt }),
		columnOf("completed_at", kindTime, atEnd, func(r *stepRow) time.Time { return r.CompletedAt }),
		columnOf("duration_us", kindDuration, atEnd, func(r *stepRow) time.Duration { return r.Duration }),
		columnOf("record_complete", kindBool, atEnd, func(r *stepRow) bool { return r.RecordComplete }),
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
