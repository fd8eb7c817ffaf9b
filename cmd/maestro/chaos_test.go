package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

// chaos is how long TestChaos goes on and how many runs it has: a short form by
// itself, the long one with make chaos.
func chaos(t *testing.T) (length time.Duration, runs int) {
	t.Helper()
	length, runs = 15*time.Second, 300
	if text := os.Getenv("CHAOS_SECONDS"); text != "" {
		seconds, err := strconv.Atoi(text)
		require.NoError(t, err)
		length, runs = time.Duration(seconds)*time.Second, 2000
	}
	return length, runs
}

// begun is what functions have told of their beginning, by execution and
// attempt: a side effect, which no transaction takes back.
type begun struct {
	server *httptest.Server
	mu     sync.Mutex
	times  map[string]map[int]int // guarded by mu; execution → attempt → how often
}

func newBegun(t *testing.T) *begun {
	b := &begun{times: map[string]map[int]int{}}
	b.server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		attempt, err := strconv.Atoi(r.URL.Query().Get("attempt"))
		if err != nil {
			return
		}
		id := r.URL.Query().Get("id")
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.times[id] == nil {
			b.times[id] = map[int]int{}
		}
		b.times[id][attempt]++
	}))
	t.Cleanup(b.server.Close)
	return b
}

// count is how many executions have begun.
func (b *begun) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.times)
}

// function is one that tells of its beginning, takes some time, and may fail
// at its first attempt.
func (b *begun) function(name string) string {
	return fmt.Sprintf(`
import maestro, time, urllib.request

def %s(input):
    context = maestro.context()
    urllib.request.urlopen("%s/?id=" + str(context.execution_id) + "&attempt=" + str(context.attempt)).read()
    time.sleep(input.get("ms", 0) / 1000)
    if input.get("fails") and context.attempt == 1:
        raise ConnectionError("as it was asked to")
    return context.attempt
`, name, b.server.URL)
}

// fleet is three servers on one database, some of which may be away.
type fleet struct {
	t      *testing.T
	dirs   []string
	env    []string
	python string
	token  string // of the subtenant acme

	mu      sync.Mutex
	servers []*program // guarded by mu; nil while away
}

func newFleet(t *testing.T, size int, env ...string) *fleet {
	f := &fleet{t: t, python: testkit.KitHome(t), env: append([]string{
		"DATABASE_URL=" + testkit.DatabaseURL(t), "SECRET_KEY=" + strings.Repeat("k", 40), "CENSUS_JWT_SECRET=" + jwtSecret,
	}, env...)}
	for range size {
		f.dirs = append(f.dirs, testkit.DataDir(t))
	}
	for i := range size {
		f.servers = append(f.servers, launch(t, f.dirs[i], f.env...))
	}
	f.token = f.servers[0].client(t, "acme").token
	t.Cleanup(func() {
		for _, p := range f.servers {
			if p != nil {
				p.stop(t)
			}
		}
	})
	return f
}

// disturb ends one server, by force or not, and starts it again on its folder.
func (f *fleet) disturb() (how string, err error) {
	f.mu.Lock()
	at := rand.IntN(len(f.servers))
	p := f.servers[at]
	f.servers[at] = nil
	f.mu.Unlock()
	signal := syscall.SIGTERM
	if rand.IntN(2) == 0 {
		signal = syscall.SIGKILL
	}
	if err := p.cmd.Process.Signal(signal); err != nil {
		return "", err
	}
	<-p.done
	if signal == syscall.SIGTERM && p.err != nil {
		return "", fmt.Errorf("a server that was stopped: %w\n%s", p.err, p.said())
	}
	again, err := begin(commandOf(f.python, f.dirs[at], f.env, "serve"))
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.servers[at] = again
	return signal.String(), nil
}

// ask sends a request to some server until one answers as if it were well.
func (f *fleet) ask(method, path string, body any) map[string]any {
	text, err := json.Marshal(body)
	if err != nil {
		f.t.Error(err)
		return nil
	}
	for try := 0; try < 400; try++ {
		f.mu.Lock()
		p := f.servers[rand.IntN(len(f.servers))]
		f.mu.Unlock()
		if p != nil {
			request, err := http.NewRequest(method, p.url+path, strings.NewReader(string(text)))
			if err != nil {
				f.t.Error(err)
				return nil
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Authorization", "Bearer "+f.token)
			if answer, err := http.DefaultClient.Do(request); err == nil {
				var said map[string]any
				err = json.NewDecoder(answer.Body).Decode(&said)
				_ = answer.Body.Close()
				if err == nil && answer.StatusCode < 300 {
					return said
				}
				if answer.StatusCode < 500 && answer.StatusCode != http.StatusConflict {
					f.t.Errorf("%s %s: %d %v", method, path, answer.StatusCode, said)
					return nil
				}
			}
		}
		time.Sleep(50 * time.Millisecond) // until another one is there
	}
	f.t.Errorf("%s %s: no server has answered", method, path)
	return nil
}

// Three servers, of which one after the other is killed or stopped while runs
// are due: each attempt is begun once at most, none is missing, and what a dead
// server was doing is recorded as crashed and done again where the policy says
// so.
func TestChaos(t *testing.T) {
	t.Parallel()
	length, runs := chaos(t)
	b := newBegun(t)
	clock := newWall(t)
	f := newFleet(t, 3, clock.variable())
	policy := map[string]any{"max_attempts": 50, "backoff_seconds": 0.2, "max_backoff_seconds": 1}
	c := f.servers[0].client(t, "acme")
	c.define("once", b.function("once"))
	c.define("again", b.function("again"), "retry", policy)
	c.define("parent", strings.Replace(b.function("parent"), "    return", `    return str(maestro.spawn("again", {"ms": 5})) or`, 1))
	var schedules []string
	before := clock.now()
	for i := range 10 {
		r := c.send("POST", "/api/v1/schedules", map[string]any{
			"name": fmt.Sprintf("every minute %d", i), "function_name": "again", "cron_expression": "* * * * *", "input_data": map[string]any{"ms": 20},
			"retry": policy, "max_instances": 100, "catch_up": "all",
		})
		require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
		schedules = append(schedules, r.json(t)["id"].(string))
	}
	r := c.send("POST", "/api/v1/schedules", map[string]any{
		"name": "by hand", "function_name": "again", "cron_expression": "0 0 1 1 *", "input_data": map[string]any{"ms": 20}, "retry": policy,
	})
	require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
	byHand := r.json(t)["id"].(string)
	began, made := time.Now(), clock.now()

	end := make(chan struct{})
	var disturbing sync.WaitGroup
	signals := map[string]int{}
	disturbing.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-time.After(time.Duration(rand.IntN(int(time.Second)))):
			}
			how, err := f.disturb()
			if err != nil {
				t.Errorf("disturb: %v", err)
				return
			}
			signals[how]++
		}
	})
	// The servers' minutes are short: each schedule is due again and again.
	disturbing.Go(func() {
		for ahead := time.Minute; ; ahead += time.Minute {
			select {
			case <-end:
				return
			case <-time.After(minuteLength):
			}
			if err := clock.set(ahead); err != nil {
				t.Errorf("set the clock: %v", err)
				return
			}
		}
	})
	var accepted []string
	byKey := map[string]string{} // executions by their keys
	var mu sync.Mutex            // guards accepted and byKey
	var asking sync.WaitGroup
	for worker := range 8 {
		asking.Go(func() {
			for i := worker; i < runs; i += 8 {
				time.Sleep(time.Until(began.Add(length * time.Duration(i) / time.Duration(runs)))) // they are due over the whole time
				var said map[string]any
				key := ""
				if i%10 == 9 {
					// Without a key a repeat may start it twice: each is a run of its own.
					said = f.ask("POST", "/api/v1/schedules/"+byHand+"/run", map[string]any{})
				} else {
					key = fmt.Sprint("run-", i)
					said = f.ask("POST", "/api/v1/executions", map[string]any{
						"function_name": []string{"once", "again", "again", "parent"}[i%4], "mode": "async", "idempotency_key": key,
						"input_data": map[string]any{"ms": rand.IntN(300), "fails": i%7 == 0},
					})
				}
				if id, ok := said["execution_id"].(string); ok {
					mu.Lock()
					accepted = append(accepted, id)
					if key != "" {
						byKey[key] = id
					}
					mu.Unlock()
				}
			}
		})
	}
	asking.Wait()
	close(end)
	disturbing.Wait()
	require.Len(t, accepted, runs)
	ended := clock.now()
	db, err := repo.Open(t.Context(), strings.TrimPrefix(f.env[0], "DATABASE_URL="), repo.Options{Name: "chaos", Log: testkit.Logger(t)})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	require.Eventually(t, func() bool {
		var late int
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM scheduled_jobs WHERE next_run <= $1", ended).Scan(&late))
		return late == 0
	}, time.Minute, 50*time.Millisecond, "a due time was not started")
	for _, id := range schedules {
		f.ask("PUT", "/api/v1/schedules/"+id, map[string]any{"is_active": false})
	}
	off := clock.now()

	open := func() (n int) {
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM executions WHERE status IN ('pending', 'running')").Scan(&n))
		return n
	}
	require.Eventually(t, func() bool { return open() == 0 }, 3*time.Minute, 200*time.Millisecond, "nothing is forgotten")

	rows, err := db.Pool().Query(t.Context(), "SELECT id::text, function_name, status, attempt, trigger_type, COALESCE(error_type, '') FROM executions")
	require.NoError(t, err)
	counts, seen, manual := map[string]int{}, map[string]bool{}, 0
	b.mu.Lock()
	defer b.mu.Unlock()
	for rows.Next() {
		var id, function, status, trigger, class string
		var attempt int
		require.NoError(t, rows.Scan(&id, &function, &status, &attempt, &trigger, &class))
		seen[id] = true
		counts[function+" "+status]++
		if trigger == string(model.TriggerManual) {
			manual++
		}
		begins := b.times[id]
		for n, times := range begins {
			require.Equal(t, 1, times, "attempt %d of %s of %s was begun more than once", n, id, function)
			require.LessOrEqual(t, n, attempt, "an attempt that is not on record")
		}
		switch {
		case status == string(model.StatusCompleted):
			require.Equal(t, 1, begins[attempt], "%s of %s is completed", id, function)
		case status == string(model.StatusCrashed):
			require.NotEqual(t, "again", function, "its policy says that it is done again")
		default:
			require.Equal(t, string(model.StatusFailed), status)
			require.Equal(t, "ConnectionError", class, "%s of %s", id, function)
			require.NotEqual(t, "again", function, "its policy says that it is done again")
		}
	}
	require.NoError(t, rows.Err())
	for _, id := range accepted {
		require.True(t, seen[id], "%s was accepted and is gone", id)
	}
	for id := range b.times {
		require.True(t, seen[id], "%s was begun and is not on record", id)
	}
	keyed := map[string]bool{}
	for _, id := range byKey {
		keyed[id] = true
	}
	require.Len(t, keyed, len(byKey), "each key has an execution of its own")
	require.Equal(t, len(byKey), manual, "and no other")
	due := 0
	for _, id := range schedules {
		var started int
		require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM executions WHERE trigger_id = $1::uuid", id).Scan(&started))
		require.GreaterOrEqual(t, started, minutesBetween(made, ended), "a due time of %s was not started", id)
		require.LessOrEqual(t, started, minutesBetween(before, off), "a due time of %s was started twice", id)
		due += started
	}
	require.Positive(t, due)
	t.Logf("%v: %d runs accepted, %d due times of %d schedules, %v; disturbed %v", length, len(accepted), due, len(schedules), counts, signals)
}

// minuteLength is how long a minute of TestChaos takes.
const minuteLength = 3 * time.Second

// minutesBetween is how many minutes begin after one moment, up to another.
func minutesBetween(after, until time.Time) (n int) {
	for minute := after.Truncate(time.Minute).Add(time.Minute); !minute.After(until); minute = minute.Add(time.Minute) {
		n++
	}
	return n
}
