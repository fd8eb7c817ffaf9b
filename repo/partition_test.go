package repo_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func TestPartitionsAreMadeAheadAndFilledFromTheDefault(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	// A day without a partition: its rows land in the default partition.
	far := time.Date(2040, 2, 29, 23, 59, 59, 999_000_000, time.UTC)
	e := execution(tenant, far)
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: e, Steps: []model.Step{stepOf(e, 1)}}}, ""))
	require.Equal(t, "executions_default", partitionOf(t, db, "executions"))

	var wg sync.WaitGroup
	for range 4 { // several servers at midnight
		wg.Go(func() {
			if err := db.EnsurePartitions(t.Context(), far); err != nil {
				t.Errorf("ensure partitions: %v", err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, "executions_20400229", partitionOf(t, db, "executions"))
	require.Equal(t, "step_executions_20400229", partitionOf(t, db, "step_executions"))
	stored, err := db.Execution(t.Context(), tenant, e.ID)
	require.NoError(t, err)
	require.Equal(t, e.ID, stored.ID)
	steps, _, err := db.Steps(t.Context(), tenant, e.ID, repo.Page{})
	require.NoError(t, err)
	require.Len(t, steps, 1)

	next := execution(tenant, far.Add(time.Millisecond))
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: next}}, ""))
	var names []string
	rows, err := db.Pool().Query(t.Context(), "SELECT tableoid::regclass::text FROM executions ORDER BY id")
	require.NoError(t, err)
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.Equal(t, []string{"executions_20400229", "executions_20400301"}, names, "midnight is where one ends")
}

func TestLookUpReadsOnePartition(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	e := execution(tenant, time.Now())
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: e}}, ""))
	rows, err := db.Pool().Query(t.Context(), "EXPLAIN (COSTS OFF) SELECT * FROM executions WHERE tenant = 'acme' AND id = '"+e.ID.String()+"'")
	require.NoError(t, err)
	plan := ""
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		plan += line + "\n"
	}
	require.Contains(t, plan, "executions_"+e.CreatedAt.UTC().Format("20060102"))
	require.NotContains(t, plan, "Append", "no other partition is looked at")
}

func partitionOf(t *testing.T, db *repo.DB, table string) (name string) {
	t.Helper()
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT tableoid::regclass::text FROM "+table).Scan(&name))
	return name
}
