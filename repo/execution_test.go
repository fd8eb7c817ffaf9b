package repo_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func TestExecutionRoundTrip(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	at := time.Now().UTC().Truncate(time.Microsecond)
	full := execution(tenant, at)
	full.TriggerID, full.ParentID = model.NewID(), model.NewID()
	full.Output, full.Error, full.ErrorType, full.Traceback = json.RawMessage(`"\u0000"`), ptr(""), ptr("ValueError"), ptr("…")
	full.Duration, full.Attempt, full.RecordComplete = 1234567*time.Microsecond, 3, false
	full.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	bare := execution(tenant, at)
	bare.Input, bare.StartedAt, bare.CompletedAt = nil, time.Time{}, time.Time{}
	step := model.Step{
		ID: model.StepID(full.ID, 2, 1), ExecutionID: full.ID, ParentID: model.NewIDAt(at), Depth: 4, Position: 1, Attempt: 2,
		FunctionName: "g", FunctionVersion: 7, Status: model.StatusTimedOut, Input: json.RawMessage(`[1.50]`),
		Output: json.RawMessage(`{"b":1,"a":2}`), Error: ptr("e"), ErrorType: ptr("T"), Traceback: ptr("t"),
		StartedAt: at, CompletedAt: at.Add(time.Second), Duration: time.Second, RecordComplete: true,
	}
	requireFull(t, full, "RecordComplete", "InputHead", "ErrorHead") // the heads are of brief lists alone, which TestBriefListsLeaveLargeValuesWhereTheyAre reads
	requireFull(t, step)
	cut := execution(tenant, at)
	cut.RecordComplete, cut.InputComplete = false, false
	records := []*model.Record{{Execution: full, Steps: []model.Step{step}}, {Execution: bare}, {Execution: cut}}
	var queued []model.QueuedRun
	var ends []*model.Record
	for _, r := range records {
		queued = append(queued, model.QueuedRun{Execution: r.Execution, Input: []byte("sealed")})
		ends = append(ends, &model.Record{Execution: r.Execution, Steps: r.Steps, Queued: &model.QueuedEnd{Claim: 1}})
	}
	for name, write := range map[string]func() error{
		"copied": func() error { return db.CopyRecords(t.Context(), records, "server") },
		"merged": func() error { return db.MergeRecords(t.Context(), records, "server") },
		"ended": func() error {
			if err := db.Enqueue(t.Context(), nil, queued...); err != nil {
				return err
			}
			if _, err := db.Pool().Exec(t.Context(), "UPDATE queued_runs SET claim = 1, server = gen_random_uuid()"); err != nil {
				return err
			}
			return db.MergeRecords(t.Context(), ends, "server")
		},
	} {
		_, err := db.Pool().Exec(t.Context(), "TRUNCATE executions, step_executions")
		require.NoError(t, err)
		require.NoError(t, write(), name)
		for _, record := range records {
			stored, err := db.Execution(t.Context(), tenant, record.Execution.ID)
			require.NoError(t, err)
			require.Equal(t, record.Execution, stored, name)
		}
		steps, next, err := db.Steps(t.Context(), tenant, full.ID, repo.Page{})
		require.NoError(t, err)
		require.Empty(t, next)
		require.Equal(t, []model.Step{step}, steps, name)
	}
	steps, _, err := db.Steps(t.Context(), tenant, bare.ID, repo.Page{})
	require.NoError(t, err)
	require.Empty(t, steps)
	_, _, err = db.Steps(t.Context(), tenant, model.NewID(), repo.Page{})
	requireCode(t, model.CodeExecutionNotFound, err)
	_, err = db.Execution(t.Context(), tenant, model.NewID())
	requireCode(t, model.CodeExecutionNotFound, err)
}

func TestCopyIsAllOrNothing(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	good, bad := execution(tenant, time.Now()), execution(tenant, time.Now())
	bad.Input = json.RawMessage("{")
	err := db.CopyRecords(t.Context(), []*model.Record{{Execution: good, Steps: []model.Step{stepOf(good, 1)}}, {Execution: bad}}, "")
	require.True(t, repo.IsDataError(err), "%v", err)
	_, err = db.Execution(t.Context(), tenant, good.ID)
	requireCode(t, model.CodeExecutionNotFound, err)

	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: good}}, ""))
	err = db.CopyRecords(t.Context(), []*model.Record{{Execution: good}}, "")
	require.True(t, repo.IsRowConflict(err), "%v", err)
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: good, Steps: []model.Step{stepOf(good, 1)}}}, ""))
}

func TestListExecutions(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	start := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Hour)
	var records []*model.Record
	hook := model.NewID()
	for i := range 6 {
		e := execution(tenant, start.Add(time.Duration(i)*time.Minute))
		e.FunctionName = []string{"f", "g"}[i%2]
		e.Status = []model.Status{model.StatusCompleted, model.StatusFailed, model.StatusTimedOut}[i%3]
		if i == 4 {
			e.Trigger, e.TriggerID = model.TriggerWebhook, hook
		}
		records = append(records, &model.Record{Execution: e})
	}
	require.NoError(t, db.CopyRecords(t.Context(), records, ""))
	list := func(filter repo.ExecutionFilter) (found []int) {
		t.Helper()
		for {
			part, next, err := db.ListExecutions(t.Context(), tenant, filter)
			require.NoError(t, err)
			for _, e := range part {
				for i, record := range records {
					if record.Execution.ID == e.ID {
						found = append(found, i)
					}
				}
			}
			if filter.Cursor = next; next == "" {
				return found
			}
		}
	}
	all := []int{5, 4, 3, 2, 1, 0}
	require.Equal(t, all, list(repo.ExecutionFilter{}))
	require.Equal(t, all, list(repo.ExecutionFilter{Page: repo.Page{Limit: 1}}))
	require.Equal(t, []int{5, 3, 1}, list(repo.ExecutionFilter{FunctionName: "g", Page: repo.Page{Limit: 2}}))
	require.Equal(t, []int{5, 4, 2, 1}, list(repo.ExecutionFilter{Statuses: []model.Status{model.StatusFailed, model.StatusTimedOut}}))
	require.Equal(t, []int{4}, list(repo.ExecutionFilter{Trigger: model.TriggerWebhook}))
	require.Equal(t, []int{4}, list(repo.ExecutionFilter{TriggerID: hook}))
	at := func(i int) time.Time { return records[i].Execution.CreatedAt }
	require.Equal(t, []int{3, 2}, list(repo.ExecutionFilter{Since: at(2), Until: at(3), Page: repo.Page{Limit: 1}}))
	require.Empty(t, list(repo.ExecutionFilter{Since: time.Now().Add(time.Hour)}))
	require.Equal(t, []int{1, 0}, list(repo.ExecutionFilter{Page: repo.Page{Offset: 4}}))
}

func execution(tenant string, at time.Time) model.Execution {
	return model.Execution{
		ID: model.NewIDAt(at), Tenant: tenant, FunctionName: "f", FunctionVersion: 1, Trigger: model.TriggerManual,
		Status: model.StatusCompleted, Input: json.RawMessage(`{}`), CreatedAt: at, StartedAt: at, CompletedAt: at,
		Attempt: 1, Lane: model.LaneEmbedded, RecordComplete: true, InputComplete: true,
	}
}

func stepOf(e model.Execution, position int) model.Step {
	return model.Step{
		ID: model.StepID(e.ID, 1, position), ExecutionID: e.ID, Depth: 1, Position: position, Attempt: 1, FunctionName: "g",
		FunctionVersion: 1, Status: model.StatusCompleted, StartedAt: e.StartedAt, CompletedAt: e.CompletedAt,
	}
}
