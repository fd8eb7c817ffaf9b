package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// A server that has no room keeps nothing from the others.
func TestWhatAFullServerHasNoRoomForGoesToAnother(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	stuck := &runner{db: db, begun: map[model.ID]int{}, dead: make(chan struct{})}
	close(stuck.dead)
	_, narrow := unstarted(t, db, stuck, 1)
	const runs = 16
	var all []model.QueuedRun
	for range runs {
		all = append(all, pending("a", nil))
	}
	require.NoError(t, db.Enqueue(t.Context(), nil, all...))
	require.NoError(t, narrow.Start(t.Context()))
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

// A server that stops leaves at once what it has not begun.
func TestStoppingLeavesRunsThatHaveNotBegun(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	release := make(chan struct{})
	slow := &slowRunner{runner: runner{db: db, begun: map[model.ID]int{}}, began: make(chan struct{}, 16), release: release}
	_, q := unstarted(t, db, slow, 1)
	var all []model.QueuedRun
	for range 16 {
		all = append(all, pending("a", nil))
	}
	require.NoError(t, db.Enqueue(t.Context(), nil, all...))
	require.NoError(t, q.Start(t.Context()))
	<-slow.began
	over := make(chan struct{})
	go func() {
		defer close(over)
		stopped(t, q)
	}()
	require.Eventually(t, func() bool {
		n, err := db.QueuedCount(t.Context(), "a", 100)
		return err == nil && n == 15
	}, 20*time.Second, 5*time.Millisecond)
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
