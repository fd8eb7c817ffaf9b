package scheduler_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/scheduler"
)

// A server that has no room does not keep what it was handed from the others.
func TestWhatAFullServerWasHandedGoesToAnother(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	stuck := &runner{db: db, begun: map[model.ID]int{}, dead: make(chan struct{})}
	close(stuck.dead)
	full, _, err := db.RegisterServer(t.Context(), "full", model.NewID().String())
	require.NoError(t, err)
	narrow, err := scheduler.NewRunQueue(scheduler.QueueOptions{
		DB: db, Runner: stuck, Server: full, Log: testkit.Logger(t), Workers: 1, Poll: 50 * time.Millisecond,
	})
	require.NoError(t, err)
	const runs = 16 // in jobs of two
	var all []model.QueuedRun
	for range runs {
		all = append(all, pending("a", nil))
	}
	require.NoError(t, db.QueueRuns(t.Context(), nil, all...))
	require.NoError(t, narrow.Start())
	begun := func() int {
		stuck.mu.Lock()
		defer stuck.mu.Unlock()
		return len(stuck.begun)
	}
	require.Eventually(t, func() bool { return begun() == 1 }, 20*time.Second, 5*time.Millisecond)

	live := &runner{db: db, begun: map[model.ID]int{}}
	_, wide := serve(t, db, live)
	require.Eventually(t, func() bool { return statuses(t, db)[model.StatusCompleted] == runs-1 }, 60*time.Second, 20*time.Millisecond)
	stopped(t, wide)
	require.Equal(t, 1, begun())
	for id, times := range live.begun {
		require.Equal(t, 1, times)
		require.Zero(t, stuck.begun[id])
	}
}

// A server that stops leaves what it was handed and has not begun, at once.
func TestStoppingLeavesWhatWasNotBegun(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	release := make(chan struct{})
	slow := &slowRunner{runner: runner{db: db, begun: map[model.ID]int{}}, began: make(chan struct{}, 16), release: release}
	server, _, err := db.RegisterServer(t.Context(), "stopping", model.NewID().String())
	require.NoError(t, err)
	queue, err := scheduler.NewRunQueue(scheduler.QueueOptions{
		DB: db, Runner: slow, Server: server, Log: testkit.Logger(t), Workers: 1, Poll: 50 * time.Millisecond,
	})
	require.NoError(t, err)
	var all []model.QueuedRun
	for range 16 {
		all = append(all, pending("a", nil))
	}
	require.NoError(t, db.QueueRuns(t.Context(), nil, all...))
	require.NoError(t, queue.Start())
	<-slow.began
	over := make(chan struct{})
	go func() {
		defer close(over)
		stopped(t, queue)
	}()
	require.Eventually(t, func() bool {
		n, err := db.QueuedCount(t.Context(), "a", 100)
		return err == nil && n == 1
	}, 20*time.Second, 5*time.Millisecond, "of the job's two runs one is under way, one waits again")
	close(release)
	<-over
	require.Equal(t, map[model.Status]int{model.StatusCompleted: 1, model.StatusPending: 15}, statuses(t, db))
}

// slowRunner says when a run has begun, and ends it when it is told to.
type slowRunner struct {
	runner
	began   chan struct{}
	release chan struct{}
}

func (r *slowRunner) RunQueued(ctx context.Context, run model.QueuedRun) error {
	r.began <- struct{}{}
	<-r.release
	return r.runner.RunQueued(ctx, run)
}
