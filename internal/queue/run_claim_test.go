package queue_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/faultproxy"
	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

// The database has committed a claim and the answer gets lost with the
// connection: the server finds out that it has the runs, and begins each once.
func TestAClaimWhoseAnswerIsLostIsBegunOnce(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	db, err := repo.Open(t.Context(), url, repo.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	proxy, through, err := faultproxy.Postgres(url)
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	far, err := repo.Open(t.Context(), through, repo.Options{})
	require.NoError(t, err)
	t.Cleanup(far.Close)

	// The commit of a claim waits for a lock, which the test has.
	_, err = db.Pool().Exec(t.Context(), `
		CREATE FUNCTION hold_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER hold_commit AFTER UPDATE ON queued_runs DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW WHEN (NEW.claim IS NOT NULL) EXECUTE FUNCTION hold_commit()`)
	require.NoError(t, err)
	hold, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = hold.Rollback(t.Context()) }()
	_, err = hold.Exec(t.Context(), "SELECT pg_advisory_xact_lock(4711)")
	require.NoError(t, err)

	r := &runner{db: db, begun: map[model.ID]int{}}
	first, second := pending("a", nil), pending("b", nil)
	require.NoError(t, db.Enqueue(t.Context(), nil, first, second))
	_, q := serve(t, far, r)
	require.Eventually(t, func() bool {
		var waits bool
		require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event = 'advisory' AND query ILIKE 'commit%')`).Scan(&waits))
		return waits
	}, 20*time.Second, 5*time.Millisecond)
	proxy.Cut()
	require.Empty(t, r.begun)
	require.NoError(t, hold.Rollback(t.Context()))
	require.Eventually(t, func() bool { return statuses(t, db)[model.StatusCompleted] == 2 }, 20*time.Second, 5*time.Millisecond)
	stopped(t, q)
	require.Equal(t, map[model.ID]int{first.Execution.ID: 1, second.Execution.ID: 1}, r.begun)
}

// Due runs begin immediately, regardless of the difference between a server's clock
// and the database's: no server's clock is read. River has no jobs of its own.
func TestNoClockDelaysDueRuns(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	r := &runner{db: db, begun: map[model.ID]int{}}
	_, q := serve(t, db, r)
	future := pending("a", nil)
	future.Execution.CreatedAt = time.Now().Add(time.Hour)
	require.NoError(t, db.Enqueue(t.Context(), nil, future, pending("a", nil)))
	require.NoError(t, q.Enqueue(t.Context(), pending("b", nil)))
	require.Eventually(t, func() bool { return statuses(t, db)[model.StatusCompleted] == 3 }, 20*time.Second, 5*time.Millisecond)
	stopped(t, q)
	var jobs int
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM river_job").Scan(&jobs))
	require.Zero(t, jobs)
}

// A server that is frozen in the middle of a claim keeps the others from claiming
// for no longer than the database is patient.
func TestAFrozenServerLetsOthersClaim(t *testing.T) {
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
	_, err = frozen.Exec(t.Context(), "SELECT pg_advisory_xact_lock(hashtext('maestro.claims'))")
	require.NoError(t, err)

	r := &runner{db: db, begun: map[model.ID]int{}}
	_, q := serve(t, db, r)
	require.NoError(t, db.Enqueue(t.Context(), nil, pending("a", nil)))
	q.Wake()
	require.Eventually(t, func() bool { return statuses(t, db)[model.StatusCompleted] == 1 }, 20*time.Second, 5*time.Millisecond)
	stopped(t, q)
}
