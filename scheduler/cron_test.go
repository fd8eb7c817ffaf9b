package scheduler_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/changes"
	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/internal/testkit"
	"maestro/repo"
	"maestro/scheduler"
)

func TestThreeServersStartEachDueTimeOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const schedules, times = 20, 8
	for i := range schedules {
		f.schedule(fmt.Sprint(i), "* * * * *")
	}
	servers := []*scheduler.Cron{f.start(), f.start(), f.start()}
	for i := range times {
		f.clock.set(base.Add(30*time.Second + time.Duration(i)*time.Minute))
		if i == times/2 {
			stop(t, servers[0])
		}
		f.eventually(func() bool { return f.count() == schedules*(i+1) })
	}
	for i := range schedules {
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, f.starts(fmt.Sprint(i)))
	}
}

func TestLateOnesFollowCatchUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		catchUp    model.CatchUp
		expression string
		late       time.Duration // of the first due time
		want       []int
		next       int // in minutes, as want
	}{
		{"in time", "none", "0 * * * *", 0, []int{0}, 60},
		{"a minute late", "none", "0 * * * *", time.Minute, []int{0}, 60},
		{"later", "none", "0 * * * *", time.Minute + time.Microsecond, []int{}, 60},
		{"the last minute counts", "none", "* * * * *", 10*time.Minute + time.Second, []int{10}, 11},
		{"to the second", "none", "* * * * *", 10 * time.Minute, []int{9, 10}, 11},
		{"years", "none", "* * * * *", 3 * 365 * 24 * time.Hour, []int{3*365*24*60 - 1, 3 * 365 * 24 * 60}, 3*365*24*60 + 1},
		{"the latest", "latest", "0 * * * *", 200 * time.Minute, []int{180}, 240},
		{"the latest, which is the first", "latest", "0 12 * * *", 20 * time.Hour, []int{0}, 24 * 60},
		{"the latest of many", "latest", "*/2 * * * *", 400*24*time.Hour + 90*time.Second, []int{400 * 24 * 60}, 400*24*60 + 2},
		{"the latest, in time", "latest", "* * * * *", 10*time.Minute + time.Second, []int{10}, 11},
		{"all", "all", "0 * * * *", 200 * time.Minute, []int{0, 60, 120, 180}, 240},
		{"all of many", "all", "* * * * *", 119 * time.Minute, numbers(120), 120},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			s := f.schedule("s", c.expression, func(s *model.Schedule) { s.CatchUp, s.MaxInstances = c.catchUp, 1000 })
			f.clock.set(s.NextRun.Add(c.late))
			f.start()
			f.passed()
			require.Equal(t, c.want, f.starts("s"))
			require.Equal(t, s.NextRun.Add(time.Duration(c.next)*time.Minute), f.load(s).NextRun)
		})
	}
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestDueTimesWithoutRoomAreSkipped(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*model.Schedule){
		"max_instances": func(s *model.Schedule) { s.MaxInstances = 1 },
		"overlap":       func(s *model.Schedule) { s.Overlap = "skip" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			s := f.schedule("s", "* * * * *", change)
			f.start()
			f.clock.forward(time.Minute)
			f.passed()
			first := f.load(s)
			require.Equal(t, "pending", *first.LastStatus)
			require.Equal(t, s.NextRun, first.LastRun)
			require.False(t, first.LastExecutionID.IsZero())
			f.clock.forward(time.Minute)
			f.passed()
			second := f.load(s)
			require.Equal(t, "skipped", *second.LastStatus)
			require.Contains(t, *second.LastError, name)
			require.Equal(t, first.LastRun.Add(time.Minute), second.LastRun)
			require.True(t, second.LastExecutionID.IsZero())
			f.exec("UPDATE starts SET unfinished = false")
			f.clock.forward(time.Minute)
			f.passed()
			third := f.load(s)
			require.Equal(t, "pending", *third.LastStatus)
			require.Nil(t, third.LastError)
			require.Equal(t, []int{0, 2}, f.starts("s"))
		})
	}
}

func TestCatchingUpWaitsForRoom(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.schedule("s", "0 * * * *", func(s *model.Schedule) { s.CatchUp, s.MaxInstances = "all", 2 })
	f.clock.set(s.NextRun.Add(200 * time.Minute))
	f.start()
	for want := 2; want <= 4; want++ {
		f.eventually(func() bool { return f.count() == want && (want == 4 || !f.load(s).HeldUntil.IsZero()) })
		f.exec("UPDATE starts SET unfinished = false WHERE due = (SELECT min(due) FROM starts WHERE unfinished)")
		f.clock.forward(2 * time.Second)
	}
	f.passed()
	require.Equal(t, []int{0, 60, 120, 180}, f.starts("s"))
}

func TestFunctionThatIsGone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.schedule("s", "* * * * *", func(s *model.Schedule) { s.CatchUp = "all" })
	require.NoError(t, f.db.DeleteFunction(t.Context(), tenant, "f"))
	c := f.start()
	f.clock.forward(10 * time.Minute)
	f.passed()
	gone := f.load(s)
	require.Equal(t, "skipped", *gone.LastStatus)
	require.Contains(t, *gone.LastError, `The function "f" was deleted`)
	_, err := c.Run(t.Context(), tenant, s.ID)
	require.Equal(t, model.CodeFunctionNotFound, model.CodeOf(err))
	_, err = f.db.CreateFunction(t.Context(), tenant, model.Function{Name: "f", Code: "x"}, nil, nil)
	require.NoError(t, err)
	f.clock.forward(time.Minute)
	f.passed()
	require.Equal(t, "pending", *f.load(s).LastStatus)
	require.Equal(t, []int{10}, f.starts("s"), "it goes on, and does not catch up")
}

func TestFunctionThatIsSwitchedOff(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.schedule("s", "* * * * *", func(s *model.Schedule) { s.CatchUp = "all" })
	turn := func(off bool) {
		_, err := f.db.UpdateFunction(t.Context(), tenant, "f", func(stored *model.Function) error {
			stored.Off = off
			return nil
		}, nil, nil, nil)
		require.NoError(t, err)
	}
	turn(true)
	c := f.start()
	f.clock.forward(10 * time.Minute)
	f.passed()
	off := f.load(s)
	require.True(t, off.FunctionOff)
	require.Equal(t, "skipped", *off.LastStatus)
	require.Contains(t, *off.LastError, `"f" is switched off`)
	_, err := c.Run(t.Context(), tenant, s.ID)
	require.Equal(t, model.CodeFunctionInactive, model.CodeOf(err))
	turn(false)
	f.clock.forward(time.Minute)
	f.passed()
	require.Equal(t, "pending", *f.load(s).LastStatus)
	require.Equal(t, []int{10}, f.starts("s"), "it goes on, and does not catch up")
}

func TestExpressionThatCanNoLongerBeRead(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.schedule("s", "* * * * *", func(s *model.Schedule) { s.Timezone = "Mars/Phobos" })
	f.clock.forward(time.Minute)
	f.start()
	f.passed()
	stopped := f.load(s)
	require.True(t, stopped.NextRun.IsZero())
	require.Contains(t, *stopped.LastError, "timezone is not an IANA time zone")
}

func TestFaultOfOneScheduleIsItsOwn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	bad, good := f.schedule("bad", "* * * * *"), f.schedule("good", "* * * * *")
	f.queue.fail("bad", errBroken)
	f.start()
	f.clock.forward(time.Minute)
	f.eventually(func() bool { return len(f.starts("good")) == 1 && !f.load(bad).HeldUntil.IsZero() })
	f.queue.fail("bad", model.NewError(model.CodeTooManyRequests, "Too many wait."))
	f.clock.forward(2 * time.Second)
	f.passed()
	require.Equal(t, "Too many wait.", *f.load(bad).LastError)
	f.queue.fail("bad", nil)
	f.clock.forward(time.Minute)
	f.passed()
	require.Equal(t, "pending", *f.load(bad).LastStatus)
	require.Equal(t, "pending", *f.load(good).LastStatus)
	require.Equal(t, []int{0, 1}, f.starts("good"))
	require.Equal(t, []int{1}, f.starts("bad"))
}

// A failed look-up of a function delays the schedules of that function only, and
// no row is locked during a look-up.
func TestAFunctionThatCantBeLookedUpHoldsItsScheduleOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.db.CreateFunction(t.Context(), tenant, model.Function{Name: "away", Code: "x"}, nil, nil)
	require.NoError(t, err)
	bad := f.schedule("bad", "* * * * *", func(s *model.Schedule) { s.FunctionName = "away" })
	good := f.schedule("good", "* * * * *")
	f.queue.plan(func(ctx context.Context, function string) error {
		if _, err := f.db.Pool().Exec(ctx, "SELECT 1 FROM scheduled_jobs FOR UPDATE NOWAIT"); err != nil {
			t.Errorf("something is locked: %v", err)
		}
		if function == "away" {
			return model.NewError(model.CodeUnavailable, "Not now.")
		}
		return nil
	})
	f.start()
	f.clock.forward(time.Minute)
	f.eventually(func() bool { return len(f.starts("good")) == 1 && !f.load(bad).HeldUntil.IsZero() })
	require.Equal(t, "pending", *f.load(good).LastStatus)
	require.Equal(t, bad.NextRun, f.load(bad).NextRun, "it stays due")
	f.queue.plan(nil)
	f.clock.forward(2 * time.Second)
	f.passed()
	require.Equal(t, []int{0}, f.starts("bad"))
}

// A schedule that is given another function between the look-up and the start
// runs that one.
func TestAScheduleGetsAnotherFunctionMeanwhile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.db.CreateFunction(t.Context(), tenant, model.Function{Name: "g", Code: "x"}, nil, nil)
	require.NoError(t, err)
	due, byHand := f.schedule("due", "* * * * *"), f.schedule("by hand", "@yearly")
	var mu sync.Mutex
	planned := map[string]int{}
	f.queue.plan(func(ctx context.Context, function string) error {
		mu.Lock()
		defer mu.Unlock()
		if planned[function]++; function == "f" {
			for _, s := range []model.Schedule{due, byHand} {
				_, err := f.db.UpdateSchedule(ctx, tenant, s.ID, func(s *model.Schedule) error { s.FunctionName = "g"; return nil })
				if err != nil {
					t.Errorf("change: %v", err)
				}
			}
		}
		return nil
	})
	c := f.cron()
	_, err = c.Run(t.Context(), tenant, byHand.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"f": 1, "g": 1}, planned)
	_, err = f.db.UpdateSchedule(t.Context(), tenant, due.ID, func(s *model.Schedule) error { s.FunctionName = "f"; return nil })
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	f.clock.forward(time.Minute)
	f.passed()
	require.Equal(t, []int{0}, f.starts("due"))
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]int{"f": 2, "g": 2}, planned)
}

// However much is to be caught up with, one transaction does a part of it, and
// each schedule has its share.
func TestOneTransactionStartsSoMany(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const schedules, times = 40, 30
	for i := range schedules {
		f.schedule(fmt.Sprint(i), "* * * * *", func(s *model.Schedule) { s.CatchUp, s.MaxInstances = "all", 1000 })
	}
	f.clock.set(base.Add(30*time.Second + (times-1)*time.Minute))
	c := scheduler.NewCron(scheduler.CronOptions{DB: f.db, Queue: f.queue, Log: testkit.Logger(t), Now: f.clock.Now})
	t.Cleanup(func() { stop(t, c) })
	require.NoError(t, c.Start(t.Context()))
	f.passed()
	require.Equal(t, schedules*times, f.count())
	var most, ofOne int
	require.NoError(t, f.db.Pool().QueryRow(t.Context(),
		"SELECT max(n) FROM (SELECT count(*) AS n FROM starts GROUP BY transaction) AS each").Scan(&most))
	require.NoError(t, f.db.Pool().QueryRow(t.Context(),
		"SELECT max(n) FROM (SELECT count(*) AS n FROM starts GROUP BY transaction, name) AS each").Scan(&ofOne))
	require.Equal(t, 200, most)
	require.Equal(t, 5, ofOne)
}

func TestChangeIsHeardOfAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	c := scheduler.NewCron(scheduler.CronOptions{DB: f.open(), Queue: f.queue, Log: testkit.Logger(t), Now: f.clock.Now})
	t.Cleanup(func() { stop(t, c) })
	wake := func(string) { c.Wake() }
	l := changes.New(f.open(), changes.Options{Handlers: map[repo.ChangeKind]func(string){repo.SchedulesChanged: wake}}, testkit.Logger(t))
	require.NoError(t, l.Start(t.Context()))
	t.Cleanup(func() { stop(t, l) })
	require.NoError(t, c.Start(t.Context()))
	f.schedule("s", "* * * * *", func(s *model.Schedule) { s.NextRun = base }) // by another server
	f.eventually(func() bool { return f.count() == 1 })
}

func TestRunNow(t *testing.T) {
	t.Parallel()
	f := setup(t)
	c := f.cron()
	s := f.schedule("s", "* * * * *", func(s *model.Schedule) { s.IsActive, s.Overlap = false, "skip" })
	id, err := c.Run(t.Context(), tenant, s.ID)
	require.NoError(t, err)
	loaded := f.load(s)
	require.Equal(t, id, loaded.LastExecutionID)
	require.Equal(t, base, loaded.LastRun)
	require.Equal(t, s.NextRun, loaded.NextRun)
	_, err = c.Run(t.Context(), "another", s.ID)
	require.Equal(t, model.CodeScheduleNotFound, model.CodeOf(err))
	require.Equal(t, 1, f.count())
}

func TestCronStartsAndStopsInAnyOrder(t *testing.T) {
	t.Parallel()
	f := setup(t)
	servicetest.Stress(t, func(*testing.T) service.Service { return f.cron() })
}

func TestCronStartsSchedulesAfterARestart(t *testing.T) {
	t.Parallel()
	f := setup(t)
	c := f.cron()
	require.False(t, c.Running())
	for range 3 {
		require.NoError(t, c.Start(t.Context()))
		require.True(t, c.Running())
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { stop(t, c) })
			all.Go(c.Wake)
		}
		all.Wait()
		require.False(t, c.Running())
	}
	f.schedule("s", "* * * * *")
	f.clock.forward(time.Minute)
	require.NoError(t, c.Start(t.Context()))
	f.passed()
	require.Equal(t, []int{0}, f.starts("s"))
}
