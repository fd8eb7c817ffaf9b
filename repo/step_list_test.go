package repo_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
	"maestro/repo/dbsqlc"
)

// positions reads the steps of an execution to their end, as attempt × 100 +
// position.
func positions(t *testing.T, db *repo.DB, e model.Execution, page repo.Page) (seen []int) {
	t.Helper()
	for {
		part, next, err := db.Steps(t.Context(), e.Tenant, e.ID, page)
		require.NoError(t, err)
		for _, s := range part {
			seen = append(seen, s.Attempt*100+s.Position)
		}
		if page.Cursor, page.Offset = next, 0; next == "" {
			return seen
		}
	}
}

// TestStepsPageByPage: in start order with any ids, of which earlier
// versions made random ones.
func TestStepsPageByPage(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	newID := func(e model.Execution, attempt, position int) model.ID { return model.StepID(e.ID, attempt, position) }
	oldID := func(e model.Execution, _, _ int) model.ID { return model.NewIDAt(e.ID.Time()) }
	for name, makes := range map[string][2]func(model.Execution, int, int) model.ID{
		"of now": {newID, newID}, "of before": {oldID, oldID}, "of an update between two attempts": {oldID, newID},
	} {
		e := execution(tenant, time.Now())
		record := &model.Record{Execution: e}
		var want []int
		for attempt := 1; attempt <= 2; attempt++ {
			for position := 1; position <= 12; position++ {
				s := stepOf(e, position)
				s.ID, s.Attempt = makes[attempt-1](e, attempt, position), attempt
				record.Steps = append(record.Steps, s)
				want = append(want, attempt*100+position)
			}
		}
		slices.Reverse(record.Steps)
		neighbour := e
		neighbour.ID = model.NewIDAt(e.ID.Time()) // of the same millisecond
		require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{record, {Execution: neighbour, Steps: []model.Step{stepOf(neighbour, 1)}}}, ""))
		for _, limit := range []int{1, 5, 100} {
			require.Equal(t, want, positions(t, db, e, repo.Page{Limit: limit}), name)
			require.Equal(t, want[7:], positions(t, db, e, repo.Page{Limit: limit, Offset: 7}), name)
		}
		require.Equal(t, []int{101}, positions(t, db, neighbour, repo.Page{}), name)
		for _, cursor := range []string{"eA", "AAoA", "MQo", "LTEKMQ"} {
			_, _, err := db.Steps(t.Context(), tenant, e.ID, repo.Page{Cursor: cursor})
			requireCode(t, model.CodeBadRequest, err)
		}
	}
}

// TestPageOfManyStepsReadsAPage: page 100 costs what page 1 costs.
func TestPageOfManyStepsReadsAPage(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	e := execution(tenant, time.Now())
	record := &model.Record{Execution: e}
	for i := range 20_000 {
		record.Steps = append(record.Steps, stepOf(e, i+1))
	}
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{record}, ""))
	_, err := db.Pool().Exec(t.Context(), "ANALYZE step_executions")
	require.NoError(t, err)
	tx, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	const soFar = "SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables WHERE relname LIKE 'step\\_executions\\_2%'"
	var before, after int
	require.NoError(t, tx.QueryRow(t.Context(), soFar).Scan(&before))
	q := dbsqlc.New(plannedEachTime{tx})
	rows, err := q.ListSteps(t.Context(), dbsqlc.ListStepsParams{
		Tenant: tenant, ExecutionID: repo.UUID(e.ID), AfterID: repo.UUID(model.StepID(e.ID, 1, 10_000)),
		BeforeID: repo.UUID(model.FirstIDOf(e.ID.Time().Add(time.Millisecond))), RowLimit: 100,
	})
	require.NoError(t, err)
	require.EqualValues(t, 10_001, rows[0].Position)
	unordered, err := q.HasUnorderedSteps(t.Context(), dbsqlc.HasUnorderedStepsParams{
		Tenant: tenant, ExecutionID: repo.UUID(e.ID), AfterID: repo.UUID(model.FirstIDOf(e.ID.Time().Add(-time.Minute))),
		FirstID: repo.UUID(model.StepID(e.ID, 1, 0)), LastID: repo.UUID(model.FirstIDOf(e.ID.Time().Add(time.Millisecond))),
		BeforeID: repo.UUID(model.FirstIDOf(e.ID.Time().Add(time.Minute))),
	})
	require.NoError(t, err)
	require.False(t, unordered)
	require.NoError(t, tx.QueryRow(t.Context(), soFar).Scan(&after))
	require.LessOrEqual(t, after-before, 200)
	require.NoError(t, tx.Rollback(t.Context()))
}

// TestStepsOfARunThatGoesOn: the recorded steps are a tree in any order of
// arrival, and a closed step stays closed.
func TestStepsOfARunThatGoesOn(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	states := func(e model.Execution) (seen []model.Status) {
		steps, _, err := db.Steps(t.Context(), tenant, e.ID, repo.Page{})
		require.NoError(t, err)
		for _, s := range steps {
			seen = append(seen, s.Status)
		}
		return seen
	}
	// A run of which a child and its open parent are there, and then the end.
	begin := func() (e model.Execution, parent, child model.Step) {
		e = execution(tenant, time.Now())
		running := e
		running.Status, running.CompletedAt = model.StatusRunning, time.Time{}
		require.NoError(t, db.MarkRunning(t.Context(), []*model.Execution{&running}, "server"))
		parent, child = stepOf(e, 1), stepOf(e, 2)
		child.Depth, child.ParentID = 2, parent.ID
		return e, parent, child
	}
	part := func(e model.Execution, known bool, steps ...model.Step) *model.Record {
		return &model.Record{Execution: model.Execution{ID: e.ID, Tenant: tenant}, Steps: steps, StepsOnly: true, Known: known}
	}
	open := func(s model.Step) model.Step {
		s.Status, s.CompletedAt = model.StatusRunning, time.Time{}
		return s
	}
	e, parent, child := begin()
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{part(e, false, open(parent), child)}, "server"))
	require.Equal(t, []model.Status{model.StatusRunning, model.StatusCompleted}, states(e))
	stored, err := db.Execution(t.Context(), tenant, e.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusRunning, stored.Status, "the execution goes on")
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: e, Steps: []model.Step{parent}, Known: true}}, "server"))
	require.Equal(t, []model.Status{model.StatusCompleted, model.StatusCompleted}, states(e))
	steps, _, err := db.Steps(t.Context(), tenant, e.ID, repo.Page{})
	require.NoError(t, err)
	require.Equal(t, parent.CompletedAt.UTC().Truncate(time.Microsecond), steps[0].CompletedAt)

	e, parent, child = begin() // the end overtakes a part that had to wait in the spool
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: e, Steps: []model.Step{parent}, Known: true}}, "server"))
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{part(e, false, open(parent), child)}, "server"))
	require.Equal(t, []model.Status{model.StatusCompleted, model.StatusCompleted}, states(e))

	e, parent, child = begin() // its server dies
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{part(e, false, open(parent), child)}, "server"))
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{part(e, true, open(parent))}, "server"))
	require.Equal(t, []model.Status{model.StatusRunning, model.StatusCompleted}, states(e))
	crashed := e
	crashed.Status = model.StatusCrashed
	require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: crashed}}, "server"))
	require.Equal(t, []model.Status{model.StatusCrashed, model.StatusCompleted}, states(e))
}
