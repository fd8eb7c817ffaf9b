package repo_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

var ends = []model.Status{model.StatusCompleted, model.StatusFailed, model.StatusTimedOut, model.StatusCancelled, model.StatusCrashed}

// runAt is an execution with two nested steps, of random length, state and trigger.
func runAt(tenant string, at time.Time, status model.Status) *model.Record {
	e := execution(tenant, at.UTC().Truncate(time.Microsecond))
	e.FunctionName = fmt.Sprintf("f%d", rand.IntN(3))
	e.Status, e.Duration = status, time.Duration(rand.ExpFloat64()*float64(50*time.Millisecond)).Truncate(time.Microsecond)
	if rand.IntN(2) == 0 {
		e.Trigger, e.TriggerID = model.TriggerWebhook, model.ID{7}
	}
	if !status.Final() {
		e.CompletedAt, e.Duration = time.Time{}, 0
	}
	outer, inner := stepOf(e, 1), stepOf(e, 2)
	inner.ParentID, inner.Depth, inner.FunctionName, inner.Status = outer.ID, 2, "h", model.StatusFailed
	inner.Duration = time.Millisecond
	return &model.Record{Execution: e, Steps: []model.Step{outer, inner}}
}

// requireSums compares the sums with the executions, in minutes and in hours.
func requireSums(t *testing.T, db *repo.DB) {
	t.Helper()
	for _, c := range []struct{ name, want, got string }{
		{
			"executions",
			`SELECT e.tenant, l.seconds, date_bin(l.seconds * interval '1 second', e.created_at, 'epoch'), e.function_name, e.status, duration_bucket(e.duration_us)::int, count(*), sum(e.duration_us)::bigint
			 FROM executions e CROSS JOIN (VALUES (60), (3600)) l (seconds) WHERE e.status NOT IN ('pending', 'running') GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`,
			`SELECT tenant, seconds, at, function_name, status, bucket::int, runs, duration_us FROM run_sums ORDER BY 1, 2, 3, 4, 5, 6`,
		},
		{
			"calls of siblings",
			`SELECT e.tenant, l.seconds, date_bin(l.seconds * interval '1 second', e.created_at, 'epoch'), COALESCE(p.function_name, e.function_name), s.function_name, s.status = 'failed', count(*)
			 FROM step_executions s JOIN executions e ON e.id = s.execution_id LEFT JOIN step_executions p ON p.execution_id = s.execution_id AND p.id = s.parent_step_id
			 CROSS JOIN (VALUES (60), (3600)) l (seconds) WHERE e.status NOT IN ('pending', 'running') GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`,
			`SELECT tenant, seconds, at, caller, function_name, failed, sum(calls)::bigint FROM call_sums WHERE kind = 'function' GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`,
		},
		{
			"starts of executions",
			`SELECT e.tenant, e.trigger_type, COALESCE(e.trigger_id::text, ''), e.function_name, e.status IN ('failed', 'timed_out', 'crashed'), count(*)
			 FROM executions e WHERE e.status NOT IN ('pending', 'running') GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
			`SELECT tenant, kind, caller, function_name, failed, sum(calls)::bigint FROM call_sums WHERE kind <> 'function' AND seconds = 60 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
		},
		{
			"the latest",
			`SELECT e.tenant, e.function_name, max(e.id::text), max(e.created_at), max(e.id::text) FILTER (WHERE e.status IN ('failed', 'timed_out', 'crashed'))
			 FROM executions e WHERE e.status NOT IN ('pending', 'running') GROUP BY 1, 2 ORDER BY 1, 2`,
			`SELECT tenant, function_name, last_run::text, last_run_at, last_failure::text FROM run_marks ORDER BY 1, 2`,
		},
		{"the notes", `SELECT id::text FROM executions WHERE status IN ('pending', 'running') ORDER BY 1`, `SELECT id::text FROM unsummed_runs ORDER BY 1`},
	} {
		read := func(sql string) [][]any {
			rows, err := db.Pool().Query(t.Context(), sql)
			require.NoError(t, err)
			all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
			require.NoError(t, err)
			return all
		}
		require.Equal(t, read(c.want), read(c.got), c.name)
	}
}

// sumAll adds all that can be added.
func sumAll(t *testing.T, db *repo.DB, upto time.Time, span time.Duration) {
	t.Helper()
	for {
		done, err := db.SumSlice(t.Context(), upto, span)
		require.NoError(t, err)
		if !done.To.Before(upto) {
			break
		}
	}
	for last, more := (model.ID{}), true; more; more = !last.IsZero() {
		var err error
		last, _, err = db.SumNoted(t.Context(), last, 7)
		require.NoError(t, err)
	}
}

// Executions are in the sums exactly once, whether they were there when their slice was
// taken, ended after it, or were written late.
func TestSumsEqualTheExecutions(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	_, err := db.Pool().Exec(t.Context(), "UPDATE sum_state SET summed_to = now() - interval '3 hours'")
	require.NoError(t, err)
	var open []*model.Record
	add := func(least, most time.Duration) {
		var fresh []*model.Record
		for range 60 {
			at, status := time.Now().Add(-least-rand.N(most-least)), ends[rand.IntN(len(ends))]
			if rand.IntN(5) == 0 {
				status = model.StatusRunning
			}
			r := runAt([]string{"acme", "other"}[rand.IntN(2)], at, status)
			if status == model.StatusRunning {
				r.Steps = nil
				open = append(open, r)
			}
			fresh = append(fresh, r)
		}
		require.NoError(t, db.CopyRecords(t.Context(), fresh, "server"))
	}
	add(6*time.Second, 2*time.Hour) // late, of long ago
	add(0, 3*time.Second)           // as they usually come
	for range 4 {
		sumAll(t, db, time.Now().Add(time.Second), 20*time.Minute)
		requireSums(t, db)
		sumAll(t, db, time.Now().Add(time.Second), time.Second) // again: nothing is added twice
		requireSums(t, db)
		add(6*time.Second, 2*time.Hour)
		for _, r := range open[:len(open)/2] {
			ended := runAt(r.Execution.Tenant, r.Execution.CreatedAt, ends[rand.IntN(len(ends))])
			e := &ended.Execution
			e.ID, e.FunctionName, e.Trigger, e.TriggerID = r.Execution.ID, r.Execution.FunctionName, r.Execution.Trigger, r.Execution.TriggerID
			for i := range ended.Steps {
				ended.Steps[i].ExecutionID, ended.Steps[i].ID = e.ID, model.StepID(e.ID, 1, i+1)
			}
			ended.Steps[1].ParentID = ended.Steps[0].ID
			require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{ended}, "server"))
		}
		open = open[len(open)/2:]
	}
}

// Servers that sum at the same time, while executions come and some are deleted.
// The steps of an execution are looked up by hash: compared pair by pair, 100,000 of
// them would occupy the database for minutes.
func TestSumsOfManySteps(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	tx, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	plan, err := repo.PlanOfSums(t.Context(), tx, model.FirstIDOf(time.Now().Add(-time.Minute)), model.FirstIDOf(time.Now()))
	require.NoError(t, err)
	found := false
	for i, line := range plan {
		if !strings.HasSuffix(line, "CTE Scan on steps p") {
			continue
		}
		found = true
		require.Regexp(t, "(Hash|Sort)$", plan[i-1], strings.Join(plan, "\n")) // of a hash join, or a merge join
	}
	require.True(t, found, strings.Join(plan, "\n"))
}

func TestSumsOfSeveralServers(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	_, err := db.Pool().Exec(t.Context(), "UPDATE sum_state SET summed_to = now() - interval '1 hour'")
	require.NoError(t, err)
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			for range 20 {
				barrier, err := db.NewSumBarrier(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if upto, passed, err := db.SumsBefore(t.Context(), barrier); err != nil {
					t.Error(err)
				} else if passed {
					if _, err := db.SumSlice(t.Context(), upto, time.Hour); err != nil {
						t.Error(err)
					}
				}
				if _, _, err := db.SumNoted(t.Context(), model.ID{}, 1000); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 40 {
		require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{runAt("acme", time.Now().Add(-rand.N(30*time.Minute)), model.StatusCompleted), runAt("acme", time.Now(), model.StatusFailed)}, "server"))
	}
	wait.Wait()
	gone := runAt("acme", time.Now().Add(-time.Minute), model.StatusRunning)
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{gone}, "server"))
	_, err = db.Pool().Exec(t.Context(), "DELETE FROM executions WHERE id = $1", gone.Execution.ID.String())
	require.NoError(t, err)
	_, err = db.Pool().Exec(t.Context(), "DELETE FROM step_executions WHERE execution_id = $1", gone.Execution.ID.String())
	require.NoError(t, err)
	sumAll(t, db, time.Now().Add(time.Second), time.Hour)
	requireSums(t, db)
}

// What a transaction writes that began before the barrier may come after it: nothing
// is summed up to there until it is over.
func TestBarrierOfSums(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	tx, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT pg_current_xact_id()")
	require.NoError(t, err)
	barrier, err := db.NewSumBarrier(t.Context())
	require.NoError(t, err)
	_, passed, err := db.SumsBefore(t.Context(), barrier)
	require.NoError(t, err)
	require.False(t, passed)
	require.NoError(t, tx.Commit(t.Context()))
	require.Eventually(t, func() bool { // other tests of this PostgreSQL write too
		upto, passed, err := db.SumsBefore(t.Context(), barrier)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), upto, time.Minute)
		return passed
	}, 20*time.Second, time.Millisecond)
}

func TestOldSumsAreDeleted(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	now := time.Now()
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{
		runAt("acme", now.AddDate(0, 0, -8), model.StatusCompleted), runAt("acme", now.AddDate(0, 0, -6), model.StatusCompleted), runAt("acme", now, model.StatusCompleted),
	}, "server"))
	sumAll(t, db, now.Add(time.Second), 24*time.Hour)
	count := func() (n int64) {
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT sum(runs)::bigint FROM run_sums WHERE seconds = 60").Scan(&n))
		return n
	}
	require.EqualValues(t, 2, count(), "one is older than sums are kept")
	require.NoError(t, db.DeleteOldSums(t.Context(), now))
	require.EqualValues(t, 2, count())
	require.NoError(t, db.DeleteOldSums(t.Context(), now.AddDate(0, 0, 2)))
	require.EqualValues(t, 1, count())
	sumAll(t, db, now.Add(time.Second), 24*time.Hour)
	require.EqualValues(t, 1, count())
}

func TestBucketsOfDurations(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	for _, d := range []time.Duration{0, time.Microsecond, 2 * time.Microsecond, 3 * time.Microsecond, time.Millisecond, 137 * time.Millisecond, time.Second, 5 * time.Minute, 24 * time.Hour} {
		var bucket int
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT duration_bucket($1)::int", d.Microseconds()).Scan(&bucket))
		least, beyond := repo.BucketBounds(bucket)
		require.LessOrEqual(t, least, d+time.Nanosecond)
		require.Less(t, d, beyond+time.Nanosecond)
	}
}
