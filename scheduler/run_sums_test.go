package scheduler_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/testkit"
	"maestro/scheduler"
)

// Several servers add executions to the sums, once each, also after a restart.
func TestSumsOfServers(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	stored := 0
	store := func() {
		at := time.Now().Add(-time.Minute)
		e := model.Execution{ID: model.NewIDAt(at), Tenant: tenant, FunctionName: "f", Trigger: model.TriggerManual, Status: model.StatusCompleted, CreatedAt: at}
		require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: e}}, ""))
		stored++
	}
	summed := func() (n int) {
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT coalesce(sum(runs), 0)::int FROM run_sums WHERE seconds = 3600").Scan(&n))
		return n
	}
	var servers []*scheduler.Sums
	for range 3 {
		servers = append(servers, scheduler.NewSums(scheduler.SumsOptions{DB: db, Log: testkit.Logger(t), Every: 10 * time.Millisecond}))
	}
	for range 2 {
		store()
		for _, s := range servers {
			require.NoError(t, s.Start(t.Context()))
			require.ErrorIs(t, s.Start(t.Context()), service.ErrStarted)
		}
		for range 3 {
			store()
			require.Eventually(t, func() bool { return summed() == stored }, 20*time.Second, 5*time.Millisecond)
		}
		var wait sync.WaitGroup
		for _, s := range servers {
			wait.Go(func() { stop(t, s) })
		}
		wait.Wait()
		require.Equal(t, stored, summed())
	}
}
