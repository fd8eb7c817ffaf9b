package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/faultproxy"
	"maestro/internal/testkit"
	"maestro/repo"
)

// A run that is under way when PostgreSQL stops answering is answered, and its
// answer says where the record is; what comes later is refused before it runs, and
// balancers are told. Once it is back everything is recorded, and nothing twice.
func TestAnOutageOfTheDatabase(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct{ begin, end func(*faultproxy.Proxy) }{
		"frozen": {(*faultproxy.Proxy).Freeze, (*faultproxy.Proxy).Thaw},
		"gone":   {func(p *faultproxy.Proxy) { p.Refuse(true); p.Cut() }, func(p *faultproxy.Proxy) { p.Refuse(false) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := testkit.DatabaseURL(t)
			proxy, through, err := faultproxy.Postgres(url)
			require.NoError(t, err)
			t.Cleanup(proxy.Close)
			b := newBegun(t)
			p := start(t, testkit.DataDir(t), "DATABASE_URL="+through, "SECRET_KEY="+strings.Repeat("k", 40), "CENSUS_JWT_SECRET="+jwtSecret)
			t.Cleanup(proxy.Thaw)
			c := p.client(t, "acme")
			release := make(chan struct{})
			gate := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
			t.Cleanup(gate.Close)
			open := sync.OnceFunc(func() { close(release) })
			t.Cleanup(open)
			waits := "    if input.get('waits'):\n        urllib.request.urlopen('" + gate.URL + "').read()\n    "
			for function, end := range map[string]string{"order": "return context.attempt", "declined": "raise ValueError('declined')"} {
				c.define(function, strings.Replace(b.function(function), "    return context.attempt", waits+end, 1))
			}
			c.want("POST", "/api/v1/webhooks", map[string]any{"path": "order", "function_name": "order", "input_mode": "body"}, http.StatusCreated)
			c.want("POST", "/api/v1/h/order", map[string]any{}, http.StatusOK)
			require.Equal(t, http.StatusOK, c.send("GET", "/readyz", nil).status)

			run := func(path string, body map[string]any, headers ...string) <-chan reply {
				answer := make(chan reply, 1)
				go func() {
					r, _ := c.try("POST", path, body, headers...)
					answer <- r
				}()
				return answer
			}
			slow := map[string]any{"function_name": "order", "input_data": map[string]any{"waits": true}}
			plain, keyed := run("/api/v1/executions", slow), run("/api/v1/executions", slow, "Idempotency-Key", "k")
			failing := run("/api/v1/executions", map[string]any{"function_name": "declined", "input_data": map[string]any{"waits": true}})
			hook := run("/api/v1/h/order", map[string]any{"waits": true})
			require.Eventually(t, func() bool { return b.count() == 5 }, 30*time.Second, time.Millisecond)
			fault.begin(proxy)
			open()
			var ids []string
			for _, answer := range []<-chan reply{plain, keyed, hook, failing} {
				r := <-answer
				if answer == failing {
					require.Equal(t, http.StatusInternalServerError, r.status, "%s", r.body)
				} else {
					require.Equal(t, http.StatusOK, r.status, "%s", r.body)
				}
				require.Equal(t, "spooled", r.header.Get("X-Maestro-Record"), "%s %v", r.body, r.header)
				ids = append(ids, r.header.Get("X-Execution-ID"))
			}
			require.Eventually(t, func() bool { return c.send("GET", "/readyz", nil).status == http.StatusServiceUnavailable }, 30*time.Second, time.Millisecond)
			for _, r := range []reply{
				c.send("POST", "/api/v1/h/order", map[string]any{}), c.send("POST", "/api/v1/executions", slow),
				c.send("POST", "/api/v1/executions", map[string]any{"function_name": "order", "mode": "async"}),
				c.send("POST", "/api/v1/executions", slow, "Idempotency-Key", "k"),
			} {
				require.Equal(t, http.StatusServiceUnavailable, r.status, "%s", r.body)
				require.Contains(t, string(r.body), "nothing ran")
				require.NotEmpty(t, r.header.Get("Retry-After"))
			}
			require.Equal(t, http.StatusOK, c.send("GET", "/livez", nil).status)
			require.Equal(t, http.StatusServiceUnavailable, c.send("GET", "/health", nil).status)
			require.Equal(t, 5, b.count(), "refused calls did not run")
			during := scrape(t, c, "")
			require.Equal(t, 4.0, seriesOf(during["maestro_recorder_spooled_records_total"])[""])
			require.GreaterOrEqual(t, seriesOf(during["maestro_recorder_refused_calls_total"])[""], 4.0)
			require.Positive(t, seriesOf(during["maestro_recorder_spool_bytes"])[""])
			require.GreaterOrEqual(t, seriesOf(during["maestro_recorder_outage_seconds"])[""], 1.0)
			require.Empty(t, seriesOf(during["maestro_ready"]), "it is 0")

			fault.end(proxy)
			require.Eventually(t, func() bool { return c.send("GET", "/readyz", nil).status == http.StatusOK }, 30*time.Second, 10*time.Millisecond)
			db, err := repo.Open(t.Context(), url, repo.Options{Name: "outage", Log: testkit.Logger(t)})
			require.NoError(t, err)
			t.Cleanup(db.Close)
			all := outcomes(t, db)
			require.Len(t, all, 5, "runs with a response are recorded before calls are accepted again")
			for _, id := range ids {
				require.Contains(t, all, id)
			}
			again := c.send("POST", "/api/v1/executions", slow, "Idempotency-Key", "k")
			require.Equal(t, http.StatusOK, again.status, "%s", again.body)
			require.Equal(t, ids[1], again.header.Get("X-Execution-ID"))
			require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
			require.Empty(t, again.header.Get("X-Maestro-Record"))
			require.Equal(t, 5, b.count(), "a repeat does not run again")
			require.Equal(t, 4.0, seriesOf(scrape(t, c, "")["maestro_recorder_replayed_records_total"])[""])
			require.LessOrEqual(t, strings.Count(p.said(), "level=ERROR"), 2, p.said())
		})
	}
}
