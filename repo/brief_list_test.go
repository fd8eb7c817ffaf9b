package repo_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

// TestBriefListsHaveAllButTheValues: by each of the ways in which executions and steps are listed.
func TestBriefListsHaveAllButTheValues(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	at := time.Now().UTC().Truncate(time.Microsecond)
	large := json.RawMessage(`"` + strings.Repeat("x", 100_000) + `"`)
	e := execution(tenant, at)
	e.Input, e.Output, e.Error, e.ErrorType, e.Traceback = large, large, ptr("e"), ptr("T"), ptr("t")
	e.Duration, e.ParentID, e.TriggerID = time.Second, model.NewID(), model.NewID()
	step := model.Step{
		ID: model.StepID(e.ID, 1, 1), ExecutionID: e.ID, ParentID: model.NewIDAt(at), Depth: 1, Position: 1, Attempt: 1, FunctionName: "g", FunctionVersion: 2,
		Status: model.StatusFailed, Input: large, Output: large, Error: ptr("e"), ErrorType: ptr("T"), Traceback: ptr("t"),
		StartedAt: at, CompletedAt: at.Add(time.Second), Duration: time.Second, RecordComplete: true,
	}
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: e, Steps: []model.Step{step}}}, ""))
	brief := repo.Page{Brief: true}
	e.Input, e.Output, e.Error, e.Traceback = nil, nil, nil, nil
	e.InputComplete = e.RecordComplete
	for name, filter := range map[string]repo.ExecutionFilter{"all": {Page: brief}, "of a duration": {MinDuration: time.Second, Page: brief}, "one": {MinDuration: time.Second, Page: repo.Page{Brief: true, Limit: 1}}} {
		found, _, err := db.ListExecutions(t.Context(), tenant, filter)
		require.NoError(t, err, name)
		require.Equal(t, []model.Execution{e}, found, name)
	}
	step.Input, step.Output, step.Error, step.Traceback = nil, nil, nil, nil
	steps, _, err := db.Steps(t.Context(), tenant, e.ID, brief)
	require.NoError(t, err)
	require.Equal(t, []model.Step{step}, steps)
	_, err = db.Pool().Exec(t.Context(), "UPDATE step_executions SET id = $1", repo.UUID(model.NewIDAt(at.Add(time.Minute))))
	require.NoError(t, err)
	steps, _, err = db.Steps(t.Context(), tenant, e.ID, brief)
	require.NoError(t, err)
	step.ID = steps[0].ID
	require.Equal(t, []model.Step{step}, steps, "of an earlier version")
}
