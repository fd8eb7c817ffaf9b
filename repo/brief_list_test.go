package repo_test

import (
	"crypto/rand"
	"encoding/hex"
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
	e.InputHead, e.ErrorHead = string(large[:200]), "e" // a text of one letter takes little room
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

// TestBriefListsLeaveLargeValuesWhereTheyAre: what PostgreSQL sends of a page does not grow
// with its inputs, and the inputs are not read.
func TestBriefListsLeaveLargeValuesWhereTheyAre(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	at := time.Now().UTC().Truncate(time.Microsecond)
	noise := make([]byte, 150_000)
	_, err := rand.Read(noise)
	require.NoError(t, err)
	inputs := []string{`"` + hex.EncodeToString(noise) + `"`, `"` + strings.Repeat("é", 5000) + `"`, `{"a": 1}`, "null"}
	for i, input := range inputs {
		e := execution(tenant, at.Add(-time.Duration(i)*time.Second))
		e.Input, e.Output, e.Error = json.RawMessage(input), json.RawMessage(inputs[0]), ptr(strings.Repeat("ü", 300))
		require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: e}}, ""))
	}
	found, _, err := db.ListExecutions(t.Context(), tenant, repo.ExecutionFilter{Page: repo.Page{Brief: true}})
	require.NoError(t, err)
	require.Len(t, found, len(inputs))
	for i, want := range []string{"", `"` + strings.Repeat("é", 199), `{"a": 1}`, "null"} {
		require.Equal(t, want, found[i].InputHead)
		require.Equal(t, strings.Repeat("ü", 200), found[i].ErrorHead)
	}

	// The blocks that the page touches, of the table and of what lies outside of its rows.
	blocks := func(query string) (total float64) {
		var plan []byte
		require.NoError(t, db.Pool().QueryRow(t.Context(), "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+query).Scan(&plan))
		var said []struct{ Plan map[string]any }
		require.NoError(t, json.Unmarshal(plan, &said))
		return said[0].Plan["Shared Hit Blocks"].(float64) + said[0].Plan["Shared Read Blocks"].(float64)
	}
	head := "SELECT CASE WHEN pg_column_size(input_data) <= 16384 THEN left(input_data::text, 200) END FROM executions"
	whole := "SELECT left(input_data::text, 200) FROM executions"
	require.NotZero(t, blocks(head))
	require.Greater(t, blocks(whole), blocks(head)+30, "a large input is read with the other alone")
}
