package handlers_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
)

func TestTokenOfMetrics(t *testing.T) {
	t.Parallel()
	open := setup(t)
	open.must(ask{call: "GET /metrics", token: "-", status: 200, want: []string{"maestro_executions_total{"}})
	open.must(ask{call: "HEAD /metrics", token: "-", status: 200})
	open.must(ask{call: "POST /metrics", token: "-", status: 405})

	f := setup(t, func(o *handlers.Options) { o.MetricsToken = "0123456789" })
	for _, token := range []string{"-", "012345678", "01234567890", f.token} {
		f.must(ask{name: token, call: "GET /metrics", token: token, status: 401, want: []string{`"code":"unauthorized"`, "METRICS_TOKEN"}, lacks: []string{"maestro_", "0123456789"}})
	}
	f.must(ask{call: "GET /metrics", token: "0123456789", status: 200, want: []string{"# TYPE maestro_executions_total counter"}})

	none := setup(t, func(o *handlers.Options) { o.Metrics = nil })
	none.must(ask{call: "GET /metrics", token: "-", status: 404})
}

// counted are requests by method, route and class of status.
type counted struct {
	mu    sync.Mutex
	calls map[string]int // guarded by mu
}

func (c *counted) route(method, template string) func(int, time.Duration) {
	return func(status int, _ time.Duration) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls[method+" "+template+" "+string(rune('0'+status/100))]++
	}
}

func TestRequestsAreCountedByRoute(t *testing.T) {
	t.Parallel()
	c := &counted{calls: map[string]int{}}
	f := setup(t, func(o *handlers.Options) { o.Count = c.route })
	f.function("f", "def f(input):\n    return 1")
	f.webhook(`{"path":"a/b","function_name":"f"}`)
	for _, a := range []ask{
		{call: "GET /api/v1/functions/f", status: 200},
		{call: "GET /api/v1/functions/none", status: 404},
		{call: "POST /api/v1/h/a/b", token: "-", status: 200},
		{call: "PUT /api/v1/h/none", token: "-", status: 404},
		{call: "POST /api/v1/executions", body: `{"function_name":"f"}`, status: 200},
		{call: "GET /api/v1/functions", token: "-", status: 401},
		{call: "GET /nothing", token: "-", status: 404},
		{call: "GET /livez", token: "-", status: 200},
		{call: "HEAD /livez", token: "-", status: 200},
		{call: "GET /", token: "-", status: 200},
		{call: "INVENTED /livez", token: "-", status: 400},
	} {
		f.must(a)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Equal(t, map[string]int{
		"POST /api/v1/functions 2": 1, "POST /api/v1/webhooks 2": 1,
		"GET /api/v1/functions/{name} 2": 1, "GET /api/v1/functions/{name} 4": 1,
		"POST /api/v1/h/{path} 2": 1, "PUT /api/v1/h/{path} 4": 1,
		"POST /api/v1/executions 2": 1, "GET other 4": 2,
		"GET /livez 2": 1, "HEAD /livez 2": 1, "GET / 2": 1, "other other 4": 1,
	}, c.calls)
}
