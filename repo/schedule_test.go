package repo_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func newSchedule(name, function string) model.Schedule {
	return model.Schedule{
		Name: name, FunctionName: function, CronExpression: "0 9 * * *", Timezone: "Europe/Paris", Input: json.RawMessage(`{"a": 1}`),
		IsActive: true, Overlap: "allow", CatchUp: "none", MaxInstances: 3, NextRun: time.Date(2030, 1, 1, 8, 0, 0, 0, time.UTC),
	}
}

// startDue starts the due times of at most limit schedules.
func startDue(ctx context.Context, db *repo.DB, due time.Time, limit int, start func(context.Context, repo.Tx, *model.Schedule) error) (int, error) {
	found, err := db.DueSchedules(ctx, due, limit)
	if err != nil {
		return 0, err
	}
	return db.StartDueSchedules(ctx, due, found, start)
}

func TestScheduleLife(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	_, err := db.CreateSchedule(t.Context(), tenant, newSchedule("daily", "missing"))
	requireCode(t, model.CodeFunctionNotFound, err)
	made, err := db.CreateSchedule(t.Context(), tenant, newSchedule("daily", "f"))
	require.NoError(t, err)
	loaded, err := db.Schedule(t.Context(), tenant, made.ID)
	require.NoError(t, err)
	require.Equal(t, made, loaded, "creation answers with the stored values")
	_, err = db.CreateSchedule(t.Context(), tenant, newSchedule("daily", "f"))
	requireCode(t, model.CodeNameTaken, err)
	second, err := db.CreateSchedule(t.Context(), tenant, newSchedule("another", "f"))
	require.NoError(t, err)
	first, next, err := db.ListSchedules(t.Context(), tenant, repo.ScheduleFilter{Page: repo.Page{Limit: 1}})
	require.NoError(t, err)
	require.Equal(t, "another", first[0].Name)
	rest, next, err := db.ListSchedules(t.Context(), tenant, repo.ScheduleFilter{FunctionName: "f", Page: repo.Page{Limit: 1, Cursor: next}})
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, []model.Schedule{made}, rest)

	_, err = db.UpdateSchedule(t.Context(), tenant, second.ID, func(s *model.Schedule) error { s.Name = "daily"; return nil })
	requireCode(t, model.CodeNameTaken, err)
	changed, err := db.UpdateSchedule(t.Context(), tenant, made.ID, func(s *model.Schedule) error {
		s.ID, s.Failures, s.LastStatus = second.ID, 9, ptr("forged")
		s.IsActive, s.NextRun, s.Retry = false, time.Time{}, json.RawMessage(`{"max_attempts":2}`)
		return nil
	})
	require.NoError(t, err)
	loaded, err = db.Schedule(t.Context(), tenant, made.ID)
	require.NoError(t, err)
	require.Equal(t, changed, loaded)
	require.Equal(t, made.ID, loaded.ID)
	require.Nil(t, loaded.LastStatus)
	require.True(t, loaded.NextRun.IsZero())
	active, _, err := db.ListSchedules(t.Context(), tenant, repo.ScheduleFilter{ActiveOnly: true})
	require.NoError(t, err)
	require.Len(t, active, 1)

	require.NoError(t, db.DeleteSchedule(t.Context(), tenant, made.ID))
	requireCode(t, model.CodeScheduleNotFound, db.DeleteSchedule(t.Context(), tenant, made.ID))
	_, err = db.Schedule(t.Context(), tenant, made.ID)
	requireCode(t, model.CodeScheduleNotFound, err)
	_, err = db.UpdateSchedule(t.Context(), tenant, made.ID, func(*model.Schedule) error { return nil })
	requireCode(t, model.CodeScheduleNotFound, err)
}

func TestEachDueTimeIsStartedOnce(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	const schedules = 20
	for i := range schedules {
		_, err := db.CreateSchedule(t.Context(), tenant, newSchedule(string(rune('a'+i)), "f"))
		require.NoError(t, err)
	}
	due, err := db.NextDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, newSchedule("", "").NextRun, due)
	var mu sync.Mutex
	starts := map[model.ID]int{}
	start := func(ctx context.Context, tx repo.Tx, s *model.Schedule) error {
		s.LastRun, s.NextRun, s.LastExecutionID = s.NextRun, s.NextRun.Add(24*time.Hour), model.NewID()
		s.LastStatus = ptr(string(model.StatusPending))
		mu.Lock()
		defer mu.Unlock()
		starts[s.ID]++
		return nil
	}
	n, err := startDue(t.Context(), db, due.Add(-time.Microsecond), 100, start)
	require.NoError(t, err)
	require.Zero(t, n, "not yet")

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				if _, err := startDue(t.Context(), db, due, 3, start); err != nil {
					t.Errorf("start: %v", err)
					return
				}
				if next, err := db.NextDue(t.Context()); err != nil || next.After(due) {
					return
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, starts, schedules)
	for _, times := range starts {
		require.Equal(t, 1, times)
	}
	next, err := db.NextDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, due.Add(24*time.Hour), next)
}

func TestStartThatFailsIsRepeated(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	made, err := db.CreateSchedule(t.Context(), tenant, newSchedule("daily", "f"))
	require.NoError(t, err)
	broken := errors.New("the queue is away")
	_, err = startDue(t.Context(), db, made.NextRun, 1, func(ctx context.Context, tx repo.Tx, s *model.Schedule) error {
		s.NextRun = s.NextRun.Add(time.Hour)
		_, err := tx.SQL().Exec(ctx, "DELETE FROM scheduled_jobs")
		require.NoError(t, err)
		return broken
	})
	require.ErrorIs(t, err, broken)
	loaded, err := db.Schedule(t.Context(), tenant, made.ID)
	require.NoError(t, err)
	require.Equal(t, made, loaded)
}

func TestScheduleResults(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	made, err := db.CreateSchedule(t.Context(), tenant, newSchedule("daily", "f"))
	require.NoError(t, err)
	older, latest := model.NewID(), model.NewID()
	_, err = startDue(t.Context(), db, made.NextRun, 1, func(_ context.Context, _ repo.Tx, s *model.Schedule) error {
		s.LastExecutionID, s.LastStatus = latest, ptr("pending")
		return nil
	})
	require.NoError(t, err)
	note := func(execution model.ID, status model.Status, problem *string) model.Schedule {
		require.NoError(t, db.NoteScheduleResult(t.Context(), tenant, made.ID, execution, status, problem))
		s, err := db.Schedule(t.Context(), tenant, made.ID)
		require.NoError(t, err)
		return s
	}
	s := note(older, model.StatusFailed, ptr("old news"))
	require.Equal(t, "pending", *s.LastStatus)
	require.Nil(t, s.LastError)
	require.Equal(t, 1, s.Failures)
	s = note(latest, model.StatusTimedOut, ptr("too slow"))
	require.Equal(t, "timed_out", *s.LastStatus)
	require.Equal(t, "too slow", *s.LastError)
	require.Equal(t, 2, s.Failures)
	s = note(latest, model.StatusCompleted, nil)
	require.Nil(t, s.LastError)
	require.Zero(t, s.Failures)
}

// Records don't wait for a schedule that is locked, and it learns of
// its run's end all the same.
func TestResultsOfALockedSchedule(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	made, err := db.CreateSchedule(t.Context(), tenant, newSchedule("daily", "f"))
	require.NoError(t, err)
	var runs []model.QueuedRun
	for range 3 {
		run := newQueued(tenant, "f")
		run.Execution.Trigger, run.Execution.TriggerID = model.TriggerSchedule, made.ID
		runs = append(runs, run)
	}
	claims := map[model.ID]int64{}
	for _, run := range begun(t, db, register(t, db), runs...) {
		claims[run.Execution.ID] = run.Claim
	}
	end := func(run model.QueuedRun, status model.Status) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.NoError(t, db.MergeRecords(ctx, []*model.Record{ended(run, claims[run.Execution.ID], status)}, "test"))
		e, err := db.Execution(t.Context(), tenant, run.Execution.ID)
		require.NoError(t, err)
		require.Equal(t, status, e.Status)
	}
	results := func() (string, int) {
		s, err := db.Schedule(t.Context(), tenant, made.ID)
		require.NoError(t, err)
		return *s.LastStatus, s.Failures
	}
	err = db.StartSchedule(t.Context(), tenant, made.ID, func(_ context.Context, _ repo.Tx, s *model.Schedule) error {
		s.LastExecutionID, s.LastStatus = runs[1].Execution.ID, ptr("pending")
		end(runs[0], model.StatusFailed)
		end(runs[1], model.StatusTimedOut)
		require.NoError(t, db.NoteLateResults(t.Context()), "it does not wait either")
		return nil
	})
	require.NoError(t, err)
	last, failures := results()
	require.Equal(t, "pending", last)
	require.Zero(t, failures)
	require.NoError(t, db.NoteLateResults(t.Context()))
	last, failures = results()
	require.Equal(t, "timed_out", last)
	require.Equal(t, 2, failures)
	require.NoError(t, db.NoteLateResults(t.Context()), "once")
	_, failures = results()
	require.Equal(t, 2, failures)

	// Late results come before the next one.
	require.NoError(t, db.StartSchedule(t.Context(), tenant, made.ID, func(_ context.Context, _ repo.Tx, s *model.Schedule) error {
		return db.NoteScheduleResult(t.Context(), tenant, made.ID, model.NewID(), model.StatusFailed, nil)
	}))
	end(runs[2], model.StatusCompleted)
	_, failures = results()
	require.Zero(t, failures)

	require.NoError(t, db.StartSchedule(t.Context(), tenant, made.ID, func(_ context.Context, _ repo.Tx, s *model.Schedule) error {
		return db.NoteScheduleResult(t.Context(), tenant, made.ID, model.NewID(), model.StatusFailed, nil)
	}))
	require.NoError(t, db.DeleteSchedule(t.Context(), tenant, made.ID))
	require.NoError(t, db.NoteLateResults(t.Context()))
	var left int
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM schedule_late_results").Scan(&left))
	require.Zero(t, left, "no late result is left")
}

func TestScheduleOfAFunctionThatIsGone(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	made, err := db.CreateSchedule(t.Context(), tenant, newSchedule("daily", "f"))
	require.NoError(t, err)
	require.False(t, made.FunctionGone)
	require.NoError(t, db.DeleteFunction(t.Context(), tenant, "f"))
	loaded, err := db.Schedule(t.Context(), tenant, made.ID)
	require.NoError(t, err)
	require.True(t, loaded.FunctionGone)
	require.Equal(t, made.NextRun, loaded.NextRun)
	all, _, err := db.ListSchedules(t.Context(), tenant, repo.ScheduleFilter{})
	require.NoError(t, err)
	require.Equal(t, []model.Schedule{loaded}, all)
	createFunction(t, db, tenant, "f")
	loaded, err = db.Schedule(t.Context(), tenant, made.ID)
	require.NoError(t, err)
	require.Equal(t, made, loaded, "and is there again")
}

func TestScheduleThatIsHeld(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	made, err := db.CreateSchedule(t.Context(), tenant, newSchedule("daily", "f"))
	require.NoError(t, err)
	until := made.NextRun.Add(time.Second)
	count := func(due time.Time) int {
		n, err := startDue(t.Context(), db, due, 10, func(_ context.Context, _ repo.Tx, s *model.Schedule) error {
			s.HeldUntil = until
			return nil
		})
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 1, count(made.NextRun))
	require.Zero(t, count(until.Add(-time.Microsecond)))
	next, err := db.NextDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, until, next)
	require.Equal(t, 1, count(until))
	_, err = db.UpdateSchedule(t.Context(), tenant, made.ID, func(*model.Schedule) error { return nil })
	require.NoError(t, err)
	next, err = db.NextDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, made.NextRun, next, "a change lets go")
}

func TestOneScheduleIsStarted(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	made, err := db.CreateSchedule(t.Context(), tenant, newSchedule("daily", "f"))
	require.NoError(t, err)
	execution := model.NewID()
	start := func(_ context.Context, _ repo.Tx, s *model.Schedule) error {
		s.LastRun, s.LastExecutionID, s.LastStatus = made.CreatedAt, execution, ptr("pending")
		return nil
	}
	require.NoError(t, db.StartSchedule(t.Context(), tenant, made.ID, start))
	loaded, err := db.Schedule(t.Context(), tenant, made.ID)
	require.NoError(t, err)
	require.Equal(t, execution, loaded.LastExecutionID)
	require.Equal(t, made.NextRun, loaded.NextRun, "it stays due")
	requireCode(t, model.CodeScheduleNotFound, db.StartSchedule(t.Context(), tenant, model.NewID(), start))
	requireCode(t, model.CodeScheduleNotFound, db.StartSchedule(t.Context(), "another", made.ID, start))
	broken := errors.New("the queue is away")
	require.ErrorIs(t, db.StartSchedule(t.Context(), tenant, made.ID, func(context.Context, repo.Tx, *model.Schedule) error { return broken }), broken)
}
