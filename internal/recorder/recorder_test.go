package recorder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/internal/testkit"
	"maestro/repo"
)

const tenant = "acme"

func TestFinishReturnsAfterTheCommit(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{Server: "one"})
	record := newRecord(3)
	require.Equal(t, model.Committed, r.Finish(t.Context(), record))

	stored, err := db.Execution(t.Context(), tenant, record.Execution.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusCompleted, stored.Status)
	require.JSONEq(t, `{"n":1}`, string(stored.Input))
	require.Equal(t, record.Execution.Duration, stored.Duration)
	require.True(t, stored.RecordComplete)
	require.WithinDuration(t, record.Execution.CreatedAt, stored.CreatedAt, time.Microsecond)
	steps, _, err := db.Steps(t.Context(), tenant, record.Execution.ID, repo.Page{})
	require.NoError(t, err)
	require.Len(t, steps, 3)
	require.Equal(t, record.Steps[1].ID, steps[1].ID)
	require.Equal(t, record.Steps[0].ID, steps[1].ParentID)
	require.Nil(t, steps[0].Error)
	require.Equal(t, "no", *steps[2].Error)
	require.Nil(t, steps[2].Output)
}

func TestRunningNeverOverwritesAnEnd(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{Server: "one"})

	long := newRecord(1)
	begun := long.Execution
	begun.Status, begun.Output, begun.CompletedAt, begun.Duration = model.StatusRunning, nil, time.Time{}, 0
	r.Running(&begun)
	require.Eventually(t, func() bool {
		e, err := db.Execution(t.Context(), tenant, long.Execution.ID)
		return err == nil && e.Status == model.StatusRunning && e.CompletedAt.IsZero()
	}, 10*time.Second, time.Millisecond)
	require.Equal(t, model.Committed, r.Finish(t.Context(), long))
	requireStatus(t, db, long, model.StatusCompleted)
	steps, _, err := db.Steps(t.Context(), tenant, long.Execution.ID, repo.Page{})
	require.NoError(t, err)
	require.Len(t, steps, 1)

	// The other way round: the row of the end is there first.
	short := newRecord(0)
	begun = short.Execution
	begun.Status = model.StatusRunning
	require.Equal(t, model.Committed, r.Finish(t.Context(), short))
	require.NoError(t, db.MarkRunning(t.Context(), []*model.Execution{&begun}, "one"))
	requireStatus(t, db, short, model.StatusCompleted)

	// And a row that this recorder was not told of, as after a restart.
	foreign := newRecord(0)
	begun = foreign.Execution
	require.NoError(t, db.MarkRunning(t.Context(), []*model.Execution{&begun}, "two"))
	require.Equal(t, model.Committed, r.Finish(t.Context(), foreign))
	requireStatus(t, db, foreign, model.StatusCompleted)
}

func TestManyRunningAndFinishedAtOnce(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all []*model.Record
	for range 16 {
		wg.Go(func() {
			for range 50 {
				record := newRecord(1)
				begun := record.Execution
				begun.Status = model.StatusRunning
				r.Running(&begun)
				if kept := r.Finish(t.Context(), record); kept != model.Committed {
					t.Errorf("finish: %s", kept)
				}
				mu.Lock()
				all = append(all, record)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.NoError(t, r.Stop(t.Context()))
	for _, record := range all {
		requireStatus(t, db, record, model.StatusCompleted)
	}
}

func TestTenThousandRecords(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{})
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := range 157 {
				if kept := r.Finish(t.Context(), newRecord(i%3)); kept != model.Committed {
					t.Errorf("finish: %s", kept)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, 64*157, count(t, db, "executions"))
	require.Equal(t, 64*(52*3+0), count(t, db, "step_executions"))
	stats := r.Stats()
	require.EqualValues(t, 64*157, stats.Records)
	require.Less(t, stats.Batches, stats.Records/2, "records share transactions")
	require.Zero(t, stats.Queued)
	require.Zero(t, stats.Lost)
}

func TestPoisonedRecordsCostNoNeighbour(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{})
	noText, noUTF8 := "a\x00b", "caf\xe9"
	poisons := []func(*model.Record){
		func(p *model.Record) { p.Execution.Error = &noText },
		func(p *model.Record) { p.Execution.Traceback = &noUTF8 },
		func(p *model.Record) { p.Execution.Input = json.RawMessage("{broken") },
		func(p *model.Record) { p.Execution.Output = json.RawMessage("\"caf\xe9\"") },
		func(p *model.Record) { p.Execution.Output = json.RawMessage("\"a\x00b\"") },
		func(p *model.Record) { p.Steps[0].Input = json.RawMessage("") },
		func(p *model.Record) { p.Steps[1].ErrorType = &noText },
		func(p *model.Record) {
			p.Steps[1].Output = json.RawMessage(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000))
		},
		func(p *model.Record) { p.Execution.Input = json.RawMessage(`"\u0000 \ud800"`) }, // json takes that
	}
	var batch []*entry
	for i := range 40 {
		record := newRecord(2)
		if i%4 == 1 {
			poisons[i/4%len(poisons)](record)
		}
		clean(record)
		batch = append(batch, &entry{record: record, settled: make(chan model.Kept, 1)})
	}
	r.stats.queued.Add(int64(len(batch)))
	r.write(r.waited, batch) // as one batch
	for _, e := range batch {
		require.Equal(t, model.Committed, <-e.settled)
		requireStatus(t, db, e.record, model.StatusCompleted)
	}
	require.Equal(t, 80, count(t, db, "step_executions"))

	broken, err := db.Execution(t.Context(), tenant, batch[9].record.Execution.ID)
	require.NoError(t, err)
	require.JSONEq(t, `{"unstorable":true,"bytes":7}`, string(broken.Input))
	require.False(t, broken.RecordComplete)
	require.False(t, broken.InputComplete)
	require.JSONEq(t, `{"doubled":2}`, string(broken.Output), "only the broken value is replaced")
	cleaned, err := db.Execution(t.Context(), tenant, batch[1].record.Execution.ID)
	require.NoError(t, err)
	require.Equal(t, "a\uFFFDb", *cleaned.Error)
	require.Zero(t, r.Stats().Lost)
}

func TestLargeValuesAreCut(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{QueueBytes: 1 << 20})
	record := newRecord(1)
	record.Execution.Input = json.RawMessage(`"` + strings.Repeat("x", 3<<20) + `"`)
	message := strings.Repeat("é", longestText)
	record.Steps[0].Error = &message
	require.Equal(t, model.Committed, r.Finish(t.Context(), record))
	stored, err := db.Execution(t.Context(), tenant, record.Execution.ID)
	require.NoError(t, err)
	require.False(t, stored.RecordComplete)
	require.False(t, stored.InputComplete)
	var marker struct {
		Truncated bool
		Bytes     int
	}
	require.NoError(t, json.Unmarshal(stored.Input, &marker))
	require.True(t, marker.Truncated)
	require.Equal(t, 3<<20+2, marker.Bytes)
	steps, _, err := db.Steps(t.Context(), tenant, record.Execution.ID, repo.Page{})
	require.NoError(t, err)
	require.Less(t, len(*steps[0].Error), 2*longestText)
}

func TestFullQueueHoldsBack(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{QueueBytes: 4 << 10, SpoolDir: t.TempDir()})
	require.NoError(t, r.waited.room.Acquire(t.Context(), 4<<10)) // as if it were full
	ctx, cancel := context.WithCancel(t.Context())
	answers := make(chan model.Kept, 1)
	record := newRecord(0)
	go func() { answers <- r.Finish(ctx, record) }()
	cancel()
	require.Equal(t, model.Spooled, <-answers)
	r.waited.room.Release(4 << 10)
	require.Eventually(t, func() bool { // it went to the spool, and from there to its place
		_, err := db.Execution(t.Context(), tenant, record.Execution.ID)
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
}

// Who waits for an answer does not wait for the records of queued runs, even when
// these are held up.
func TestRecordsOfQueuedRunsDelayNoOther(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{Server: "one"})
	other, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = other.Rollback(context.Background()) }()
	var held []*model.Record
	ended := make(chan model.Kept, 3)
	for claim := range int64(3) { // more than there are flushers
		record := newRecord(0)
		record.Queued = &model.QueuedEnd{Claim: claim}
		held = append(held, record)
		_, err := db.Pool().Exec(t.Context(), `INSERT INTO queued_runs
			(execution_id, tenant, function_name, trigger_type, created_at, priority, request, input, claim, server)
			VALUES ($1, $2, 'f', 'manual', now(), 2, false, '', $3, gen_random_uuid())`, record.Execution.ID.String(), tenant, claim)
		require.NoError(t, err)
		_, err = other.Exec(t.Context(), "SELECT 1 FROM queued_runs WHERE execution_id = $1 FOR UPDATE", record.Execution.ID.String())
		require.NoError(t, err)
	}
	for i, record := range held {
		go func() { ended <- r.Finish(t.Context(), record) }()
		require.Eventually(t, func() bool { return r.Stats().Queued == int64(i+1) }, 10*time.Second, time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	waited := newRecord(0)
	require.Equal(t, model.Committed, r.Finish(ctx, waited))
	requireStatus(t, db, waited, model.StatusCompleted)
	require.NoError(t, other.Commit(t.Context()))
	for _, record := range held {
		require.Equal(t, model.Committed, <-ended)
		requireStatus(t, db, record, model.StatusCompleted)
	}
}

func TestStopWritesTheQueue(t *testing.T) {
	t.Parallel()
	r, db := started(t, Options{})
	answers := make(chan model.Kept, 500)
	for range cap(answers) {
		e := &entry{record: newRecord(0), size: recordOverhead, settled: answers}
		_, queued := r.enqueue(t.Context(), e)
		require.True(t, queued)
	}
	require.NoError(t, r.Stop(t.Context()))
	for range cap(answers) {
		require.Equal(t, model.Committed, <-answers)
	}
	require.Equal(t, 500, count(t, db, "executions"))
}

func TestAfterStopRecordsAreSpooledNotLost(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "spool")
	r, db := started(t, Options{SpoolDir: dir})
	require.NoError(t, r.Stop(t.Context()))
	late := newRecord(1)
	require.Equal(t, model.Spooled, r.Finish(t.Context(), late))
	require.EqualValues(t, 1, r.Stats().Spooled)

	next := New(db, Options{SpoolDir: dir}, testkit.Logger(t))
	require.NoError(t, next.Start(t.Context()))
	t.Cleanup(func() { _ = next.Stop(context.Background()) })
	require.Eventually(t, func() bool { return next.Stats().Replayed == 1 }, 10*time.Second, time.Millisecond)
	requireStatus(t, db, late, model.StatusCompleted)
	require.Eventually(t, func() bool {
		files, err := os.ReadDir(dir)
		return err == nil && len(files) == 1 && files[0].Name() == reserveName
	}, 10*time.Second, time.Millisecond)
}

func TestUnreadableSpoolFileIsPutAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "0"+spoolSuffix), []byte(`{"Execution":`), 0o600))
	s := &spool{dir: dir, log: testkit.Logger(t)}
	good := newRecord(2)
	require.NoError(t, s.put([]*model.Record{good}))
	r, db := started(t, Options{SpoolDir: dir})
	require.Eventually(t, func() bool { return r.Stats().Replayed == 1 }, 10*time.Second, time.Millisecond)
	requireStatus(t, db, good, model.StatusCompleted)
	require.FileExists(t, filepath.Join(dir, "0"+spoolSuffix+spoolBadSuffix))
}

func TestLostRecordsAreCountedAndReported(t *testing.T) {
	t.Parallel()
	r, _ := started(t, Options{}) // no spool
	require.NoError(t, r.Stop(t.Context()))
	require.Equal(t, model.Unsaved, r.Finish(t.Context(), newRecord(0)))
	require.EqualValues(t, 1, r.Stats().Lost)
	require.Error(t, r.Stop(t.Context()))
}

func TestRecorderStartsAndStopsInAnyOrder(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	servicetest.Stress(t, func(t *testing.T) service.Service {
		return New(db, Options{SpoolDir: t.TempDir()}, testkit.Logger(t))
	})
}

func TestRecordsDuringStartsAndStopsAreKept(t *testing.T) {
	db := testkit.DB(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for i := range 50 {
		r := New(db, Options{SpoolDir: t.TempDir()}, testkit.Logger(t))
		if i%5 == 0 {
			require.NoError(t, r.Stop(t.Context()), "stop before start")
			require.ErrorIs(t, r.Start(t.Context()), service.ErrStopped)
			continue
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := r.Start(t.Context()); err != nil && !errors.Is(err, service.ErrStarted) && !errors.Is(err, service.ErrStopped) {
					t.Errorf("start: %v", err)
				}
			})
			wg.Go(func() { _ = r.Finish(t.Context(), newRecord(0)) })
			wg.Go(func() {
				if err := r.Stop(t.Context()); err != nil {
					t.Errorf("stop: %v", err)
				}
			})
		}
		wg.Wait()
		require.Zero(t, r.Stats().Queued)
	}
}

// started makes a recorder that writes into a database of the test's own.
func started(t *testing.T, opts Options) (*Recorder, *repo.DB) {
	t.Helper()
	db := testkit.DB(t)
	r := New(db, opts, testkit.Logger(t))
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	return r, db
}

// newRecord makes a completed execution with steps, the last of which failed.
func newRecord(steps int) *model.Record {
	now := time.Now()
	record := &model.Record{Execution: model.Execution{
		ID: model.NewIDAt(now), Tenant: tenant, FunctionName: "double", FunctionVersion: 1, Trigger: model.TriggerManual,
		Status: model.StatusCompleted, Input: json.RawMessage(`{"n":1}`), Output: json.RawMessage(`{"doubled":2}`),
		CreatedAt: now, StartedAt: now, CompletedAt: now.Add(time.Millisecond), Duration: time.Millisecond, Attempt: 1,
		RecordComplete: true, InputComplete: true,
	}}
	for i := range steps {
		step := model.Step{
			ID: model.StepID(record.Execution.ID, 1, i+1), ExecutionID: record.Execution.ID, Depth: 1, Position: i + 1, Attempt: 1,
			FunctionName: fmt.Sprintf("sibling_%d", i), FunctionVersion: 2, Status: model.StatusCompleted,
			Input: json.RawMessage(`[1]`), Output: json.RawMessage(`null`), StartedAt: now,
			CompletedAt: now.Add(time.Microsecond), Duration: time.Microsecond, RecordComplete: true,
		}
		if i > 0 {
			step.ParentID, step.Depth = record.Steps[0].ID, 2
		}
		if i == steps-1 && i > 0 {
			message, class := "no", "ValueError"
			step.Status, step.Output, step.Error, step.ErrorType = model.StatusFailed, nil, &message, &class
		}
		record.Steps = append(record.Steps, step)
	}
	return record
}

func requireStatus(t *testing.T, db *repo.DB, record *model.Record, status model.Status) {
	t.Helper()
	stored, err := db.Execution(t.Context(), tenant, record.Execution.ID)
	require.NoError(t, err)
	require.Equal(t, status, stored.Status)
}

func count(t *testing.T, db *repo.DB, table string) (n int) {
	t.Helper()
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}
