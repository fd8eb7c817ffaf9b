package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// crashOf is what a journal holds of a run.
func crashOf(e model.Execution, claim int64, kind string) repo.Crash {
	message := "it died"
	e.Input, e.Output, e.Error, e.ErrorType, e.RecordComplete, e.InputComplete = nil, nil, &message, &kind, false, false
	e.CompletedAt = e.StartedAt.Add(time.Minute)
	return repo.Crash{Execution: e, Claim: claim}
}

func TestSettledCrashes(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	at := time.Now().UTC().Truncate(time.Microsecond)
	done, running, short := execution(tenant, at), execution(tenant, at), execution(tenant, at)
	done.Output = []byte("7")
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: done}}, "old"))
	require.NoError(t, db.MarkRunning(t.Context(), []*model.Execution{&running}, "old"))
	open, closed := stepOf(running, 1), stepOf(running, 2)
	open.Status, open.CompletedAt = model.StatusRunning, time.Time{}
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: running, Steps: []model.Step{open, closed}, StepsOnly: true}}, "old"))

	crashes := []repo.Crash{crashOf(done, 0, "Crashed"), crashOf(running, 0, "ProcessCrashed"), crashOf(short, 0, "Crashed")}
	for again := range 2 { // the start may fail after that
		settled, err := db.SettleCrashes(t.Context(), "folder", crashes, true)
		require.NoError(t, err)
		require.Equal(t, 2-2*again, settled.Crashed)
		require.Len(t, settled.Runs, settled.Crashed)
		for _, run := range settled.Runs {
			require.Equal(t, repo.SettledRun{Tenant: tenant, Function: running.FunctionName, Trigger: running.Trigger, Status: model.StatusCrashed}, run)
		}
	}
	e, err := db.Execution(t.Context(), tenant, done.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusCompleted, e.Status, "a run with a record stays")
	e, err = db.Execution(t.Context(), tenant, running.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusCrashed, e.Status)
	require.Equal(t, "ProcessCrashed", *e.ErrorType)
	require.JSONEq(t, string(running.Input), string(e.Input), "the input of its row stays")
	require.True(t, e.RecordComplete)
	e, err = db.Execution(t.Context(), tenant, short.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusCrashed, e.Status)
	require.Equal(t, "it died", *e.Error)
	require.Equal(t, at, e.StartedAt)
	require.Empty(t, e.Input)
	require.False(t, e.RecordComplete)
	steps, _, err := db.Steps(t.Context(), tenant, running.ID, repo.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, steps, 2)
	require.Equal(t, model.StatusCrashed, steps[0].Status)
	require.Equal(t, model.StatusCompleted, steps[1].Status)
}

func TestSettledCrashesOfQueuedRuns(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	for range 5 {
		require.NoError(t, db.Enqueue(t.Context(), nil, newQueued(tenant, "f")))
	}
	server, _, err := db.RegisterServer(t.Context(), "test", "folder")
	require.NoError(t, err)
	runs := claimRuns(t, db, server, wide)
	require.Len(t, runs, 5)
	retried, last, taken, unbegun, missing := runs[0], runs[1], runs[2], runs[3], runs[4]
	_, err = db.Pool().Exec(t.Context(), "UPDATE queued_runs SET attempt = 2 WHERE execution_id = $1", repo.UUID(last.Execution.ID))
	require.NoError(t, err)
	crashes := []repo.Crash{
		crashOf(retried.Execution, retried.Claim, "ProcessCrashed"), crashOf(last.Execution, last.Claim, "ProcessCrashed"),
		crashOf(taken.Execution, taken.Claim-1, "ProcessCrashed"),
	}
	settled, err := db.SettleCrashes(t.Context(), "folder", crashes, false)
	require.NoError(t, err)
	of := func(run model.QueuedRun, status model.Status) repo.SettledRun {
		return repo.SettledRun{Tenant: tenant, Function: "f", Trigger: run.Execution.Trigger, Status: status}
	}
	require.Equal(t, 2, settled.Crashed)
	require.ElementsMatch(t, []repo.SettledRun{of(retried, model.StatusPending), of(last, model.StatusCrashed)}, settled.Runs)
	settled, err = db.SettleCrashes(t.Context(), "folder", crashes, true)
	require.NoError(t, err)
	require.Equal(t, repo.Settled{Released: 2}, settled)
	for _, k := range []struct {
		run     model.QueuedRun
		status  model.Status
		attempt int
	}{
		{retried, model.StatusPending, 2},
		{last, model.StatusCrashed, 2},
		{taken, model.StatusPending, 1}, // another server has it
		{unbegun, model.StatusPending, 1},
		{missing, model.StatusPending, 1},
	} {
		now, attempt := status(t, db, tenant, k.run.Execution.ID)
		require.Equal(t, k.status, now)
		require.Equal(t, k.attempt, attempt)
	}
	other := register(t, db)
	require.ElementsMatch(t, []model.ID{retried.Execution.ID, unbegun.Execution.ID, missing.Execution.ID}, claimed(t, db, other, wide))
	e, err := db.Execution(t.Context(), tenant, last.Execution.ID)
	require.NoError(t, err)
	require.Equal(t, "ProcessCrashed", *e.ErrorType)
}
