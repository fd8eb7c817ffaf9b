package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/postgres"
	"maestro/internal/testkit"
	"maestro/repo"
)

// Variables by which a test gives the servers that it starts another patience,
// in seconds, and another wall clock: a file that holds how far it is ahead.
const (
	silenceVariable = "MAESTRO_TEST_SILENCE"
	leaseVariable   = "MAESTRO_TEST_LEASE"
	clockVariable   = "MAESTRO_TEST_CLOCK"
	graceVariable   = "MAESTRO_TEST_GRACE"
)

func (tm *timing) setByVariables() {
	if seconds, err := strconv.ParseFloat(os.Getenv(silenceVariable), 64); err == nil {
		tm.silence = time.Duration(seconds * float64(time.Second))
	}
	if seconds, err := strconv.ParseFloat(os.Getenv(leaseVariable), 64); err == nil {
		tm.keyLease = time.Duration(seconds * float64(time.Second))
	}
	if seconds, err := strconv.ParseFloat(os.Getenv(graceVariable), 64); err == nil {
		tm.grace = time.Duration(seconds * float64(time.Second))
	}
	if path := os.Getenv(clockVariable); path != "" {
		tm.now = func() time.Time {
			text, err := os.ReadFile(path)
			if err != nil {
				return time.Now()
			}
			ahead, _ := time.ParseDuration(strings.TrimSpace(string(text)))
			return time.Now().Add(ahead)
		}
	}
}

// outcomes are the states and attempts of all executions, by id.
func outcomes(t *testing.T, db *repo.DB) map[string]string {
	t.Helper()
	rows, err := db.Pool().Query(t.Context(), "SELECT id::text, status || ' ' || attempt FROM executions")
	require.NoError(t, err)
	all := map[string]string{}
	for rows.Next() {
		var id, outcome string
		require.NoError(t, rows.Scan(&id, &outcome))
		all[id] = outcome
	}
	require.NoError(t, rows.Err())
	return all
}

func finished(all map[string]string) bool {
	for _, outcome := range all {
		if strings.HasPrefix(outcome, "pending") || strings.HasPrefix(outcome, "running") {
			return false
		}
	}
	return true
}

// onceEach wants each attempt to have been begun once, and every run completed.
func (b *begun) onceEach(t *testing.T, all map[string]string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, outcome := range all {
		require.True(t, strings.HasPrefix(outcome, "completed"), "%s is %s", id, outcome)
		for attempt, times := range b.times[id] {
			require.Equal(t, 1, times, "attempt %d of %s", attempt, id)
		}
		require.NotEmpty(t, b.times[id])
	}
}

// A server that is paused for less than the silence goes on with its runs; one
// that is paused for longer loses them, and what it says afterwards is refused.
func TestAPausedServer(t *testing.T) {
	t.Parallel()
	b := newBegun(t)
	url := testkit.DatabaseURL(t)
	clock := newWall(t)
	env := []string{
		"DATABASE_URL=" + url, "SECRET_KEY=" + strings.Repeat("k", 40), "CENSUS_JWT_SECRET=" + jwtSecret, silenceVariable + "=4", clock.variable(),
	}
	paused, other := start(t, testkit.DataDir(t), env...), start(t, testkit.DataDir(t), env...)
	server := paused.server(t)
	c := other.client(t, "acme")
	c.define("again", b.function("again"), "retry", map[string]any{"max_attempts": 5, "backoff_seconds": 0.1})
	db, err := repo.Open(t.Context(), url, repo.Options{Name: "pause", Log: testkit.Logger(t)})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	submit := func(n, ms int) {
		for range n {
			r := c.send("POST", "/api/v1/executions", map[string]any{"function_name": "again", "mode": "async", "input_data": map[string]any{"ms": ms}})
			require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
		}
	}
	busy := func() (n int) { // on the server that is to be paused
		require.NoError(t, db.Pool().QueryRow(t.Context(),
			`SELECT count(*) FROM queued_runs q JOIN servers s ON s.id = q.server WHERE s.name LIKE '%process ' || $1`,
			strconv.Itoa(server)).Scan(&n))
		return n
	}
	begin := func() {
		for try := 0; busy() == 0; try++ {
			require.Less(t, try, 100, "the server that is to be paused gets no run")
			submit(10, 1500)
			time.Sleep(20 * time.Millisecond) // River fetches in a moment
		}
	}

	// Schedules that are due once an hour, by a clock that is put to that minute.
	minute := time.Now().Add(30 * time.Minute).Truncate(time.Minute)
	var schedules []string
	for i := range 3 {
		r := c.send("POST", "/api/v1/schedules", map[string]any{
			"name": fmt.Sprint("hourly ", i), "function_name": "again", "cron_expression": fmt.Sprint(minute.Minute(), " * * * *"), "max_instances": 100,
		})
		require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
		schedules = append(schedules, r.json(t)["id"].(string))
	}
	startedOnce := func(dueTimes int) bool {
		for _, id := range schedules {
			var started int
			require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM executions WHERE trigger_id = $1::uuid", id).Scan(&started))
			require.LessOrEqual(t, started, dueTimes, "a due time of %s was started twice", id)
			if started < dueTimes {
				return false
			}
		}
		return true
	}
	due := 0
	comeDue := func() {
		due++
		require.NoError(t, clock.set(time.Until(minute)))
		minute = minute.Add(time.Hour)
		require.Eventually(t, func() bool { return startedOnce(due) }, time.Minute, 20*time.Millisecond, "a due time was not started")
	}

	comeDue()
	begin()
	require.NoError(t, syscall.Kill(server, syscall.SIGSTOP))
	time.Sleep(time.Second) // the pause itself
	require.NoError(t, syscall.Kill(server, syscall.SIGCONT))
	require.Eventually(t, func() bool { return finished(outcomes(t, db)) }, time.Minute, 50*time.Millisecond)
	all := outcomes(t, db)
	b.onceEach(t, all)
	for id, outcome := range all {
		require.Equal(t, "completed 1", outcome, id)
	}

	begin()
	require.NoError(t, syscall.Kill(server, syscall.SIGSTOP))
	comeDue() // before and after it is declared gone
	comeDue()
	require.Eventually(t, func() bool { return finished(outcomes(t, db)) }, time.Minute, 50*time.Millisecond, "the other one does them again")
	all = outcomes(t, db)
	b.onceEach(t, all)
	again := 0
	for _, outcome := range all {
		if outcome != "completed 1" {
			again++
		}
	}
	require.Positive(t, again)
	require.NoError(t, syscall.Kill(server, syscall.SIGCONT))
	require.Eventually(t, func() bool { return strings.Contains(paused.said(), "the server serves again") }, time.Minute, 10*time.Millisecond,
		"a server that was declared gone finds out, ends, and is started again")
	require.Contains(t, paused.said(), "declared this one gone")
	require.NotEqual(t, server, paused.server(t))
	require.Equal(t, all, outcomes(t, db), "its late results are refused, and it starts nothing that was started")
	b.onceEach(t, all)
	require.True(t, startedOnce(due))
}

// PostgreSQL is killed and comes back while runs are due.
func TestTheDatabaseIsRestarted(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	server, err := postgres.Start(t.Context(), postgres.Options{DataDir: dir, Log: testkit.Logger(t)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop(t.Context()) })
	b := newBegun(t)
	f := &fleet{t: t, env: []string{"DATABASE_URL=" + server.URL(), "SECRET_KEY=" + strings.Repeat("k", 40), "CENSUS_JWT_SECRET=" + jwtSecret}}
	for range 2 {
		f.servers = append(f.servers, start(t, testkit.DataDir(t), f.env...))
	}
	f.token = f.servers[0].client(t, "acme").token
	f.servers[0].client(t, "acme").define("again", b.function("again"), "retry", map[string]any{"max_attempts": 5, "backoff_seconds": 0.1})
	const runs = 120
	var asking sync.WaitGroup
	for worker := range 4 {
		asking.Go(func() {
			for i := worker; i < runs; i += 4 {
				f.ask("POST", "/api/v1/executions", map[string]any{
					"function_name": "again", "mode": "async", "idempotency_key": fmt.Sprint("run-", i), "input_data": map[string]any{"ms": 100, "fails": i%5 == 0},
				})
				time.Sleep(100 * time.Millisecond) // over some seconds
			}
		})
	}
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} { // SIGINT: PostgreSQL's fast shutdown
		time.Sleep(time.Second)
		require.NoError(t, syscall.Kill(postmaster(t, dir), signal))
	}
	asking.Wait()
	db, err := repo.Open(t.Context(), server.URL(), repo.Options{Name: "restart", Wait: 30 * time.Second, Log: testkit.Logger(t)})
	require.NoError(t, err)
	defer db.Close()
	require.Eventually(t, func() bool { return finished(outcomes(t, db)) }, time.Minute, 100*time.Millisecond)
	all := outcomes(t, db)
	require.Len(t, all, runs, "each was accepted once, however often it was asked for")
	b.onceEach(t, all)
}

// postmaster is the process of the PostgreSQL of a data folder.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	var pid int
	require.Eventually(t, func() bool {
		found, err := filepath.Glob(filepath.Join(dir, "*", "*", "postmaster.pid"))
		if one, _ := filepath.Glob(filepath.Join(dir, "*", "postmaster.pid")); err != nil || len(found)+len(one) == 0 {
			return false
		} else {
			found = append(found, one...)
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			return false
		}
		first, _, _ := strings.Cut(string(text), "\n")
		pid, err = strconv.Atoi(strings.TrimSpace(first))
		return err == nil && syscall.Kill(pid, 0) == nil
	}, 30*time.Second, 50*time.Millisecond)
	return pid
}

// The clocks of both servers are put forward an hour, and back.
func TestTheClockIsChanged(t *testing.T) {
	t.Parallel()
	clock := newWall(t)
	set := func(ahead time.Duration) { require.NoError(t, clock.set(ahead)) }
	// Every ten minutes, five minutes away from now: an hour has six of them, and
	// the time of the test none.
	began := time.Now().Truncate(time.Minute)
	var minutes []string
	for i := range 6 {
		minutes = append(minutes, strconv.Itoa((began.Minute()+5+10*i)%60))
	}
	expression := strings.Join(minutes, ",") + " * * * *"
	one, two := twoServers(t, "CENSUS_JWT_SECRET="+jwtSecret, clock.variable())
	c := one.client(t, "acme")
	c.define("f", "def f(input):\n    return 1\n")
	schedule := func(name, expression, catchUp string) string {
		r := c.send("POST", "/api/v1/schedules", map[string]any{
			"name": name, "function_name": "f", "cron_expression": expression, "catch_up": catchUp, "max_instances": 100,
		})
		require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
		return r.json(t)["id"].(string)
	}
	none, latest, all := schedule("none", expression, "none"), schedule("latest", expression, "latest"), schedule("all", expression, "all")
	count := func(id string) int {
		var found []map[string]any
		require.NoError(t, two.client(t, "acme").send("GET", "/api/v1/executions?limit=1000&trigger_id="+id, nil).into(&found))
		return len(found)
	}
	runs := func() [3]int { return [3]int{count(none), count(latest), count(all)} }

	require.Equal(t, [3]int{0, 0, 0}, runs())
	set(time.Hour)
	require.Eventually(t, func() bool { return runs() == [3]int{0, 1, 6} }, time.Minute, 100*time.Millisecond, "missed due times follow catch_up")
	set(0)
	// That the clock went back is noticed within seconds: a schedule that is due
	// then is started, and nothing that was started before.
	probe := schedule("probe", "* * * * *", "none")
	set(time.Minute)
	// Once for each minute that begins meanwhile.
	require.Eventually(t, func() bool { return count(probe) > 0 }, time.Minute, 100*time.Millisecond)
	require.Equal(t, [3]int{0, 1, 6}, runs())
	// The next one is due five minutes after that hour.
	set(time.Until(began.Add(time.Hour + 5*time.Minute + 20*time.Second)))
	require.Eventually(t, func() bool { return runs() == [3]int{1, 2, 7} }, time.Minute, 100*time.Millisecond, "up to a minute late each is started")
}
