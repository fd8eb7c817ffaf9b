package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/internal/testkit"
	"maestro/repo"
	"maestro/scheduler"
)

func TestPresenceStartsAndStopsInAnyOrder(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	servicetest.Stress(t, func(t *testing.T) service.Service {
		id, _, err := db.RegisterServer(t.Context(), "this process", model.NewID().String())
		require.NoError(t, err)
		return scheduler.NewPresence(scheduler.PresenceOptions{DB: db, Server: id, Log: testkit.Logger(t), OnLost: func() {}})
	})
}

func TestPresenceDeclaresTheSilentGone(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	silent, _, err := db.RegisterServer(t.Context(), "silent", "one")
	require.NoError(t, err)
	watcher, _, err := db.RegisterServer(t.Context(), "watcher", "two")
	require.NoError(t, err)
	run := model.Execution{ID: model.NewID(), Tenant: "acme", FunctionName: "f", FunctionVersion: 1, Trigger: model.TriggerWebhook, Status: model.StatusRunning, Attempt: 1}
	run.CreatedAt = run.ID.Time()
	run.StartedAt = run.CreatedAt
	require.NoError(t, db.MarkRunning(t.Context(), []*model.Execution{&run}, silent.String()))
	settled := make(chan repo.SettledRun, 10)
	lost := make(chan struct{})
	p := scheduler.NewPresence(scheduler.PresenceOptions{
		DB: db, Server: watcher, OnLost: func() { close(lost) }, Log: testkit.Logger(t), Every: 10 * time.Millisecond, Silent: 50 * time.Millisecond,
		Settled: func(runs []repo.SettledRun) {
			for _, run := range runs {
				settled <- run
			}
		},
	})
	require.NoError(t, p.Start(t.Context()))
	require.Eventually(t, func() bool {
		there, err := db.Servers(t.Context())
		return err == nil && len(there) == 1
	}, 20*time.Second, time.Millisecond)

	require.Equal(t, repo.SettledRun{Tenant: "acme", Function: "f", Trigger: model.TriggerWebhook, Status: model.StatusCrashed}, <-settled)
	alive, err := db.Beat(t.Context(), silent)
	require.NoError(t, err)
	require.False(t, alive)

	require.NoError(t, db.LeaveServer(t.Context(), watcher))
	<-lost
	require.NoError(t, p.Stop(t.Context()))
	require.NoError(t, p.Stop(t.Context()))
	require.Empty(t, settled, "it is settled once")
}
