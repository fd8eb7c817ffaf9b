package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	away := func(context.Context) error { return errors.New("dial tcp 10.1.2.3: swordfish") }
	fine := func(context.Context) error { return nil }
	for _, test := range []struct {
		name     string
		vital    func(context.Context) error
		other    func(context.Context) error
		draining bool
		status   int
		want     string
	}{
		{"healthy", fine, fine, false, 200, `"status":"healthy"`},
		{"degraded", fine, away, false, 200, `"status":"degraded"`},
		{"without what it needs", away, fine, false, 503, `"status":"unhealthy"`},
		{"impaired", func(context.Context) error { return fmt.Errorf("%w: swordfish", handlers.ErrImpaired) }, fine, false, 200, `"status":"degraded"`},
		{"draining", fine, fine, true, 503, `"status":"draining"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, func(o *handlers.Options) {
				o.Probes = []handlers.Probe{{Name: "postgres", Vital: true, Check: test.vital}, {Name: "redis", Check: test.other, Counts: func() map[string]int { return map[string]int{"dropped": 7} }, Details: func() map[string]string { return map[string]string{"part": "holds"} }}}
				o.Draining = func() bool { return test.draining }
			})
			got := f.do(ask{call: "GET /health", token: "-"})
			require.Equal(t, test.status, got.StatusCode)
			require.Contains(t, got.text, test.want)
			require.Contains(t, got.text, `"postgres":`)
			require.NotContains(t, got.text, "swordfish")
			require.Contains(t, got.text, `"counts":{"dropped":7}`)
			require.Contains(t, got.text, `"details":{"part":"holds"}`)
		})
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		draining bool
		refuses  error
		status   int
		want     string
	}{
		{"ready", false, nil, 200, `{"status":"ready"}`},
		{"draining", true, nil, 503, `{"status":"draining"}`},
		{"calls would be refused", false, errors.New("swordfish"), 503, `{"status":"unavailable"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, func(o *handlers.Options) {
				o.Draining, o.Ready = func() bool { return test.draining }, func() error { return test.refuses }
				o.Probes = []handlers.Probe{{Name: "postgres", Vital: true, Check: func(context.Context) error { return errors.New("away") }}}
			})
			got := f.do(ask{call: "GET /readyz", token: "-"})
			require.Equal(t, test.status, got.StatusCode)
			require.Equal(t, test.want, got.text)
			require.Equal(t, test.status == 503, got.Header.Get("Retry-After") != "")
			require.Equal(t, 200, f.do(ask{call: "HEAD /livez", token: "-"}).StatusCode)
			require.Equal(t, `{"status":"alive"}`, f.do(ask{call: "GET /livez", token: "-"}).text)
		})
	}
}

// However many ask for /health, a part is asked once at a time.
func TestHealthSharesItsChecks(t *testing.T) {
	t.Parallel()
	var running, together atomic.Int32
	begun, answer := make(chan struct{}), make(chan struct{})
	first := sync.OnceFunc(func() { close(begun) })
	f := setup(t, func(o *handlers.Options) {
		o.Probes = []handlers.Probe{{Name: "postgres", Vital: true, Check: func(context.Context) error {
			if running.Add(1) > 1 {
				together.Add(1)
			}
			defer running.Add(-1)
			first()
			<-answer
			return nil
		}}}
	})
	var all sync.WaitGroup
	health := func() {
		if got := f.do(ask{call: "GET /health", token: "-"}); got.StatusCode != http.StatusOK {
			t.Errorf("health: %d", got.StatusCode)
		}
	}
	all.Go(health)
	<-begun
	for range 20 {
		all.Go(health)
		require.Equal(t, 200, f.do(ask{call: "GET /livez", token: "-"}).StatusCode, "while a check lasts")
	}
	close(answer)
	all.Wait()
	require.Zero(t, together.Load())
}

// A part that is down is one line in the log, however often it is asked.
func TestAFailedCheckIsLoggedOnce(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	f := setup(t, func(o *handlers.Options) {
		o.Probes = []handlers.Probe{{Name: "redis", Check: func(context.Context) error {
			if down.Load() {
				return errors.New("away")
			}
			return nil
		}}}
	})
	for range 5 {
		f.must(ask{call: "GET /health", token: "-", status: 200, want: []string{`"status":"degraded"`}})
	}
	require.Equal(t, 1, strings.Count(f.log.String(), "health check failed"))
	down.Store(false)
	for range 2 {
		f.must(ask{call: "GET /health", token: "-", status: 200, want: []string{`"status":"healthy"`}})
	}
	require.Equal(t, 1, strings.Count(f.log.String(), "health check succeeds again"))
}
