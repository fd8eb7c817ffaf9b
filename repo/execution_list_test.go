package repo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
	"maestro/repo/dbsqlc"
)

// history records a run on each of the days before today, the first of them
// today, and returns them.
func history(t *testing.T, db *repo.DB, tenant string, days ...int) (all []model.Execution) {
	t.Helper()
	var records []*model.Record
	for _, n := range days {
		at := time.Now().UTC().AddDate(0, 0, -n)
		require.NoError(t, db.EnsurePartitions(t.Context(), at))
		e := execution(tenant, at)
		e.FunctionName = fmt.Sprintf("day_%d", n)
		all = append(all, e)
		records = append(records, &model.Record{Execution: e})
	}
	require.NoError(t, db.CopyRecords(t.Context(), records, ""))
	return all
}

// ids reads a list to its end and returns its ids and how many pages it took.
func listed(t *testing.T, db *repo.DB, tenant string, filter repo.ExecutionFilter) (ids []model.ID, pages int) {
	t.Helper()
	for {
		part, next, err := db.ListExecutions(t.Context(), tenant, filter)
		require.NoError(t, err)
		for _, e := range part {
			ids = append(ids, e.ID)
		}
		pages++
		require.Less(t, pages, 1000, "the list has no end")
		if filter.Cursor, filter.Offset = next, 0; next == "" {
			return ids, pages
		}
	}
}

func idsOf(all []model.Execution) (ids []model.ID) {
	for _, e := range all {
		ids = append(ids, e.ID)
	}
	return ids
}

// TestListGoesBackOverAllDays: over gaps, into days that have no partition of
// their own, with limits and offsets that end in any of them.
func TestListGoesBackOverAllDays(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	all := history(t, db, tenant, 0, 1, 2, 5, 9, 30, 31, 90, 200)
	old := execution(tenant, time.Now().AddDate(-3, 0, 0)) // in the default partition
	ahead := execution(tenant, time.Now().AddDate(4, 0, 0))
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: old}, {Execution: ahead}}, ""))
	all = append([]model.Execution{ahead}, append(all, old)...)
	want := idsOf(all)
	for _, limit := range []int{1, 2, 3, 100} {
		got, _ := listed(t, db, tenant, repo.ExecutionFilter{Page: repo.Page{Limit: limit}})
		require.Equal(t, want, got, "limit %d", limit)
		for offset := range len(want) + 2 {
			got, _ := listed(t, db, tenant, repo.ExecutionFilter{Page: repo.Page{Limit: limit, Offset: offset}})
			require.Equal(t, append([]model.ID(nil), want[min(offset, len(want)):]...), got, "limit %d, offset %d", limit, offset)
		}
	}
	for i, e := range all[1:10] {
		got, _ := listed(t, db, tenant, repo.ExecutionFilter{FunctionName: e.FunctionName})
		if i < 9 {
			require.Equal(t, []model.ID{e.ID}, got, e.FunctionName)
		}
	}
	got, pages := listed(t, db, tenant, repo.ExecutionFilter{Since: all[5].CreatedAt, Until: all[2].CreatedAt})
	require.Equal(t, want[2:6], got)
	require.Equal(t, 1, pages, "within a month a page is not short")
	none, pages := listed(t, db, tenant, repo.ExecutionFilter{FunctionName: "missing"})
	require.Empty(t, none)
	require.Equal(t, 4, pages, "200 days at 64 a page")
	none, _ = listed(t, db, tenant, repo.ExecutionFilter{Until: time.Date(1, 2, 3, 4, 5, 6, 0, time.UTC)})
	require.Empty(t, none)
	got, _ = listed(t, db, tenant, repo.ExecutionFilter{Since: time.Date(1, 2, 3, 4, 5, 6, 0, time.UTC)})
	require.Equal(t, want, got)
}

// TestListReadsNoMoreDaysThanItNeeds: days that a page has no need of are
// neither planned nor read. They are locked here, so that they would be waited for.
func TestListReadsNoMoreDaysThanItNeeds(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	all := history(t, db, tenant, 0, 1, 2, 3, 20, 21)
	tx, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context())) //nolint:errcheck // it has nothing to keep
	_, err = tx.Exec(t.Context(), "LOCK TABLE executions"+all[4].CreatedAt.Format("_20060102")+" IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE executions"+all[5].CreatedAt.Format("_20060102")+" IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	read := func(filter repo.ExecutionFilter) ([]model.Execution, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		found, _, err := db.ListExecutions(ctx, tenant, filter)
		return found, err
	}
	for name, filter := range map[string]repo.ExecutionFilter{
		"the first page": {Page: repo.Page{Limit: 1}},
		"of two days":    {Page: repo.Page{Limit: 3}},
		"of a function":  {FunctionName: "day_1", Since: time.Now().AddDate(0, 0, -3)},
		"none since":     {FunctionName: "missing", Since: time.Now().AddDate(0, 0, -5)},
	} {
		_, err := read(filter)
		require.NoError(t, err, name)
	}
	_, err = tx.Exec(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	found, err := read(repo.ExecutionFilter{})
	require.NoError(t, err)
	require.Len(t, found, 6)
}

// TestPlansOfTheListsReadAPage: each filter reads about as many rows as it
// returns, whether it matches none, few, or all of many.
func TestPlansOfTheListsReadAPage(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	many, few, none := model.NewID(), model.NewID(), model.NewID()
	const runs, limit = 20_000, 50
	var records []*model.Record
	at := time.Now().UTC().Truncate(partitionSpan) // all are of one day
	for i := range runs {
		e := execution(tenant, at.Add(time.Duration(i)*time.Millisecond))
		e.Trigger, e.TriggerID, e.ParentID, e.Duration = model.TriggerWebhook, many, many, time.Millisecond
		e.Status, e.ErrorType = model.StatusFailed, ptr("ValueError")
		if i%5000 == 0 {
			e.FunctionName, e.Trigger, e.TriggerID, e.ParentID, e.Duration = "rare", model.TriggerSpawn, few, few, time.Minute
			e.Status, e.ErrorType = model.StatusTimedOut, ptr("TimeoutError")
		}
		records = append(records, &model.Record{Execution: e})
	}
	require.NoError(t, db.CopyRecords(t.Context(), records, ""))
	_, err := db.Pool().Exec(t.Context(), "ANALYZE executions")
	require.NoError(t, err)
	base := dbsqlc.ListExecutionsParams{Tenant: tenant, RowLimit: limit, FromID: repo.UUID(model.FirstIDOf(at)), BeforeID: repo.UUID(model.FirstIDOf(at.Add(partitionSpan)))}
	for name, change := range map[string]func(*dbsqlc.ListExecutionsParams){
		"all":                 func(*dbsqlc.ListExecutionsParams) {},
		"function":            func(p *dbsqlc.ListExecutionsParams) { p.FunctionName = ptr("f") },
		"rare function":       func(p *dbsqlc.ListExecutionsParams) { p.FunctionName = ptr("rare") },
		"no function":         func(p *dbsqlc.ListExecutionsParams) { p.FunctionName = ptr("missing") },
		"status":              func(p *dbsqlc.ListExecutionsParams) { p.Statuses = []string{"failed"} },
		"rare status":         func(p *dbsqlc.ListExecutionsParams) { p.Statuses = []string{"timed_out", "crashed"} },
		"no status":           func(p *dbsqlc.ListExecutionsParams) { p.Statuses = []string{"running"} },
		"trigger":             func(p *dbsqlc.ListExecutionsParams) { p.TriggerType = ptr("webhook") },
		"rare trigger":        func(p *dbsqlc.ListExecutionsParams) { p.TriggerType = ptr("spawn") },
		"no trigger":          func(p *dbsqlc.ListExecutionsParams) { p.TriggerType = ptr("schedule") },
		"trigger's id":        func(p *dbsqlc.ListExecutionsParams) { p.TriggerID = repo.UUID(many) },
		"rare trigger's id":   func(p *dbsqlc.ListExecutionsParams) { p.TriggerID = repo.UUID(few) },
		"no trigger's id":     func(p *dbsqlc.ListExecutionsParams) { p.TriggerID = repo.UUID(none) },
		"parent":              func(p *dbsqlc.ListExecutionsParams) { p.ParentID = repo.UUID(many) },
		"rare parent":         func(p *dbsqlc.ListExecutionsParams) { p.ParentID = repo.UUID(few) },
		"no parent":           func(p *dbsqlc.ListExecutionsParams) { p.ParentID = repo.UUID(none) },
		"error":               func(p *dbsqlc.ListExecutionsParams) { p.ErrorType = ptr("ValueError") },
		"rare error":          func(p *dbsqlc.ListExecutionsParams) { p.ErrorType = ptr("TimeoutError") },
		"no error":            func(p *dbsqlc.ListExecutionsParams) { p.ErrorType = ptr("OSError") },
		"duration":            func(p *dbsqlc.ListExecutionsParams) { p.MinDurationUs = ptr(int64(500)) },
		"rare duration":       func(p *dbsqlc.ListExecutionsParams) { p.MinDurationUs = ptr(int64(1_000_000)) },
		"no duration":         func(p *dbsqlc.ListExecutionsParams) { p.MinDurationUs = ptr(int64(3_600_000_000)) },
		"rare and of another": func(p *dbsqlc.ListExecutionsParams) { p.FunctionName, p.TriggerID = ptr("rare"), repo.UUID(many) },
	} {
		params := base
		change(&params)
		tx, err := db.Pool().Begin(t.Context())
		require.NoError(t, err)
		const soFar = "SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables WHERE relname LIKE 'executions\\_2%'"
		var before, after int
		require.NoError(t, tx.QueryRow(t.Context(), soFar).Scan(&before))
		_, err = dbsqlc.New(plannedEachTime{tx}).ListExecutions(t.Context(), params)
		require.NoError(t, err, name)
		require.NoError(t, tx.QueryRow(t.Context(), soFar).Scan(&after))
		require.LessOrEqual(t, after-before, 2*limit, name)
		require.NoError(t, tx.Rollback(t.Context()))
	}
}

// plannedEachTime is how the lists are queried.
type plannedEachTime struct{ pgx.Tx }

func (p plannedEachTime) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return p.Tx.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}

const partitionSpan = 24 * time.Hour

func TestListByFilters(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	e := execution(tenant, time.Now())
	e.ParentID, e.ErrorType, e.Duration = model.NewID(), ptr("ValueError"), 1500*time.Microsecond
	other := execution(tenant, time.Now().Add(-time.Hour))
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: e}, {Execution: other}}, ""))
	for name, filter := range map[string]repo.ExecutionFilter{
		"parent":   {ParentID: e.ParentID},
		"error":    {ErrorType: "ValueError"},
		"duration": {MinDuration: 1500 * time.Microsecond},
		"all":      {ParentID: e.ParentID, ErrorType: "ValueError", MinDuration: time.Millisecond, FunctionName: "f"},
	} {
		got, _ := listed(t, db, tenant, filter)
		require.Equal(t, []model.ID{e.ID}, got, name)
	}
	for name, filter := range map[string]repo.ExecutionFilter{
		"parent": {ParentID: model.NewID()}, "error": {ErrorType: "Value"}, "duration": {MinDuration: 1501 * time.Microsecond},
	} {
		got, _ := listed(t, db, tenant, filter)
		require.Empty(t, got, name)
	}
	for _, cursor := range []string{"eA", "AAAA", "\x00", "MDE5MGE4ZjAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAwCi0x"} {
		_, _, err := db.ListExecutions(t.Context(), tenant, repo.ExecutionFilter{Page: repo.Page{Cursor: cursor}})
		requireCode(t, model.CodeBadRequest, err)
	}
}
