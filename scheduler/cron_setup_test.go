package scheduler_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/testkit"
	"maestro/repo"
	"maestro/scheduler"
)

const tenant = "acme"

// clock is one that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) forward(d time.Duration) { c.set(c.Now().Add(d)) }

// queue stores runs in a table of its own, which takes no due time twice.
type queue struct {
	mu    sync.Mutex
	fault map[string]error // guarded by mu; by the schedule's name
	// planning is called by Plan; guarded by mu; may be nil
	planning func(ctx context.Context, function string) error
}

// plan sets a function that is called while runs of a function are planned.
func (q *queue) plan(planning func(ctx context.Context, function string) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.planning = planning
}

func (q *queue) fail(name string, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fault = map[string]error{name: err}
}

func (q *queue) Plan(ctx context.Context, _, function string) (scheduler.Add, error) {
	q.mu.Lock()
	planning := q.planning
	q.mu.Unlock()
	if planning != nil {
		if err := planning(ctx, function); err != nil {
			return nil, err
		}
	}
	return q.add, nil
}

func (q *queue) add(ctx context.Context, tx repo.Tx, s *model.Schedule) (model.ID, error) {
	q.mu.Lock()
	err := q.fault[s.Name]
	q.mu.Unlock()
	if err != nil {
		return model.ID{}, err
	}
	id := model.NewID()
	_, err = tx.SQL().Exec(ctx, "INSERT INTO starts VALUES ($1, $2, $3, true)", s.Name, s.NextRun, id.String())
	return id, err
}

func (q *queue) Unfinished(ctx context.Context, tx repo.Tx, s *model.Schedule) (n int, err error) {
	err = tx.SQL().QueryRow(ctx, "SELECT count(*) FROM starts WHERE name = $1 AND unfinished", s.Name).Scan(&n)
	return n, err
}

type fixture struct {
	*testing.T
	url   string
	db    *repo.DB
	clock *clock
	queue *queue
}

// stop ends a service, and wants it to end well.
func stop(t *testing.T, s service.Service) {
	t.Helper()
	require.NoError(t, s.Stop(context.WithoutCancel(t.Context())))
}

// base is a moment at which nothing in the tests is due.
var base = time.Date(2026, 7, 1, 11, 59, 30, 0, time.UTC)

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, url: testkit.DatabaseURL(t), clock: &clock{now: base}, queue: &queue{}}
	f.db = f.open()
	_, err := f.db.EnsureSubtenant(t.Context(), tenant)
	require.NoError(t, err)
	_, err = f.db.CreateFunction(t.Context(), tenant, model.Function{Name: "f", Code: "x"}, nil, nil)
	require.NoError(t, err)
	f.exec(`CREATE TABLE starts (name text, due timestamptz, id uuid, unfinished boolean,
		transaction xid8 DEFAULT pg_current_xact_id(), PRIMARY KEY (name, due))`)
	return f
}

func (f *fixture) open() *repo.DB {
	f.Helper()
	db, err := repo.Open(f.Context(), f.url, repo.Options{Name: f.Name(), Log: testkit.Logger(f.T)})
	require.NoError(f, err)
	f.Cleanup(db.Close)
	return db
}

// cron makes a server's scheduler, with connections of its own.
func (f *fixture) cron() *scheduler.Cron {
	c := scheduler.NewCron(scheduler.CronOptions{
		DB: f.open(), Queue: f.queue, Log: testkit.Logger(f.T), Now: f.clock.Now, ClockCheck: 2 * time.Millisecond, Batch: 3,
	})
	f.Cleanup(func() { stop(f.T, c) })
	return c
}

func (f *fixture) start() *scheduler.Cron {
	f.Helper()
	c := f.cron()
	require.NoError(f, c.Start(f.Context()))
	return c
}

// schedule saves one that is due at base's next whole minute, and then as the
// expression says.
func (f *fixture) schedule(name, expression string, change ...func(*model.Schedule)) model.Schedule {
	f.Helper()
	s := model.Schedule{
		Name: name, FunctionName: "f", CronExpression: expression, Timezone: "UTC", Input: json.RawMessage("{}"), IsActive: true,
		Overlap: "allow", CatchUp: "none", MaxInstances: 100, NextRun: base.Add(30 * time.Second),
	}
	for _, set := range change {
		set(&s)
	}
	made, err := f.db.CreateSchedule(f.Context(), tenant, s)
	require.NoError(f, err)
	return made
}

func (f *fixture) load(s model.Schedule) model.Schedule {
	f.Helper()
	loaded, err := f.db.Schedule(f.Context(), tenant, s.ID)
	require.NoError(f, err)
	return loaded
}

func (f *fixture) exec(sql string, args ...any) {
	f.Helper()
	_, err := f.db.Pool().Exec(f.Context(), sql, args...)
	require.NoError(f, err)
}

// starts are the due times of a schedule that have a run, as minutes after
// base's next whole minute.
func (f *fixture) starts(name string) []int {
	f.Helper()
	rows, err := f.db.Pool().Query(f.Context(), "SELECT due FROM starts WHERE name = $1 ORDER BY due", name)
	require.NoError(f, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	require.NoError(f, err)
	out := []int{}
	for _, due := range all {
		out = append(out, int(due.Sub(base.Add(30*time.Second)).Minutes()))
	}
	return out
}

// count is how many starts there are.
func (f *fixture) count() (n int) {
	f.Helper()
	require.NoError(f, f.db.Pool().QueryRow(f.Context(), "SELECT count(*) FROM starts").Scan(&n))
	return n
}

// passed waits until the due times up to now have been dealt with.
func (f *fixture) passed() {
	f.Helper()
	f.eventually(func() bool {
		next, err := f.db.NextDue(f.Context())
		return err == nil && (next.IsZero() || next.After(f.clock.Now()))
	})
}

func (f *fixture) eventually(is func() bool) {
	f.Helper()
	require.Eventually(f, is, 20*time.Second, 2*time.Millisecond)
}

var errBroken = errors.New("a fault")
