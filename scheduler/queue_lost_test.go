package scheduler_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
	"maestro/scheduler"
)

// River gives jobs out in one statement. When its answer gets lost, nobody has
// them: that is found out, and they are done once.
func TestWhatGotLostOnItsWayIsBegun(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	r := &runner{db: db, begun: map[model.ID]int{}}
	server, _, err := db.RegisterServer(t.Context(), "test", model.NewID().String())
	require.NoError(t, err)
	queue, err := scheduler.NewRunQueue(scheduler.QueueOptions{
		DB: db, Runner: r, Server: server, Log: testkit.Logger(t), Poll: 20 * time.Millisecond, LostEvery: 50 * time.Millisecond,
	})
	require.NoError(t, err)
	run := pending("a", nil)
	require.NoError(t, db.QueueRuns(t.Context(), nil, run))
	limits := repo.Limits{PerFunction: 1, PerTenant: 1, Ahead: 1, AtOnce: 1}
	n, _, err := db.Dispatch(t.Context(), limits, true, func(ctx context.Context, tx pgx.Tx, runs []model.ID) ([]int64, error) {
		var job int64 // as River's own statement leaves it
		err := tx.QueryRow(ctx, `INSERT INTO river_job (args, kind, max_attempts, queue, state, attempt, attempted_at, attempted_by, scheduled_at)
			VALUES ('{}', 'maestro_run', 1, 'runs', 'running', 1, now(), ARRAY[$1], 'epoch') RETURNING id`, server.String()).Scan(&job)
		return []int64{job}, err
	})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	orphans, err := db.SettleGone(t.Context())
	require.NoError(t, err)
	require.Zero(t, orphans, "its server is well")

	require.NoError(t, queue.Start())
	require.Eventually(t, func() bool { return statuses(t, db)[model.StatusCompleted] == 1 }, 20*time.Second, 5*time.Millisecond)
	stopped(t, queue)
	require.Equal(t, map[model.ID]int{run.Execution.ID: 1}, r.begun)
}

// A database that crashed may have forgotten that it gave a job out, and gives it
// out again: to a server that has it, it is nothing new.
func TestAJobThatIsGivenOutTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	hold := make(chan struct{})
	r := &holding{runner: runner{db: db, begun: map[model.ID]int{}}, hold: hold}
	server, _, err := db.RegisterServer(t.Context(), "test", model.NewID().String())
	require.NoError(t, err)
	queue, err := scheduler.NewRunQueue(scheduler.QueueOptions{
		DB: db, Runner: r, Server: server, Log: testkit.Logger(t), Poll: 20 * time.Millisecond, LostEvery: 50 * time.Millisecond,
	})
	require.NoError(t, err)
	require.NoError(t, queue.Start())
	first := pending("a", nil)
	require.NoError(t, db.QueueRuns(t.Context(), nil, first))
	queue.Wake()
	begun := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.begun)
	}
	require.Eventually(t, func() bool { return begun() == 1 }, 20*time.Second, 5*time.Millisecond)

	// More than a crash can take back, as the claim is on the disk by now.
	tag, err := db.Pool().Exec(t.Context(), "UPDATE river_job SET state = 'available', attempt = 0, attempted_at = NULL, attempted_by = NULL WHERE state = 'running'")
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected())
	require.Eventually(t, func() bool { // until it was given out again
		var state string
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT state FROM river_job").Scan(&state))
		return state == "running"
	}, 20*time.Second, 5*time.Millisecond)
	next := pending("a", nil)
	require.NoError(t, db.QueueRuns(t.Context(), nil, next))
	queue.Wake()
	require.Eventually(t, func() bool { return begun() == 2 }, 20*time.Second, 5*time.Millisecond)
	close(hold)
	require.Eventually(t, func() bool { return statuses(t, db)[model.StatusCompleted] == 2 }, 20*time.Second, 5*time.Millisecond)
	stopped(t, queue)
	require.Equal(t, map[model.ID]int{first.Execution.ID: 1, next.Execution.ID: 1}, r.begun)
}

// holding is a runner whose runs go on until hold is closed.
type holding struct {
	runner
	hold chan struct{}
}

func (h *holding) RunQueued(ctx context.Context, run model.QueuedRun) error {
	h.mu.Lock()
	h.begun[run.Execution.ID]++
	h.mu.Unlock()
	<-h.hold
	e := run.Execution
	e.Status, e.StartedAt, e.CompletedAt = model.StatusCompleted, time.Now(), time.Now()
	return h.db.MergeRecords(ctx, []*model.Record{{Execution: e, Queued: &model.QueuedEnd{Job: run.Job}}}, "test")
}

// What is handed over is given out at once, whatever this server's clock shows
// beside the database's.
func TestNoClockDelaysWhatIsHandedOver(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	r := &runner{db: db, begun: map[model.ID]int{}}
	_, queue := serve(t, db, r)
	require.NoError(t, db.QueueRuns(t.Context(), nil, pending("a", nil), pending("a", nil)))
	_, err := db.Enqueue(t.Context(), pending("b", nil))
	require.NoError(t, err)
	queue.Wake()
	require.Eventually(t, func() bool { return statuses(t, db)[model.StatusCompleted] == 3 }, 20*time.Second, 5*time.Millisecond)
	stopped(t, queue)
	var jobs, stamped int
	require.NoError(t, db.Pool().QueryRow(t.Context(),
		"SELECT count(*), count(*) FILTER (WHERE scheduled_at > '1971-01-01') FROM river_job").Scan(&jobs, &stamped))
	require.Positive(t, jobs)
	require.Zero(t, stamped)
}

// A server that is frozen in the middle of handing over keeps nobody else from
// it for longer than the database is patient.
func TestAFrozenServerLetsOthersHandOver(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	var patience string
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SHOW idle_in_transaction_session_timeout").Scan(&patience))
	require.Equal(t, "15s", patience)

	frozen, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = frozen.Rollback(t.Context()) }()
	_, err = frozen.Exec(t.Context(), "SET LOCAL idle_in_transaction_session_timeout = '500ms'")
	require.NoError(t, err)
	_, err = frozen.Exec(t.Context(), "SELECT pg_advisory_xact_lock(hashtext('maestro.dispatch'))")
	require.NoError(t, err)

	r := &runner{db: db, begun: map[model.ID]int{}}
	_, queue := serve(t, db, r)
	require.NoError(t, db.QueueRuns(t.Context(), nil, pending("a", nil)))
	queue.Wake()
	require.Eventually(t, func() bool { return statuses(t, db)[model.StatusCompleted] == 1 }, 20*time.Second, 5*time.Millisecond)
	stopped(t, queue)
}
