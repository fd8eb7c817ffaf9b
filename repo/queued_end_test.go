package repo_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// begun stores runs and brings each to where a server has begun it.
func begun(t *testing.T, db *repo.DB, server model.ID, runs ...model.QueuedRun) []model.QueuedRun {
	t.Helper()
	require.NoError(t, db.Enqueue(t.Context(), nil, runs...))
	claimed := claimRuns(t, db, server, wide)
	require.Len(t, claimed, len(runs))
	return claimed
}

func ended(run model.QueuedRun, claim int64, status model.Status) *model.Record {
	e := run.Execution
	e.Status, e.StartedAt, e.CompletedAt, e.Attempt = status, time.Now(), time.Now(), 1
	return &model.Record{Execution: e, Queued: &model.QueuedEnd{Claim: claim}}
}

// The ends of many runs in one statement are those of each.
func TestEndsOfQueuedRunsInOneBatch(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	good, bad, taken := newQueued(tenant, "f"), newQueued(tenant, "f"), newQueued(tenant, "f")
	claims := map[model.ID]int64{}
	for _, run := range begun(t, db, register(t, db), good, bad, taken) {
		claims[run.Execution.ID] = run.Claim
	}
	fine := ended(good, claims[good.Execution.ID], model.StatusCompleted)
	fine.Execution.Output = json.RawMessage(`{"a":"\u0000"}`)
	step := model.Step{
		ID: model.NewID(), ExecutionID: good.Execution.ID, Depth: 1, Position: 1, Attempt: 1, FunctionName: "g", FunctionVersion: 3,
		Status: model.StatusCompleted, Input: json.RawMessage("1"), Output: json.RawMessage("null"), StartedAt: time.Now(),
		CompletedAt: time.Now(), Duration: time.Millisecond, RecordComplete: true,
	}
	child := step
	child.ID, child.ParentID, child.Position, child.Output, child.Error = model.NewID(), step.ID, 2, nil, ptr("")
	fine.Steps = []model.Step{step, child}
	failed := ended(bad, claims[bad.Execution.ID], model.StatusFailed)
	failed.Execution.Error, failed.Execution.ErrorType = ptr(""), ptr("ValueError")
	// Of one run there are two ends in the batch: one is of a claim that was
	// taken back, and comes first.
	stale := ended(taken, claims[taken.Execution.ID]-1, model.StatusFailed)
	latest := ended(taken, claims[taken.Execution.ID], model.StatusCompleted)
	twice := ended(taken, claims[taken.Execution.ID], model.StatusFailed)
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{stale, fine, failed, latest, twice}, "here"))

	e, err := db.Execution(t.Context(), tenant, good.Execution.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusCompleted, e.Status)
	require.Equal(t, fine.Execution.Output, e.Output)
	require.Nil(t, e.Error)
	steps, _, err := db.Steps(t.Context(), tenant, good.Execution.ID, repo.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, steps, 2)
	require.Equal(t, step.Output, steps[0].Output)
	require.Zero(t, steps[0].ParentID)
	require.Nil(t, steps[0].Error)
	require.Equal(t, step.ID, steps[1].ParentID)
	require.Nil(t, steps[1].Output)
	require.Equal(t, ptr(""), steps[1].Error, "an empty message is one")
	e, err = db.Execution(t.Context(), tenant, bad.Execution.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusFailed, e.Status)
	require.Nil(t, e.Output)
	require.Equal(t, ptr(""), e.Error)
	require.Equal(t, ptr("ValueError"), e.ErrorType)
	now, _ := status(t, db, tenant, taken.Execution.ID)
	require.Equal(t, model.StatusCompleted, now, "a late result is refused, also beside the good one")
}

// The end of a schedule's run waits for no transaction that has the schedule locked.
func TestEndsOfScheduledRunsWaitForNoLock(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(context.Context, *repo.DB, model.ID, []*model.Record) error{
		"their server records them": func(ctx context.Context, db *repo.DB, _ model.ID, records []*model.Record) error {
			return db.MergeRecords(ctx, records, "here")
		},
		"their server is gone": func(ctx context.Context, db *repo.DB, server model.ID, _ []*model.Record) error {
			if err := db.LeaveServer(ctx, server); err != nil {
				return err
			}
			_, err := db.SettleGone(ctx)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, tenant := setup(t)
			createFunction(t, db, tenant, "f")
			locked, err := db.CreateSchedule(t.Context(), tenant, newSchedule("a", "f"))
			require.NoError(t, err)
			free, err := db.CreateSchedule(t.Context(), tenant, newSchedule("b", "f"))
			require.NoError(t, err)
			server := register(t, db)
			var runs []model.QueuedRun
			for _, s := range []model.Schedule{locked, free} {
				run := newQueued(tenant, "f")
				run.Execution.Trigger, run.Execution.TriggerID, run.Policy = model.TriggerSchedule, s.ID, nil
				runs = append(runs, run)
			}
			var records []*model.Record
			for i, claimed := range begun(t, db, server, runs...) {
				require.Equal(t, runs[i].Execution.ID, claimed.Execution.ID)
				records = append(records, ended(runs[i], claimed.Claim, model.StatusFailed))
			}

			other, err := db.Pool().Begin(t.Context())
			require.NoError(t, err)
			_, err = other.Exec(t.Context(), "UPDATE scheduled_jobs SET failures = failures + 1 WHERE id = $1", repo.UUID(locked.ID))
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			require.NoError(t, end(ctx, db, server, records))
			failures := func(s model.Schedule) int {
				s, err := db.Schedule(t.Context(), tenant, s.ID)
				require.NoError(t, err)
				return s.Failures
			}
			require.Equal(t, 1, failures(free))
			require.NoError(t, other.Commit(t.Context()))
			require.NoError(t, db.NoteLateResults(t.Context()))
			require.Equal(t, 2, failures(locked))
			require.Equal(t, 1, failures(free))
		})
	}
}
