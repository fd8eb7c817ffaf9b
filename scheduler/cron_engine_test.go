package scheduler_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/model"
	room "maestro/internal/queue"
	"maestro/internal/secrets"
	"maestro/internal/testkit"
	"maestro/internal/vault"
	"maestro/repo"
	"maestro/scheduler"
)

// unbuilt are packages that are never there.
type unbuilt struct{}

func (unbuilt) Ready(model.Environment) (model.SitePackages, bool) {
	return model.SitePackages{}, false
}

func (unbuilt) Build(ctx context.Context, _ model.Environment) (model.SitePackages, error) {
	<-ctx.Done()
	return model.SitePackages{}, ctx.Err()
}

func (unbuilt) Forget(string) {}

// stuck is a lane whose compiler is at work for ever.
type stuck struct{ model.Lane }

func (stuck) Compile(ctx context.Context, _ string, _ int, _ string) (*model.Program, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

type nowhere struct{}

func (nowhere) Publish(events.Event) {}

// realQueue stores runs of an engine that knows nothing yet.
func (f *fixture) realQueue(db *repo.DB) scheduler.ScheduleRuns {
	f.Helper()
	sealed, err := vault.New([]byte("a key of the tests"), vault.Secrets)
	require.NoError(f, err)
	inputs, err := vault.New([]byte("a key of the tests"), vault.Inputs)
	require.NoError(f, err)
	log := testkit.Logger(f.T)
	runs, err := room.New(room.Options{DB: db, Server: model.NewID(), Log: log}) // not started
	require.NoError(f, err)
	e := engine.New(engine.Options{
		Store: db, Secrets: secrets.New(db, sealed, log), Events: nowhere{}, Lane: stuck{}, Packages: unbuilt{}, Queue: runs, Inputs: inputs,
		Log: log, PackagesWait: 100 * time.Millisecond,
	})
	f.Cleanup(func() { e.Drain(context.Background()) })
	return scheduler.ScheduleRuns{Engine: e}
}

// A run is enqueued whether or not its packages are built here yet, and without
// compiling; only the server that begins the run waits for both.
func TestPackagesOfOneSubtenantHoldUpNoSchedule(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.db.EnsureSubtenant(t.Context(), "other")
	require.NoError(t, err)
	_, err = f.db.CreateFunction(t.Context(), "other", model.Function{Name: "f", Code: "x"}, nil, nil)
	require.NoError(t, err)
	state, err := f.db.PackageState(t.Context(), tenant)
	require.NoError(t, err)
	_, err = f.db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Base: state.Revision, Lock: model.Lock{{Name: "a", Version: "1", Needs: []string{}}}})
	require.NoError(t, err)
	waiting := f.schedule("s", "* * * * *")
	other := waiting
	other.Name = "other"
	other, err = f.db.CreateSchedule(t.Context(), "other", other)
	require.NoError(t, err)
	c := scheduler.NewCron(scheduler.CronOptions{
		DB: f.db, Queue: f.realQueue(f.db), Log: testkit.Logger(t), Now: f.clock.Now, ClockCheck: 2 * time.Millisecond,
	})
	t.Cleanup(func() { stop(t, c) })
	require.NoError(t, c.Start(t.Context()))
	f.clock.forward(time.Minute)
	for _, s := range []model.Schedule{waiting, other} {
		f.eventually(func() bool {
			n, err := f.db.QueuedOf(t.Context(), nil, s.Tenant, s.ID)
			return err == nil && n == 1
		})
	}
}

// A manual run of a schedule uses one connection at a time: as many callers as
// there are connections would wait for each other otherwise.
func TestARunByHandTakesOneConnection(t *testing.T) {
	t.Parallel()
	f := setup(t)
	one, err := repo.Open(t.Context(), f.url, repo.Options{MaxConns: 1, Name: t.Name(), Log: testkit.Logger(t)})
	require.NoError(t, err)
	t.Cleanup(one.Close)
	c := scheduler.NewCron(scheduler.CronOptions{DB: one, Queue: f.realQueue(one), Log: testkit.Logger(t), Now: f.clock.Now})
	s := f.schedule("s", "@daily")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = c.Run(ctx, tenant, s.ID)
	require.NoError(t, err)
}
