package tracing

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
)

func TestLifeCycleOfATracer(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	servicetest.Stress(t, func(*testing.T) service.Service {
		return New(Options{Endpoint: s.url, Log: slog.New(slog.DiscardHandler)})
	})
}

// answering makes a tracer whose requests r answers.
func answering(t *testing.T, r http.RoundTripper) *Tracer {
	t.Helper()
	tracer := New(Options{Endpoint: "http://collector/v1/traces", Log: slog.New(slog.DiscardHandler)})
	tracer.sender.client.Transport = r
	require.NoError(t, tracer.Start(t.Context()))
	return tracer
}

// trace gives a tracer the spans of n runs.
func trace(tracer *Tracer, n int) {
	for range n {
		tracer.Run(tracer.Begin(""), model.TracedRun{Function: "f", TracedEnd: ended(model.StatusCompleted)})
	}
}

// fills is a number of such spans that is more than one batch and less than two.
const fills = 800

func TestWaitOfSpans(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &replies{statuses: []int{200}}
		tracer := answering(t, r)
		began := time.Now()
		trace(tracer, fills)
		synctest.Wait()
		require.Len(t, r.came, 1, "a full batch does not wait")
		require.Equal(t, began, r.came[0])
		sent := tracer.Stats().Sent
		require.Greater(t, sent, uint64(fills/2))
		time.Sleep(longestWait)
		synctest.Wait()
		require.Len(t, r.came, 2, "the rest waits for more")
		require.Equal(t, Stats{Sent: fills}, tracer.Stats())
		time.Sleep(3 * longestWait)
		synctest.Wait()
		require.Len(t, r.came, 2, "nothing to send")
		trace(tracer, 1)
		require.NoError(t, tracer.Stop(t.Context()))
		require.Len(t, r.came, 3, "the end does not wait")
		require.Equal(t, Stats{Sent: fills + 1}, tracer.Stats())
	})
}

// A collector that is away costs the spans that find no room, and no run waits.
func TestSpansWithoutRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &replies{statuses: []int{0}}
		tracer := answering(t, r)
		began := time.Now()
		const all = (mostBatches + 2) * fills
		trace(tracer, all)
		require.Equal(t, began, time.Now(), "nothing has waited")
		dropped := tracer.Stats().Dropped
		require.NotZero(t, dropped)
		require.Less(t, dropped, uint64(all*2/3), "4 MB of them wait")
		require.LessOrEqual(t, len(tracer.batches.filled), mostBatches)
		time.Sleep(batchTime + time.Millisecond)
		synctest.Wait()
		require.Greater(t, tracer.Stats().Dropped, dropped, "the first batch is given up")

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began = time.Now()
		require.ErrorContains(t, tracer.Stop(ctx), "not sent in time")
		require.Equal(t, 3*time.Second, time.Since(began))
		require.Equal(t, Stats{Dropped: all}, tracer.Stats(), "each is counted")
	})
}

// A collector that refuses spans costs nothing but these, and a line in the log.
func TestACollectorThatRefuses(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	s.refuse = true
	var log strings.Builder
	var mu sync.Mutex
	tracer := New(Options{Endpoint: s.url, Log: slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(p)
	}), nil))})
	require.NoError(t, tracer.begin(t.Context()))
	defer tracer.abort()
	lines := func(warnings, infos int) {
		t.Helper()
		trace(tracer, 1)
		tracer.flush(true)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, warnings, strings.Count(log.String(), "level=WARN"), log.String())
		require.Equal(t, infos, strings.Count(log.String(), "takes spans again"), log.String())
	}
	for range 3 {
		lines(1, 0)
	}
	s.mu.Lock()
	s.refuse = false
	s.mu.Unlock()
	lines(1, 1)
	lines(1, 1)
	require.Equal(t, Stats{Sent: 2, Dropped: 3}, tracer.Stats())
}

// Spans of many goroutines arrive once each, in one batch or another.
func TestSpansOfManyGoroutines(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	server := collect(t, func(name string) {
		mu.Lock()
		defer mu.Unlock()
		seen[name]++
	})
	tracer := New(Options{Endpoint: server, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, tracer.Start(t.Context()))
	const goroutines, each = 8, 500
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range each {
				name := string(rune('a'+g)) + strings.Repeat("x", i)
				tracer.Run(tracer.Begin(""), model.TracedRun{Function: name, TracedEnd: ended(model.StatusCompleted)})
			}
		})
	}
	all.Wait()
	require.NoError(t, tracer.Stop(t.Context()))
	require.Equal(t, Stats{Sent: goroutines * each}, tracer.Stats())
	require.Len(t, seen, goroutines*each)
	for name, times := range seen {
		require.Equal(t, 1, times, name)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// discard is a transport that takes all requests and reads none.
type discard struct{}

func (discard) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

// BenchmarkRun is the cost of the spans of a run: with encoding, and compression as the
// name says, without the requests. It fails if spans are dropped.
func BenchmarkRun(b *testing.B) {
	for _, bench := range []struct {
		name, sampler string
		steps         model.StepRef
		gzip          bool
	}{
		{"always_on/1", "always_on", 0, false},
		{"always_on/2", "always_on", 1, false},
		{"always_on/4", "always_on", 3, false},
		{"gzip/1", "always_on", 0, true},
		{"gzip/4", "always_on", 3, true},
		{"always_off/4", "always_off", 3, false},
	} {
		b.Run(bench.name, func(b *testing.B) {
			tracer := New(Options{Endpoint: "http://collector/", Sampler: SamplerOf(bench.sampler, 1), Gzip: bench.gzip, Log: slog.New(slog.DiscardHandler)})
			tracer.sender.client.Transport = discard{}
			require.NoError(b, tracer.begin(b.Context()))
			defer tracer.abort()
			b.ReportAllocs()
			execution := model.NewID()
			for b.Loop() {
				now := time.Now()
				end := model.TracedEnd{Started: now, Ended: now, Status: model.StatusCompleted}
				run := tracer.Begin("")
				if !run.Sampled() {
					continue
				}
				for step := range bench.steps {
					tracer.Step(run, model.TracedStep{ID: model.StepID(execution, 1, int(step)+1), Step: step + 1, Function: "g", Version: 1, TracedEnd: end})
				}
				tracer.Run(run, model.TracedRun{ExecutionID: model.NewIDAt(now), Tenant: "acme", Function: "f", Version: 1, Trigger: model.TriggerWebhook, Attempt: 1, TracedEnd: end})
				tracer.flush(false)
			}
			tracer.flush(true)
			if tracer.Stats().Dropped > 0 {
				b.Fatal(errors.New("spans were dropped"))
			}
		})
	}
}
