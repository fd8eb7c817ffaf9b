package metrics

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"maestro/embed"
	"maestro/internal/model"
	"maestro/repo"
)

func TestNamesByPrometheusConventions(t *testing.T) {
	t.Parallel()
	problems, err := promlint.New(bytes.NewReader(scrapeText(t, complete(t)))).Lint()
	require.NoError(t, err)
	for _, problem := range problems {
		if strings.HasPrefix(problem.Metric, "maestro_") {
			t.Errorf("%s: %s", problem.Metric, problem.Text)
		}
	}
}

func TestEveryDefinitionIsServed(t *testing.T) {
	t.Parallel()
	m := complete(t)
	families := scrape(t, m)
	for _, d := range m.Definitions() {
		family := families[d.Name]
		require.NotNil(t, family, d.Name)
		require.Equal(t, d.Help, family.GetHelp())
		require.Equal(t, string(d.Kind), strings.ToLower(family.GetType().String()), d.Name)
		require.True(t, strings.HasSuffix(d.Help, ".") && strings.Count(d.Help, ". ") == 0, "%s: one sentence", d.Name)
		var labels []string
		for _, pair := range family.Metric[0].Label {
			labels = append(labels, pair.GetName())
		}
		require.ElementsMatch(t, d.Labels, labels, d.Name)
		delete(families, d.Name)
	}
	for name := range families {
		require.Regexp(t, "^(go|process)_", name, "a metric without a definition")
	}
}

func TestCountsOfConcurrentRuns(t *testing.T) {
	t.Parallel()
	m := New(Options{Subtenants: []string{"acme-"}, Functions: []string{"*"}, Log: silent})
	const goroutines, rounds = 16, 500
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			named, unnamed := m.Of("acme-eu", "f"), m.Of("initech", "f")
			for range rounds {
				named.Ended(model.TriggerWebhook, model.StatusCompleted, 2*time.Millisecond, false)
				named.Ended(model.TriggerSpawn, model.StatusFailed, time.Second, true)
				unnamed.Ended(model.TriggerSchedule, model.StatusTimedOut, time.Minute, false)
				unnamed.Unbegun(model.TriggerManual, model.StatusCancelled)
				named.StepEnded(model.StatusCompleted)
				named.Accepted(model.TriggerSpawn)
				named.Waited(model.TriggerSpawn, -time.Second)
			}
		})
	}
	for range 4 {
		all.Go(func() { scrape(t, m) })
	}
	all.Wait()
	const n = float64(goroutines * rounds)
	families := scrape(t, m)
	executions := families["maestro_executions_total"]
	require.Equal(t, n, value(t, executions, "trigger", "webhook", "status", "completed"))
	require.Equal(t, n, value(t, executions, "trigger", "schedule", "status", "timed_out"))
	require.Equal(t, n, value(t, executions, "trigger", "manual", "status", "cancelled"))
	require.Zero(t, value(t, executions, "trigger", "spawn", "status", "failed"), "another attempt follows")
	require.Equal(t, n, value(t, families["maestro_execution_retries_total"], "trigger", "spawn"))
	require.Equal(t, n, value(t, families["maestro_execution_duration_seconds"], "trigger", "spawn"))
	require.Equal(t, n, value(t, families["maestro_execution_steps_total"], "status", "completed"))
	require.Equal(t, n, value(t, families["maestro_queue_accepted_total"], "trigger", "spawn"))
	require.Equal(t, n, value(t, families["maestro_queue_wait_seconds"], "trigger", "spawn"))
	named := families["maestro_function_executions_total"]
	require.Equal(t, n, value(t, named, "subtenant", "acme-eu", "function", "f", "status", "completed"))
	require.Equal(t, n, value(t, named, "subtenant", "other", "function", "f", "status", "cancelled"))
	require.Equal(t, 2*n, value(t, families["maestro_function_duration_seconds"], "subtenant", "acme-eu", "function", "f"))
}

// Each trigger and status has a place of its own, or one would be counted as
// another.
func TestPlacesOfTriggersAndStatuses(t *testing.T) {
	t.Parallel()
	require.Len(t, triggers, triggerCount)
	for i, trigger := range triggers {
		require.Equal(t, i, triggerIndex(trigger))
	}
	final := 0
	for _, status := range model.Statuses {
		if status.Final() {
			require.Equal(t, status, statuses[statusIndex(status)])
			final++
		}
	}
	require.Equal(t, statusCount, final)
}

func TestSeriesOfManySubtenants(t *testing.T) {
	t.Parallel()
	unnamed := New(Options{Log: silent})
	before := len(scrapeText(t, unnamed))
	named := New(Options{Subtenants: []string{"*"}, Functions: []string{"*"}, Log: silent})
	for i := range 10_000 {
		tenant := "tenant-" + strconv.Itoa(i)
		unnamed.Of(tenant, "f").Ended(model.TriggerWebhook, model.StatusCompleted, time.Millisecond, false)
		named.Of(tenant, "f").Ended(model.TriggerWebhook, model.StatusCompleted, time.Millisecond, false)
	}
	require.InDelta(t, before, len(scrapeText(t, unnamed)), 4000)
	require.Nil(t, scrape(t, unnamed)["maestro_function_executions_total"])
	families := scrape(t, named)
	executions := families["maestro_function_executions_total"]
	require.Equal(t, statusCount*(mostFunctions+1), series(executions))
	require.Equal(t, float64(10_000-mostFunctions), value(t, executions, "subtenant", "other", "function", "other", "status", "completed"))
	require.Equal(t, 1.0, value(t, executions, "subtenant", "tenant-0", "function", "f", "status", "completed"))
	require.Less(t, series(executions)+series(families["maestro_function_duration_seconds"]), 20_000)
}

func TestPermittedLabels(t *testing.T) {
	t.Parallel()
	require.Equal(t, "acme-eu", label("acme-eu", []string{"initech", "acme-"}))
	require.Equal(t, "other", label("acme", []string{"acme-"}))
	require.Equal(t, "other", label("acme", nil))
	require.Equal(t, "acme", label("acme", []string{"*"}))
	b := bound{functions: []string{"invoice"}, log: silent, places: map[place]bool{}}
	require.Equal(t, place{"other", "invoice_pay"}, b.of("acme", "invoice_pay"))
	require.Equal(t, place{"other", "other"}, b.of("acme", "hello"))
}

func TestRequestsByRoute(t *testing.T) {
	t.Parallel()
	m := New(Options{Log: silent})
	count := m.Route("GET", "/api/v1/functions/{name}")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				count(200, time.Millisecond)
				count(404, time.Millisecond)
				count(0, time.Millisecond)   // no status that HTTP knows
				count(999, time.Millisecond) // no class that HTTP knows
			}
		})
	}
	all.Wait()
	families := scrape(t, m)
	for class, n := range map[string]float64{"1xx": 800, "2xx": 800, "4xx": 800, "5xx": 800} {
		require.Equal(t, n, value(t, families["maestro_http_requests_total"], "status", class))
	}
	require.Equal(t, 3200.0, value(t, families["maestro_http_request_duration_seconds"], "route", "/api/v1/functions/{name}"))
}

func TestDatabaseIsAskedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		d := &measured{log: silent, ask: func(context.Context) (repo.Measurement, error) {
			time.Sleep(100 * time.Millisecond)
			return repo.Measurement{Servers: asked.Add(1)}, nil
		}}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				got, _ := d.read()
				require.Equal(t, int64(1), got.Servers)
				require.True(t, got.up)
			})
		}
		all.Wait()
		time.Sleep(4 * time.Second)
		got, _ := d.read()
		require.Equal(t, int64(1), got.Servers, "the previous one")
		time.Sleep(2 * time.Second)
		got, _ = d.read()
		require.Equal(t, int64(2), got.Servers)
	})
}

// A scrape gets the latest figures without a long wait while PostgreSQL does not
// answer.
func TestScrapesWithoutADatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer := error(nil)
		d := &measured{log: silent, ask: func(ctx context.Context) (repo.Measurement, error) {
			if answer == nil {
				return repo.Measurement{Servers: 1}, nil
			}
			<-ctx.Done()
			return repo.Measurement{}, answer
		}}
		got, _ := d.read()
		require.Equal(t, state{repo.Measurement{Servers: 1}, true, true}, got)
		answer = errors.New("the database is away")
		time.Sleep(10 * time.Second)
		begun := time.Now()
		got, _ = d.read()
		require.Equal(t, measureWait, time.Since(begun))
		require.True(t, got.known && got.up, "it is not known yet that it is away")
		time.Sleep(measurePatience)
		got, _ = d.read()
		require.True(t, got.known && !got.up)
		time.Sleep(measureKeep)
		got, _ = d.read()
		require.False(t, got.known || got.up)
		time.Sleep(measurePatience)
	})
}

func TestAPanicOfOneSource(t *testing.T) {
	t.Parallel()
	from := idle()
	from.Python = func() embed.Stats { panic("a fault") }
	m := New(Options{Log: silent})
	m.Read(from)
	families := scrape(t, m)
	require.Nil(t, families["maestro_python_tasks"])
	require.Equal(t, 1.0, value(t, families["maestro_ready"]))
}

// BenchmarkRunMeter is the cost of counting one run and of one step.
func BenchmarkRunMeter(b *testing.B) {
	for name, options := range map[string]Options{"without labels": {Log: silent}, "with labels": {Subtenants: []string{"*"}, Functions: []string{"*"}, Log: silent}} {
		b.Run("run "+name, func(b *testing.B) {
			meter := New(options).Of("acme", "f")
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					meter.Ended(model.TriggerWebhook, model.StatusCompleted, 3*time.Millisecond, false)
				}
			})
		})
	}
	b.Run("step", func(b *testing.B) {
		meter := New(Options{Log: silent}).Of("acme", "f")
		b.ReportAllocs()
		for b.Loop() {
			meter.StepEnded(model.StatusCompleted)
		}
	})
	b.Run("request", func(b *testing.B) {
		count := New(Options{Log: silent}).Route("GET", "/livez")
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				count(200, 3*time.Millisecond)
			}
		})
	})
}
