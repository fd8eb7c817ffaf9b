package scheduler_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/internal/testkit"
	"maestro/scheduler"
)

// TestRetentionGoesOnRoundAfterRound: on several servers at once, and after each
// restart.
func TestRetentionGoesOnRoundAfterRound(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	_, err := db.EnsureSubtenant(t.Context(), tenant)
	require.NoError(t, err)
	store := func() model.ID {
		at := time.Now().AddDate(0, 0, -40)
		e := model.Execution{ID: model.NewIDAt(at), Tenant: tenant, FunctionName: "f", Trigger: model.TriggerManual, Status: model.StatusCompleted, CreatedAt: at}
		require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: e}}, ""))
		return e.ID
	}
	gone := func(id model.ID) func() bool {
		return func() bool {
			_, err := db.Execution(context.WithoutCancel(t.Context()), tenant, id)
			return model.CodeOf(err) == model.CodeExecutionNotFound
		}
	}
	var servers []*scheduler.Retention
	for range 3 {
		servers = append(servers, scheduler.NewRetention(scheduler.RetentionOptions{DB: db, Days: 30, Log: testkit.Logger(t), Every: 10 * time.Millisecond}))
	}
	for range 2 { // with a restart in between
		for _, r := range servers {
			require.NoError(t, r.Start(t.Context()))
			require.ErrorIs(t, r.Start(t.Context()), service.ErrStarted)
		}
		for range 3 {
			require.Eventually(t, gone(store()), 20*time.Second, 5*time.Millisecond)
		}
		var wait sync.WaitGroup
		for _, r := range servers {
			wait.Go(func() { stop(t, r) })
			wait.Go(func() { stop(t, r) })
		}
		wait.Wait()
	}
	kept := store()
	stop(t, scheduler.NewRetention(scheduler.RetentionOptions{DB: db, Log: testkit.Logger(t)})) // before its start
	require.False(t, gone(kept)())
}

func TestRetentionStartsAndStopsInAnyOrder(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	servicetest.Stress(t, func(t *testing.T) service.Service {
		return scheduler.NewRetention(scheduler.RetentionOptions{DB: db, Days: 30, Log: testkit.Logger(t), Every: time.Millisecond})
	})
}
