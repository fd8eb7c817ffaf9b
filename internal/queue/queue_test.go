package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/queue"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/internal/testkit"
	"maestro/repo"
)

// runner stands for the engine: it notes what it begins and records its end.
type runner struct {
	db   *repo.DB
	dead chan struct{} // closed: runs begun from now on never end; nil: never

	mu     sync.Mutex
	begun  map[model.ID]int // guarded by mu
	refuse int              // guarded by mu; how many are still to be refused
}

func (r *runner) RunQueued(ctx context.Context, run model.QueuedRun) error {
	r.mu.Lock()
	if r.refuse > 0 {
		r.refuse--
		r.mu.Unlock()
		return errors.New("not now")
	}
	r.begun[run.Execution.ID]++
	r.mu.Unlock()
	select {
	case <-r.dead:
		<-make(chan struct{}) // killed: it never ends, and reports nothing
	default:
	}
	e := run.Execution
	e.Status, e.StartedAt, e.CompletedAt = model.StatusCompleted, time.Now(), time.Now()
	return r.db.MergeRecords(ctx, []*model.Record{{Execution: e, Queued: &model.QueuedEnd{Claim: run.Claim}}}, "test")
}

// serve starts a queue as one more server would.
func serve(t *testing.T, db *repo.DB, r queue.Runner) (server model.ID, q *queue.Queue) {
	t.Helper()
	server, q = unstarted(t, db, r, 16)
	require.NoError(t, q.Start(t.Context()))
	return server, q
}

func unstarted(t *testing.T, db *repo.DB, r queue.Runner, workers int) (server model.ID, q *queue.Queue) {
	t.Helper()
	server, _, err := db.RegisterServer(t.Context(), "test", model.NewID().String())
	require.NoError(t, err)
	q, err = queue.New(queue.Options{DB: db, Server: server, Log: testkit.Logger(t), Workers: workers, Poll: 50 * time.Millisecond})
	require.NoError(t, err)
	q.Serve(r)
	return server, q
}

func stopped(t *testing.T, q *queue.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, q.Stop(ctx))
}

func pending(tenant string, policy *model.RetryPolicy) model.QueuedRun {
	at := time.Now()
	return model.QueuedRun{
		Execution: model.Execution{
			ID: model.NewIDAt(at), Tenant: tenant, FunctionName: "f", Trigger: model.TriggerManual, Input: json.RawMessage("{}"), CreatedAt: at,
		},
		Input: []byte("sealed"), Priority: model.PriorityDefault, Policy: policy,
	}
}

func statuses(t *testing.T, db *repo.DB) map[model.Status]int {
	rows, err := db.Pool().Query(t.Context(), "SELECT status, count(*) FROM executions GROUP BY status")
	require.NoError(t, err)
	counts := map[model.Status]int{}
	for rows.Next() {
		var status model.Status
		var n int
		require.NoError(t, rows.Scan(&status, &n))
		counts[status] = n
	}
	require.NoError(t, rows.Err())
	return counts
}

// Three servers, of which one dies with runs under way: every run is begun
// exactly once, but for those of the dead one, which are retried as their
// policy says.
func TestEveryRunBeginsOnceOnThreeServers(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	const runs = 400
	retried := map[model.ID]bool{}
	var all []model.QueuedRun
	for i := range runs {
		run := pending([]string{"a", "b", "c"}[i%3], nil)
		if i%2 == 0 {
			run.Policy = &model.RetryPolicy{MaxAttempts: 2}
			retried[run.Execution.ID] = true
		}
		all = append(all, run)
	}
	live := &runner{db: db, begun: map[model.ID]int{}}
	dying := &runner{db: db, begun: map[model.ID]int{}, dead: make(chan struct{})}
	close(dying.dead)
	dead, _ := serve(t, db, dying)
	require.NoError(t, db.Enqueue(t.Context(), nil, all[:runs/2]...))
	begun := func() int {
		dying.mu.Lock()
		defer dying.mu.Unlock()
		return len(dying.begun)
	}
	require.Eventually(t, func() bool { return begun() == 16 }, 20*time.Second, 5*time.Millisecond, "it takes what it has workers for")
	_, second := serve(t, db, live)
	_, third := serve(t, db, live)
	require.NoError(t, db.Enqueue(t.Context(), nil, all[runs/2:]...))
	second.Wake()

	beats, err := db.Servers(t.Context())
	require.NoError(t, err)
	for _, s := range beats {
		if s.ID == dead {
			gone, err := db.DeclareGone(t.Context(), dead, s.Beats)
			require.NoError(t, err)
			require.True(t, gone)
		}
	}
	_, err = db.SettleGone(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := db.SettleGone(t.Context())
		require.NoError(t, err)
		now := statuses(t, db)
		return now[model.StatusCompleted]+now[model.StatusCrashed] == runs
	}, 60*time.Second, 50*time.Millisecond)
	stopped(t, second)
	stopped(t, third)

	crashed := 0
	for _, run := range all {
		id := run.Execution.ID
		e, err := db.Execution(t.Context(), run.Execution.Tenant, id)
		require.NoError(t, err)
		switch {
		case dying.begun[id] == 0:
			require.Equal(t, model.StatusCompleted, e.Status)
			require.Equal(t, 1, live.begun[id])
			require.Equal(t, 1, e.Attempt)
		case retried[id]:
			require.Equal(t, model.StatusCompleted, e.Status)
			require.Equal(t, 1, live.begun[id])
			require.Equal(t, 2, e.Attempt)
		default:
			crashed++
			require.Equal(t, model.StatusCrashed, e.Status)
			require.Zero(t, live.begun[id])
		}
		require.LessOrEqual(t, dying.begun[id], 1)
	}
	require.Equal(t, statuses(t, db)[model.StatusCrashed], crashed)
}

func TestARunThatIsNotBegunWaitsAgain(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	r := &runner{db: db, begun: map[model.ID]int{}, refuse: 1}
	_, q := serve(t, db, r)
	run := pending("a", nil)
	require.NoError(t, q.Enqueue(t.Context(), run))
	require.Eventually(t, func() bool { return statuses(t, db)[model.StatusCompleted] == 1 }, 20*time.Second, 20*time.Millisecond)
	stopped(t, q)
	require.Equal(t, map[model.ID]int{run.Execution.ID: 1}, r.begun)
}

func TestQueueStartsAndStopsInAnyOrder(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	servicetest.Stress(t, func(t *testing.T) service.Service {
		q, err := queue.New(queue.Options{DB: db, Server: model.NewID(), Log: testkit.Logger(t)})
		require.NoError(t, err)
		q.Serve(&runner{db: db, begun: map[model.ID]int{}})
		return q
	})
}
