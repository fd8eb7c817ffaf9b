package recorder

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/faultproxy"
	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// behindProxy makes a recorder whose connections go through a proxy; direct goes
// past it.
func behindProxy(t *testing.T, opts Options) (r *Recorder, p *faultproxy.Proxy, direct *repo.DB) {
	t.Helper()
	url := testkit.DatabaseURL(t)
	direct, err := repo.Open(t.Context(), url, repo.Options{})
	require.NoError(t, err)
	t.Cleanup(direct.Close)
	p, through, err := faultproxy.Postgres(url)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	db, err := repo.Open(t.Context(), through, repo.Options{MaxConns: 5})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	t.Cleanup(p.Cut) // or Close would wait for the frozen connections
	opts.SpoolDir = t.TempDir()
	opts.Reserve = 1 << 20
	r = New(db, opts, testkit.Logger(t))
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	require.Equal(t, model.Committed, r.Finish(t.Context(), newRecord(1)))
	return r, p, direct
}

// admits waits until new runs are admitted, or refused.
func admits(t *testing.T, r *Recorder, want bool) {
	t.Helper()
	require.Eventually(t, func() bool { return (r.Admit() == nil) == want }, patience, time.Millisecond)
}

// requireOnce wants each record to be there once, with its steps.
func requireOnce(t *testing.T, db *repo.DB, records ...*model.Record) {
	t.Helper()
	for _, record := range records {
		requireStatus(t, db, record, model.StatusCompleted)
		var rows, steps int
		require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT (SELECT count(*) FROM executions WHERE id = $1::uuid),
			(SELECT count(*) FROM step_executions WHERE execution_id = $1::uuid)`, record.Execution.ID.String()).Scan(&rows, &steps))
		require.Equal(t, 1, rows)
		require.Equal(t, len(record.Steps), steps)
	}
}

// A frozen database neither refuses nor answers: callers of ended runs get their
// response once the record is on disk, new runs are refused, and they are
// admitted again only when the spool is in the database, so that a repeat finds
// the run that it repeats.
func TestAFrozenDatabase(t *testing.T) {
	t.Parallel()
	r, p, direct := behindProxy(t, Options{})
	require.NoError(t, r.Admit())
	p.Freeze()
	var during []*model.Record
	for range 3 {
		record := newRecord(2)
		require.Equal(t, model.Spooled, r.Finish(t.Context(), record))
		during = append(during, record)
	}
	admits(t, r, false)
	refused := r.Admit()
	require.Equal(t, model.CodeUnavailable, model.CodeOf(refused))
	require.ErrorContains(t, refused, "nothing ran")
	require.Positive(t, refused.(*model.Error).RetryAfter)
	require.Error(t, r.Refusing())
	p.Thaw()
	admits(t, r, true)
	requireOnce(t, direct, during...)
	require.Equal(t, model.Committed, r.Finish(t.Context(), newRecord(0)))
	require.Zero(t, r.Stats().Lost)
}

// An idle recorder finds out too: the first call of an outage is refused.
func TestAnOutageIsNoticedWithoutARun(t *testing.T) {
	t.Parallel()
	r, p, _ := behindProxy(t, Options{})
	p.Refuse(true)
	p.Cut()
	admits(t, r, false)
	p.Refuse(false)
	admits(t, r, true)
}

// Records whose commit was not confirmed, and records that were cut off in the
// middle of a message, are stored once.
func TestLostConfirmationsDoubleNothing(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*faultproxy.Proxy, bool){
		"reply lost": (*faultproxy.Proxy).LoseReplies, "cut halfway": (*faultproxy.Proxy).CutHalfway,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, p, direct := behindProxy(t, Options{})
			var records []*model.Record
			for range 5 {
				fault(p, true)
				record := newRecord(2)
				kept := make(chan model.Kept, 1)
				go func() { kept <- r.Finish(context.Background(), record) }()
				require.Eventually(t, func() bool { return r.waited.outage.isOn() }, patience, time.Millisecond)
				fault(p, false)
				require.NotEqual(t, model.Unsaved, <-kept)
				records = append(records, record)
				require.Eventually(t, r.Healthy, patience, time.Millisecond)
			}
			requireOnce(t, direct, records...)
		})
	}
}

// A database that can be reached and that does not write is away: a full disk,
// memory that is short, a read-only one.
func TestADatabaseThatTakesNothingIsAway(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"53100", "53200", "53400", "57P03", "58030", "25006", "42501"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			r, _, direct := behindProxy(t, Options{})
			do := func(sql string) {
				_, err := direct.Pool().Exec(t.Context(), sql)
				require.NoError(t, err)
			}
			answer := func(how string) {
				do(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + how + `; END $$`)
			}
			answer(`RAISE EXCEPTION 'no' USING ERRCODE = '` + state + `'`)
			do(`CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON executions FOR EACH ROW EXECUTE FUNCTION refuse()`)
			record := newRecord(1)
			require.Equal(t, model.Spooled, r.Finish(t.Context(), record))
			admits(t, r, false)
			require.NoError(t, direct.Ping(t.Context()))
			answer(`RETURN NEW`) // to drop the trigger would lock the tables of the recorder's next try, and a deadlock is possible
			admits(t, r, true)
			requireOnce(t, direct, record)
		})
	}
}

func TestAReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	r, p, direct := behindProxy(t, Options{})
	readOnly := func(value string) {
		_, err := direct.Pool().Exec(t.Context(), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = `+value+`', current_database()); END $$`)
		require.NoError(t, err)
		p.Cut() // it counts for new sessions
	}
	readOnly("on")
	record := newRecord(1)
	require.Equal(t, model.Spooled, r.Finish(t.Context(), record))
	admits(t, r, false)
	readOnly("off")
	admits(t, r, true)
	requireOnce(t, direct, record)
}

// A network that is slow by 200 ms, each way, is no outage.
func TestASlowDatabaseIsNotAway(t *testing.T) {
	t.Parallel()
	r, p, direct := behindProxy(t, Options{})
	p.Delay(200 * time.Millisecond)
	var mu sync.Mutex
	var records []*model.Record
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			record := newRecord(1)
			if kept := r.Finish(context.Background(), record); kept != model.Committed {
				t.Errorf("a record is %s", kept)
			}
			if err := r.Admit(); err != nil {
				t.Errorf("admit: %v", err)
			}
			mu.Lock()
			records = append(records, record)
			mu.Unlock()
		})
	}
	all.Wait()
	require.Zero(t, r.Stats().Spooled)
	requireOnce(t, direct, records...)
}

// One line says that there is an outage, however many runs it meets.
func TestAnOutageIsOneLineInTheLog(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	p, through, err := faultproxy.Postgres(url)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	db, err := repo.Open(t.Context(), through, repo.Options{MaxConns: 5})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	var log lines
	r := New(db, Options{SpoolDir: t.TempDir(), Reserve: -1}, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	p.Refuse(true)
	p.Cut()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if kept := r.Finish(context.Background(), newRecord(0)); kept != model.Spooled {
				t.Errorf("a record is %q", kept)
			}
		})
	}
	all.Wait()
	admits(t, r, false)
	require.Eventually(t, func() bool { return log.count("level=ERROR") == 1 }, patience, time.Millisecond, "%s", &log)
	p.Refuse(false)
	require.Eventually(t, func() bool { return log.count("reach the database again") == 1 }, patience, time.Millisecond, "%s", &log)
	require.Equal(t, 1, log.count("level=ERROR"), "%s", &log)
	require.Zero(t, log.count("level=WARN"), "%s", &log)
	require.Regexp(t, `again.* spooled=100 `, log.String(), "those of the first second too")
}

// A database that is silent gives no error; the line says that.
func TestTheLineAboutASilentDatabaseHasAnError(t *testing.T) {
	t.Parallel()
	p, through, err := faultproxy.Postgres(testkit.DatabaseURL(t))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	db, err := repo.Open(t.Context(), through, repo.Options{MaxConns: 5})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	var log lines
	r := New(db, Options{SpoolDir: t.TempDir(), Reserve: -1}, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	p.Freeze()
	require.Eventually(t, func() bool { return log.count("level=ERROR") == 1 }, patience, time.Millisecond, "%s", &log)
	require.Zero(t, log.count("<nil>"), "%s", &log)
	p.Thaw()
}

// lines is a log that several goroutines write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) count(word string) int { return strings.Count(l.String(), word) }

// A record that neither the database nor the disk takes waits for either, and
// its run with it: there is no error to answer with.
func TestWhatNeitherTakesWaits(t *testing.T) {
	t.Parallel()
	r, p, direct := behindProxy(t, Options{})
	dir := r.opts.SpoolDir
	blockFolder(t, dir)
	r.spool.closeReserve()
	p.Refuse(true)
	p.Cut()
	record := newRecord(1)
	kept := make(chan model.Kept, 1)
	go func() { kept <- r.Finish(context.Background(), record) }()
	admits(t, r, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, model.Unsaved, r.Finish(ctx, newRecord(0)))
	require.Empty(t, kept)
	p.Refuse(false)
	require.Equal(t, model.Committed, <-kept)
	requireOnce(t, direct, record)
	require.NoError(t, os.Remove(dir))
}

// blockFolder has no file be made in a folder, not even by root.
func blockFolder(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.Rename(dir, dir+".away"))
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
}

func unblockFolder(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.Remove(dir))
	require.NoError(t, os.Rename(dir+".away", dir))
}
