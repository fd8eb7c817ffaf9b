package recorder

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/postgres"
	"maestro/internal/testkit"
	"maestro/migrations"
	"maestro/repo"
)

func TestKilledBackendsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{})
	const callers, each = 32, 40
	finished := make(chan struct{}, callers*each)
	var killer sync.WaitGroup
	killer.Go(func() {
		conn, err := db.Pool().Acquire(t.Context())
		if err != nil {
			t.Errorf("connect: %v", err)
			return
		}
		defer conn.Release()
		// After a number of commits, not after a time: on a busy machine no commit
		// would complete between two kills.
		for n := range callers * each {
			<-finished
			if n%16 != 0 {
				continue
			}
			_, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`)
			if err != nil {
				t.Errorf("terminate: %v", err)
				return
			}
		}
	})
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				if kept := r.Finish(t.Context(), newRecord(2)); kept != model.Committed {
					t.Errorf("finish: %s", kept)
				}
				finished <- struct{}{}
			}
		})
	}
	wg.Wait()
	killer.Wait()
	db.Pool().Reset() // of connections that were ended and not used since
	require.Eventually(t, func() bool { return db.Ping(t.Context()) == nil }, 10*time.Second, time.Millisecond)
	require.Equal(t, callers*each, count(t, db, "executions"))
	require.Equal(t, callers*each*2, count(t, db, "step_executions"))
	require.Zero(t, r.Stats().Lost)
}

func TestServerGoesAndComesBack(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	server, db := ownServer(t, dir)
	r := New(db, Options{SpoolDir: t.TempDir(), SpoolAfter: 300 * time.Millisecond}, testkit.Logger(t))
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	before := newRecord(1)
	require.Equal(t, model.Committed, r.Finish(t.Context(), before))
	require.True(t, r.Healthy())

	require.NoError(t, server.Stop(t.Context()))
	var during []*model.Record
	for range 5 {
		record := newRecord(2)
		require.Equal(t, model.Spooled, r.Finish(t.Context(), record))
		during = append(during, record)
	}
	require.False(t, r.Healthy())
	require.EqualValues(t, 5, r.Stats().Spooled)
	require.Positive(t, r.Stats().AwayFor)

	startServer(t, dir)
	require.Eventually(t, func() bool { return r.Stats().Replayed == 5 }, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, r.Healthy, 20*time.Second, 10*time.Millisecond)
	for _, record := range append(during, before) {
		requireStatus(t, db, record, model.StatusCompleted)
	}
	require.Equal(t, model.Committed, r.Finish(t.Context(), newRecord(0)))
	require.Zero(t, r.Stats().Lost)
}

func TestShortOutageIsWaitedFor(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	server, db := ownServer(t, dir)
	r := New(db, Options{SpoolDir: t.TempDir(), SpoolAfter: time.Minute}, testkit.Logger(t))
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	require.NoError(t, server.Stop(t.Context()))

	patient, hasty := newRecord(1), newRecord(1)
	answer := make(chan model.Kept, 1)
	go func() { answer <- r.Finish(context.Background(), patient) }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, model.Unsaved, r.Finish(ctx, hasty))
	require.Eventually(t, func() bool { return !r.Healthy() }, 10*time.Second, time.Millisecond)

	startServer(t, dir)
	require.Equal(t, model.Committed, <-answer)
	requireStatus(t, db, patient, model.StatusCompleted)
	require.Eventually(t, func() bool {
		_, err := db.Execution(t.Context(), tenant, hasty.Execution.ID)
		return err == nil
	}, 10*time.Second, time.Millisecond)
	require.Zero(t, r.Stats().Spooled)
}

func TestStopWithTheServerAwaySpools(t *testing.T) {
	t.Parallel()
	dir, spoolDir := testkit.DataDir(t), t.TempDir()
	server, db := ownServer(t, dir)
	r := New(db, Options{SpoolDir: spoolDir, SpoolAfter: time.Minute}, testkit.Logger(t))
	require.NoError(t, r.Start(t.Context()))
	require.NoError(t, server.Stop(t.Context()))
	answer := make(chan model.Kept, 1)
	record := newRecord(3)
	go func() { answer <- r.Finish(context.Background(), record) }()
	require.Eventually(t, func() bool { return !r.Healthy() }, 10*time.Second, time.Millisecond)
	require.NoError(t, r.Stop(t.Context()))
	require.Equal(t, model.Spooled, <-answer)
	require.EqualValues(t, 1, r.Stats().Spooled)

	startServer(t, dir)
	next := New(db, Options{SpoolDir: spoolDir}, testkit.Logger(t))
	require.NoError(t, next.Start(t.Context()))
	t.Cleanup(func() { _ = next.Stop(context.Background()) })
	require.Eventually(t, func() bool { return next.Stats().Replayed == 1 }, 20*time.Second, 10*time.Millisecond)
	steps, _, err := db.Steps(t.Context(), tenant, record.Execution.ID, repo.Page{})
	require.NoError(t, err)
	require.Len(t, steps, 3)
}

// roleVariable makes the test binary record without end into the database that
// the variable names, printing each id once Finish has returned.
const roleVariable = "MAESTRO_TEST_RECORD_INTO"

func TestMain(m *testing.M) {
	if url := os.Getenv(roleVariable); url != "" {
		recordWithoutEnd(url)
	}
	os.Exit(m.Run())
}

func recordWithoutEnd(url string) {
	db, err := repo.Open(context.Background(), url, repo.Options{})
	if err != nil {
		os.Exit(1)
	}
	r := New(db, Options{}, nil)
	_ = r.Start(context.Background())
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for {
				record := newRecord(1)
				if r.Finish(context.Background(), record) == model.Committed {
					mu.Lock()
					_, _ = os.Stdout.WriteString(record.Execution.ID.String() + "\n")
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
}

func TestWhatFinishedIsThereAfterAKill(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), roleVariable+"="+url)
	output, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewScanner(output)
	var told []string
	for lines.Scan() {
		told = append(told, lines.Text())
		if len(told) == 500 {
			require.NoError(t, child.Process.Kill()) // in the middle of a batch
		}
	}
	_ = child.Wait()
	if last := len(told) - 1; len(told[last]) < 36 {
		told = told[:last] // the kill cut the line
	}
	require.GreaterOrEqual(t, len(told), 500)

	db, err := repo.Open(t.Context(), url, repo.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	for _, line := range told {
		id, err := model.ParseID(strings.TrimSpace(line))
		require.NoError(t, err)
		_, err = db.Execution(t.Context(), tenant, id)
		require.NoError(t, err, "its client was told")
	}
	// Execution and step are written together or not at all.
	require.Equal(t, count(t, db, "executions"), count(t, db, "step_executions"))
}

// ownServer starts a server that the test may stop, and opens its migrated
// database.
func ownServer(t *testing.T, dir string) (*postgres.Server, *repo.DB) {
	t.Helper()
	server := startServer(t, dir)
	_, err := migrations.Up(t.Context(), server.URL())
	require.NoError(t, err)
	db, err := repo.Open(t.Context(), server.URL(), repo.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	require.NoError(t, db.EnsurePartitions(t.Context(), time.Now()))
	return server, db
}

func startServer(t testing.TB, dir string) *postgres.Server {
	t.Helper()
	server, err := postgres.Start(t.Context(), postgres.Options{
		DataDir: dir, Log: testkit.Logger(t), Settings: map[string]string{"fsync": "off"},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return server
}
