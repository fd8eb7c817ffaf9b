package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// Each signal stops the server in its own way. With a drain time that no test
// would wait for, SIGINT skips it and a second signal ends the process.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		first   syscall.Signal
		drains  bool
		second  syscall.Signal
		waiting int // status of /readyz between the two
	}{
		{"SIGTERM drains, a second one ends at once", syscall.SIGTERM, true, syscall.SIGTERM, http.StatusServiceUnavailable},
		{"SIGHUP is SIGTERM's", syscall.SIGHUP, true, syscall.SIGINT, http.StatusServiceUnavailable},
		{"SIGINT skips the wait", syscall.SIGINT, false, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret, "DRAIN_SECONDS=600")
			c := p.client(t, "acme")
			c.define("one", "def one(input):\n    return 1\n")
			require.Equal(t, http.StatusOK, c.send("GET", "/readyz", nil).status)
			require.NoError(t, p.cmd.Process.Signal(test.first))
			if test.drains {
				require.Eventually(t, func() bool { return c.send("GET", "/readyz", nil).status == test.waiting }, time.Minute, 10*time.Millisecond)
				require.Equal(t, "1", c.result("one", nil), "it serves on")
				require.NoError(t, p.cmd.Process.Signal(test.second))
			}
			<-p.done
			require.Equal(t, test.drains, p.err != nil, "a second signal ends it without order: %v\n%s", p.err, p.said())
		})
	}
}

// The caller of a synchronous run that the server stops is told so, and the
// record says it.
func TestARunThatAStopEnds(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	p := launch(t, dir, "CENSUS_JWT_SECRET="+jwtSecret, graceVariable+"=0.3")
	c := p.client(t, "acme")
	c.define("stays", "import time\ndef stays(input):\n    time.sleep(50)\n")
	require.Equal(t, http.StatusCreated, c.send("POST", "/api/v1/webhooks", map[string]any{"path": "stays", "function_name": "stays"}).status)
	own, stranger := make(chan reply, 1), make(chan reply, 1)
	go func() { r, _ := c.try("POST", "/api/v1/executions", `{"function_name":"stays"}`); own <- r }()
	go func() {
		r, _ := (&client{t: t, url: c.url}).try("POST", "/api/v1/h/stays", "{}")
		stranger <- r
	}()
	require.Eventually(t, func() bool {
		return strings.Count(string(c.send("GET", "/api/v1/executions?status=running", nil).body), `"running"`) == 2
	}, time.Minute, 20*time.Millisecond)
	p.stop(t)

	var ids []string
	for _, answer := range []chan reply{own, stranger} {
		r := <-answer
		require.Equal(t, http.StatusServiceUnavailable, r.status, "%s", r.body)
		require.NotEmpty(t, r.header.Get("Retry-After"))
		require.Contains(t, string(r.body), "may have been done")
		require.NotContains(t, string(r.body), "nothing ran")
		ids = append(ids, r.header.Get("X-Execution-ID"))
	}
	again := start(t, dir, "CENSUS_JWT_SECRET="+jwtSecret).client(t, "acme")
	for _, id := range ids {
		text := string(again.send("GET", "/api/v1/executions/"+id, nil).body)
		require.Contains(t, text, `"status":"crashed"`)
		require.Contains(t, text, `"error_type":"ServerStopped"`)
	}
}

// A request that is in transit when the server stops listening runs.
func TestARequestInTransitAtAStop(t *testing.T) {
	t.Parallel()
	p := launch(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret)
	c := p.client(t, "acme")
	c.define("one", "def one(input):\n    return 1\n")
	address := strings.TrimPrefix(c.url, "http://")
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /api/v1/executions HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", address, c.token)
	require.NoError(t, err)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGINT))
	require.Eventually(t, func() bool {
		other, err := net.Dial("tcp", address)
		if err == nil {
			_ = other.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	}, time.Minute, time.Millisecond)
	const body = `{"function_name":"one"}`
	_, err = fmt.Fprintf(conn, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", text)
	<-p.done
	require.NoError(t, p.err, p.said())
}

// balancer hands requests to servers in turn, as those with plain health checks
// do: by what /readyz said last, and with another server when the connection is
// refused.
type balancer struct {
	client  *http.Client
	servers []string
	ready   []atomic.Bool
	next    atomic.Int64
}

func newBalancer(servers ...string) *balancer {
	return &balancer{
		client:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: 30 * time.Second},
		servers: servers, ready: make([]atomic.Bool, len(servers)),
	}
}

// look asks each server once.
func (b *balancer) look() {
	for i, url := range b.servers {
		response, err := b.client.Get(url + "/readyz")
		b.ready[i].Store(err == nil && response.StatusCode == http.StatusOK)
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	}
}

func (b *balancer) post(path, body string) (int, error) {
	for range 2 * len(b.servers) {
		i := int(b.next.Add(1)) % len(b.servers)
		if !b.ready[i].Load() {
			continue
		}
		request, err := http.NewRequest(http.MethodPost, b.servers[i]+path, bytes.NewReader([]byte(body)))
		if err != nil {
			return 0, err
		}
		request.GetBody = nil // or the transport would repeat it by itself
		response, err := b.client.Do(request)
		if errors.Is(err, syscall.ECONNREFUSED) {
			continue
		}
		if err != nil {
			return 0, err
		}
		_, _ = io.Copy(io.Discard, response.Body)
		return response.StatusCode, response.Body.Close()
	}
	return 0, errors.New("no server is ready")
}

// Two servers are restarted one after the other behind a balancer, under load:
// every call is answered, and recorded once.
func TestARollingRestartLosesNothing(t *testing.T) {
	t.Parallel()
	const between = 10 * time.Millisecond
	database := testkit.DatabaseURL(t)
	env := func(port string) []string {
		return []string{"CENSUS_JWT_SECRET=" + jwtSecret, "DATABASE_URL=" + database, "SECRET_KEY=" + strings.Repeat("k", 40), "DRAIN_SECONDS=2", "PORT=" + port}
	}
	dirs := []string{testkit.DataDir(t), testkit.DataDir(t)}
	programs := []*program{launch(t, dirs[0], env("0")...), launch(t, dirs[1], env("0")...)}
	c := programs[0].client(t, "acme")
	c.define("order", "def order(input):\n    return input\n")
	require.Equal(t, http.StatusCreated, c.send("POST", "/api/v1/webhooks", map[string]any{"path": "order", "function_name": "order", "input_mode": "body"}).status)
	programs[1].client(t, "acme").hears("POST", "/api/v1/h/order", "{}", http.StatusOK, "result")

	b := newBalancer(programs[0].url, programs[1].url)
	b.look()
	stopped := make(chan struct{})
	var checks, calls sync.WaitGroup
	checks.Go(func() {
		for tick := time.NewTicker(200 * time.Millisecond); ; {
			select {
			case <-stopped:
				tick.Stop()
				return
			case <-tick.C:
				b.look()
			}
		}
	})
	var mu sync.Mutex
	var bad []string
	sent := 0
	checks.Go(func() {
		for tick := time.NewTicker(between); ; {
			select {
			case <-stopped:
				tick.Stop()
				return
			case <-tick.C:
			}
			sent++
			n := sent
			calls.Go(func() {
				if status, err := b.post("/api/v1/h/order", fmt.Sprintf(`{"order":%d}`, n)); err != nil || status != http.StatusOK {
					mu.Lock()
					bad = append(bad, fmt.Sprint(n, " ", status, " ", err))
					mu.Unlock()
				}
			})
		}
	})
	for i, p := range programs {
		p.stop(t)
		port := p.url[strings.LastIndex(p.url, ":")+1:]
		programs[i] = start(t, dirs[i], env(port)...)
		require.Eventually(t, b.ready[i].Load, time.Minute, 10*time.Millisecond)
	}
	close(stopped)
	checks.Wait()
	calls.Wait()
	require.Empty(t, bad, "of %d calls", sent)
	c.url = programs[0].url
	require.Equal(t, sent, c.countExecutions("order")-1, "each is recorded once")
}

// countExecutions is how many executions of a function there are.
func (c *client) countExecutions(function string) int {
	c.t.Helper()
	count := 0
	for next := "/api/v1/executions?limit=1000&function_name=" + function; next != ""; {
		r := c.send("GET", next, nil)
		require.Equal(c.t, http.StatusOK, r.status, "%s", r.body)
		var page []json.RawMessage
		require.NoError(c.t, r.into(&page))
		count += len(page)
		if next = ""; r.header.Get("X-Next-Cursor") != "" {
			next = "/api/v1/executions?limit=1000&function_name=" + function + "&cursor=" + r.header.Get("X-Next-Cursor")
		}
	}
	return count
}
