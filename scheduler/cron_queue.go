package scheduler

import (
	"context"

	"github.com/jackc/pgx/v5"

	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/repo"
)

// EngineQueue is the Queue whose runs the engine does.
type EngineQueue struct {
	DB     *repo.DB
	Engine *engine.Engine
}

// Add implements Queue.
func (q EngineQueue) Add(ctx context.Context, tx pgx.Tx, s *repo.Schedule) (model.ID, error) {
	policy, problems := model.ParseRetryPolicy(s.Retry)
	if len(problems) > 0 {
		return model.ID{}, model.NewError(model.CodeInvalid, "The schedule's retry can't be read, save it again: %s.", problems[0].Message)
	}
	run, err := q.Engine.Prepare(ctx, engine.RunRequest{
		Tenant: s.Tenant, Function: s.FunctionName, Input: s.Input, Trigger: model.TriggerSchedule, TriggerID: s.ID,
	}, engine.Later{Policy: policy})
	if err != nil {
		return model.ID{}, err
	}
	return run.Execution.ID, q.DB.QueueRuns(ctx, tx, run)
}

// Unfinished implements Queue.
func (q EngineQueue) Unfinished(ctx context.Context, tx pgx.Tx, s *repo.Schedule) (int, error) {
	return q.DB.QueuedOf(ctx, tx, s.Tenant, s.ID)
}
