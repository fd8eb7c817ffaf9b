package repo

import (
	"strconv"
	"time"

	"maestro/internal/model"
	"maestro/repo/dbsqlc"
)

// stepPlace is where a list of steps goes on.
type stepPlace struct{ attempt, position int32 }

func (p Page) afterStep() (stepPlace, error) {
	if p.Cursor == "" {
		return stepPlace{}, nil
	}
	after, err := p.after(2)
	if err != nil {
		return stepPlace{}, err
	}
	attempt, errAttempt := strconv.ParseInt(after[0], 10, 32)
	position, errPosition := strconv.ParseInt(after[1], 10, 32)
	if errAttempt != nil || errPosition != nil || attempt < 0 || position < 0 {
		return stepPlace{}, errBadCursor()
	}
	return stepPlace{int32(attempt), int32(position)}, nil
}

func stepKey(r dbsqlc.StepExecution) []string {
	return []string{strconv.Itoa(int(r.Attempt)), strconv.Itoa(int(r.Position))}
}

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
