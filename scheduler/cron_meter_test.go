package scheduler_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/scheduler"
)

// tally is a meter.
type tally struct {
	mu              sync.Mutex // guards what follows
	started         []time.Duration
	skipped, missed int
}

func (m *tally) ScheduleStarted(late time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.started = append(m.started, late)
}

func (m *tally) ScheduleSkipped() { m.mu.Lock(); defer m.mu.Unlock(); m.skipped++ }
func (m *tally) ScheduleMissed()  { m.mu.Lock(); defer m.mu.Unlock(); m.missed++ }

// Due times are counted once each, also if their transaction fails first.
func TestCountsOfDueTimes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.schedule("started", "0 * * * *")
	f.schedule("skipped", "0 * * * *", func(s *model.Schedule) { s.Overlap = "skip" })
	f.schedule("missed", "0 * * * *", func(s *model.Schedule) { s.NextRun = base.Add(30*time.Second - 2*time.Hour) })
	f.exec("INSERT INTO starts VALUES ('skipped', '2020-01-01', NULL, true)")
	f.exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('tries') = 1 THEN RAISE EXCEPTION 'once'; END IF; RETURN NULL; END $$`)
	f.exec("CREATE SEQUENCE tries")
	f.exec("CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON starts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()")
	f.clock.set(base.Add(40 * time.Second))
	m := &tally{}
	c := scheduler.NewCron(scheduler.CronOptions{DB: f.db, Queue: f.queue, Log: testkit.Logger(t), Now: f.clock.Now, Meter: m})
	require.NoError(t, c.Start(t.Context()))
	f.passed()
	stop(t, c)
	require.Equal(t, []time.Duration{10 * time.Second, 10 * time.Second}, m.started)
	require.Equal(t, 1, m.skipped)
	require.Equal(t, 1, m.missed)
}
