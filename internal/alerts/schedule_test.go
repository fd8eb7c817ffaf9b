package alerts_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/alerts"
	"maestro/internal/model"
	"maestro/repo"
)

// schedule saves one of a function that is due at a moment.
func (f *fixture) schedule(function string, due time.Time) model.Schedule {
	f.Helper()
	made, err := f.db.CreateSchedule(f.Context(), tenant, model.Schedule{
		Name: "nightly " + function, FunctionName: function, CronExpression: "0 3 * * *", Timezone: "Europe/Paris", Input: json.RawMessage("{}"), IsActive: true,
		Overlap: model.OverlapAllow, CatchUp: model.CatchUpNone, MaxInstances: 3, NextRun: due,
	})
	require.NoError(f, err)
	return made
}

// move does what the scheduler does to a schedule that is due.
func (f *fixture) move(s model.Schedule, change func(context.Context, repo.Tx, *model.Schedule)) {
	f.Helper()
	require.NoError(f, f.db.StartSchedule(f.Context(), tenant, s.ID, func(ctx context.Context, tx repo.Tx, s *model.Schedule) error {
		change(ctx, tx, s)
		return nil
	}))
}

func TestMessageOfASkippedDueTime(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("report", f.setting(""))
	a := f.server()
	due := f.clock.Now().Truncate(time.Second)
	s := f.schedule("report", due)
	skip := func(at time.Time) {
		f.move(s, func(_ context.Context, _ repo.Tx, s *model.Schedule) {
			word, reason := "skipped", "The function was deleted."
			s.LastRun, s.LastStatus, s.LastError, s.NextRun = at, &word, &reason, at.Add(24*time.Hour)
			s.Missed = []model.Missed{{Due: at, Reason: reason}}
		})
	}
	skip(due)
	f.clock.forward(4 * time.Minute)
	f.round(a)
	require.Empty(t, f.messages(), "within the grace")
	skip(due.Add(time.Minute))
	f.clock.forward(61 * time.Second)
	f.round(a)
	require.Len(t, f.messages(), 1)
	f.clock.forward(2 * time.Minute)
	f.round(a)
	got := f.messages()
	require.Len(t, got, 1)
	require.Equal(t, alerts.TypeMissed, got[0].Type)
	require.True(t, due.Equal(*got[0].Data.DueAt))
	require.Equal(t, "The function was deleted.", got[0].Data.Reason)
	require.Equal(t, &alerts.ScheduleData{ID: s.ID.String(), Name: "nightly report", CronExpression: "0 3 * * *", Timezone: "Europe/Paris"}, got[0].Data.Schedule)

	f.move(s, func(_ context.Context, _ repo.Tx, s *model.Schedule) {
		word := string(model.StatusPending)
		s.LastRun, s.LastStatus, s.LastError, s.NextRun = due.Add(2*time.Minute), &word, nil, due.Add(24*time.Hour)
		s.LastExecutionID = model.NewID()
	})
	f.clock.forward(time.Minute)
	f.round(a)
	require.Len(t, f.messages(), 1, "its run has not begun yet")
	ran, err := f.db.Schedule(t.Context(), tenant, s.ID)
	require.NoError(t, err)
	require.NoError(t, f.db.NoteScheduleResult(t.Context(), tenant, s.ID, ran.LastExecutionID, model.StatusCompleted, nil))
	f.clock.forward(time.Minute)
	f.round(a)
	got = f.messages()
	require.Len(t, got, 2)
	require.Equal(t, alerts.TypeScheduleRecovered, got[1].Type)
	require.EqualValues(t, 1, got[1].Data.LeftOut)
}

// TestMessageOfALateStart is the dead-man's switch: no scheduler says anything.
func TestMessageOfALateStart(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("report", f.setting(`,"grace_seconds":600`))
	f.function("paused", f.setting(""))
	f.function("quiet", nil)
	a := f.server()
	due := f.clock.Now().Truncate(time.Second)
	s := f.schedule("report", due)
	f.schedule("quiet", due)
	f.schedule("paused", due)
	_, err := f.db.PauseFunction(t.Context(), tenant, "paused", true)
	require.NoError(t, err)
	f.clock.forward(9 * time.Minute)
	f.round(a)
	require.Empty(t, f.messages(), "within the grace")
	f.clock.forward(2 * time.Minute)
	f.round(a)
	f.clock.forward(2 * time.Minute)
	f.round(a)
	got := f.messages()
	require.Len(t, got, 1, "the same due time is told once")
	require.Equal(t, alerts.TypeMissed, got[0].Type)
	require.Equal(t, "report", got[0].Data.Function)
	require.Contains(t, got[0].Data.Reason, "No server has started it.")
	f.clock.forward(2 * time.Hour)
	f.round(a)
	require.Len(t, f.messages(), 1)

	// It is started at last, with a run that no server begins.
	at := f.clock.Now()
	run := model.QueuedRun{Execution: model.Execution{
		ID: model.NewIDAt(at), Tenant: tenant, FunctionName: "report", FunctionVersion: 1, Trigger: model.TriggerSchedule, TriggerID: s.ID,
		Input: json.RawMessage("{}"), CreatedAt: at,
	}, Input: []byte("sealed"), Priority: model.PriorityDefault}
	f.move(s, func(ctx context.Context, tx repo.Tx, s *model.Schedule) {
		word := string(model.StatusPending)
		s.LastRun, s.LastStatus, s.LastExecutionID, s.NextRun = at, &word, run.Execution.ID, at.Add(24*time.Hour)
		require.NoError(t, tx.Enqueue(ctx, run))
	})
	f.clock.forward(11 * time.Minute)
	f.round(a)
	got = f.messages()
	require.Len(t, got, 2)
	require.Contains(t, got[1].Data.Reason, "Its run waits in the queue since ")
}

// TestDueTimesThatAreMadeUpFor: where the next run begins within the grace, nothing is
// wrong enough for a message.
func TestDueTimesThatAreMadeUpFor(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("report", f.setting(""))
	a := f.server()
	due := f.clock.Now().Truncate(time.Second)
	s := f.schedule("report", due)
	f.move(s, func(_ context.Context, _ repo.Tx, s *model.Schedule) {
		s.NextRun = due.Add(24 * time.Hour)
		s.Missed = []model.Missed{{Due: due, Reason: "No room."}}
	})
	f.clock.forward(4 * time.Minute)
	f.ends("report", model.StatusCompleted, 1, func(e *model.Execution) { e.Trigger, e.TriggerID = model.TriggerSchedule, s.ID })
	f.clock.forward(2 * time.Minute)
	f.round(a)
	require.Empty(t, f.messages())
}
