package scheduler

import (
	"context"

	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/repo"
)

// ScheduleRuns enqueues the runs of schedules. It is the Queue of a
// Cron.
type ScheduleRuns struct{ Engine *engine.Engine }

// Plan implements Queue.
func (r ScheduleRuns) Plan(ctx context.Context, tenant, function string) (Add, error) {
	plan, err := r.Engine.Plan(ctx, tenant, function)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx repo.Tx, s *model.Schedule) (model.ID, error) {
		return r.add(ctx, tx, plan, s)
	}, nil
}

func (r ScheduleRuns) add(ctx context.Context, tx repo.Tx, plan engine.Plan, s *model.Schedule) (id model.ID, err error) {
	policy, problems := model.ParseRetryPolicy(s.Retry)
	if len(problems) > 0 {
		bad := model.NewError(model.CodeInvalid, "The retry policy of the schedule is invalid.")
		bad.Problems = problems
		return model.ID{}, bad
	}
	request := engine.RunRequest{
		Tenant: s.Tenant, Function: s.FunctionName, Input: s.Input, Trigger: model.TriggerSchedule, TriggerID: s.ID,
	}
	end := r.Engine.Accept(&request, plan)
	defer func() { end(err) }()
	run, err := r.Engine.Prepare(ctx, plan, request, engine.Later{Policy: policy})
	if err != nil {
		return model.ID{}, err
	}
	if err := tx.Enqueue(ctx, run); err != nil {
		return model.ID{}, err
	}
	return run.Execution.ID, nil
}

// Unfinished implements Queue.
func (ScheduleRuns) Unfinished(ctx context.Context, tx repo.Tx, s *model.Schedule) (int, error) {
	return tx.QueuedOf(ctx, s.Tenant, s.ID)
}
