package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/embed"
	"maestro/handlers"
	"maestro/internal/alerts"
	"maestro/internal/auth"
	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/idempotency"
	"maestro/internal/metrics"
	"maestro/internal/model"
	"maestro/internal/queue"
	"maestro/internal/recorder"
	"maestro/internal/refusals"
	"maestro/internal/secrets"
	"maestro/internal/session"
	"maestro/internal/testkit"
	"maestro/internal/vault"
	"maestro/internal/watch"
	"maestro/repo"
	"maestro/scheduler"
)

// The tests here talk to a real server over TCP, with a real database and real
// Python behind it. Each has a server of its own; Python is the process's.

func init() { runtime.LockOSThread() } // keep the process's first thread out of the pool that runs Python

func TestMain(m *testing.M) { os.Exit(m.Run()) }

var signingSecret = []byte("the secret of the tests, which is long enough")

var theLane = sync.OnceValues(func() (*embed.Host, error) { return embed.New(embed.Options{Home: laneHome}) })

var laneHome string

func lane(t testing.TB) *embed.Host {
	t.Helper()
	home := testkit.KitHome(t)
	laneOnce.Do(func() { laneHome = home })
	host, err := theLane()
	require.NoError(t, err)
	require.NoError(t, host.Start(context.Background()))
	return host
}

var laneOnce sync.Once

// fixture is a running server with a subtenant "default".
type fixture struct {
	t        testing.TB
	url      string
	db       *repo.DB
	server   *handlers.Server
	cron     *scheduler.Cron // not started
	queue    *queue.Queue    // not started
	alerts   *alerts.Alerts  // not started
	database string          // its URL
	pending  pending
	secrets  *secrets.Keeper
	log      *logBuffer
	access   *logBuffer // the access log
	token    string     // of an ordinary user of the subtenant default
	client   *http.Client
}

// pending is the queue, of which the answer to a commit can be lost.
type pending struct {
	*queue.Queue
	lost atomic.Bool
}

// Enqueue implements engine.Queue.
func (p *pending) Enqueue(ctx context.Context, run model.QueuedRun) error {
	err := p.Queue.Enqueue(ctx, run)
	if err == nil && p.lost.Swap(false) {
		return model.NewError(model.CodeUnavailable, "The database is away.")
	}
	return err
}

// logBuffer keeps what the server logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func setup(t testing.TB, change ...func(*handlers.Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, database: testkit.DatabaseURL(t), log: &logBuffer{}, access: &logBuffer{}}
	log := slog.New(slog.NewJSONHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	f.db, err = repo.Open(t.Context(), f.database, repo.Options{Name: t.Name(), Log: log})
	require.NoError(t, err)
	t.Cleanup(f.db.Close)

	bus := events.NewEmbedded(events.Options{Log: log})
	require.NoError(t, bus.Start(context.Background()))
	t.Cleanup(func() { _ = bus.Close(context.Background()) })
	writer := recorder.New(f.db, recorder.Options{SpoolDir: t.TempDir()}, log)
	require.NoError(t, writer.Start(t.Context()))
	t.Cleanup(func() { _ = writer.Stop(context.Background()) })
	host := lane(t)
	sealed, err := vault.New(signingSecret, vault.Secrets)
	require.NoError(t, err)
	answers, err := vault.New(signingSecret, vault.Answers)
	require.NoError(t, err)
	f.secrets = secrets.New(f.db, sealed, log)
	inputs, err := vault.New(signingSecret, vault.Inputs)
	require.NoError(t, err)
	server, _, err := f.db.RegisterServer(t.Context(), "test", t.Name())
	require.NoError(t, err)
	f.queue, err = queue.New(queue.Options{DB: f.db, Server: server, Log: log, Poll: 50 * time.Millisecond})
	require.NoError(t, err)
	f.pending.Queue = f.queue
	runs := engine.New(engine.Options{
		Store: f.db, Secrets: f.secrets, Recorder: writer, Events: bus, Lane: host, Log: log, Timeout: 20 * time.Second,
		Queue: &f.pending, Inputs: inputs,
	})
	f.queue.Serve(runs)
	t.Cleanup(func() { _ = f.queue.Stop(context.Background()) })
	local, err := auth.NewLocal(signingSecret, "")
	require.NoError(t, err)
	f.cron = scheduler.NewCron(scheduler.CronOptions{DB: f.db, Queue: pendingRuns{}, Log: log})
	t.Cleanup(func() { require.NoError(t, f.cron.Stop(context.Background())) })

	f.alerts = alerts.New(alerts.Options{
		DB: f.db, Secrets: f.secrets, Log: log, Version: "test",
		Submit: func(ctx context.Context, tenant, function string, id model.ID, input json.RawMessage) error {
			_, err := runs.Submit(ctx, engine.RunRequest{Tenant: tenant, Function: function, Input: input, Trigger: model.TriggerAlert, ID: id}, engine.Later{})
			return err
		},
		Refuse: func(to netip.AddrPort) error {
			if to.Addr().IsLinkLocalUnicast() {
				return errors.New("messages can't be sent there")
			}
			return nil
		},
	})
	sessions, err := session.New(signingSecret)
	require.NoError(t, err)
	hub := watch.New(watch.Options{DB: f.db, Log: log, Every: 20 * time.Millisecond})
	t.Cleanup(hub.Close)
	counts := metrics.New(metrics.Options{Log: log})
	refused := refusals.New(refusals.Options{DB: f.db, Log: log, Every: 20 * time.Millisecond})
	require.NoError(t, refused.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, refused.Stop(context.Background())) })
	opts := handlers.Options{
		Metrics: counts.Handler(), Count: counts.Route,
		Scheduler: f.cron, Alerts: f.alerts, Interpreters: host,
		Sessions: sessions, Watch: hub, DB: f.db, Secrets: f.secrets, Refusals: refused, Keys: idempotency.New(f.db, answers, idempotency.Options{Lease: 2 * time.Second}, log), Engine: runs, Events: bus, Auth: local, Log: log, AccessLog: f.access, FunctionTimeout: 20 * time.Second, RetentionDays: 30,
		Probes: []handlers.Probe{{Name: "postgres", Vital: true, Check: f.db.Ping}, {Name: "redis", Check: bus.Ping}},
	}
	for _, set := range change {
		set(&opts)
	}
	f.server = handlers.New(opts)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- f.server.Serve(listener) }()
	f.client = &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		f.client.CloseIdleConnections()
		require.NoError(t, f.server.Shutdown(context.Background()))
		require.NoError(t, <-served)
	})
	f.url = "http://" + listener.Addr().String()
	f.token = f.mint("default", false)
	return f
}

// mint makes a token of a subtenant; an empty one names none.
func (f *fixture) mint(tenant string, admin bool) string {
	f.t.Helper()
	token, err := auth.Mint(signingSecret, auth.Grant{Email: "user@example.com", Tenant: tenant, Admin: admin, TTL: time.Hour})
	require.NoError(f.t, err)
	return token
}

// ask is one request and what must come of it.
type ask struct {
	name   string
	call   string // method and path
	token  string // "-": none; empty: that of the fixture
	header []string
	body   string
	status int
	want   []string // in the body
	lacks  []string // not in the body
}

// answer is what came.
type answer struct {
	*http.Response
	text string
}

// do sends one request. A body is JSON unless a header says otherwise.
func (f *fixture) do(a ask) answer {
	f.t.Helper()
	method, path, _ := strings.Cut(a.call, " ")
	request, err := http.NewRequestWithContext(context.Background(), method, f.url+path, strings.NewReader(a.body))
	require.NoError(f.t, err)
	if a.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	switch a.token {
	case "-":
	case "":
		request.Header.Set("Authorization", "Bearer "+f.token)
	default:
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	for _, header := range a.header {
		name, value, _ := strings.Cut(header, ": ")
		request.Header[name] = []string{value} // in this spelling
		if name == "Host" {
			request.Host = value
		}
		if value == "" {
			request.Header.Del(name)
		}
	}
	response, err := f.client.Do(request)
	require.NoError(f.t, err, a.call)
	defer func() { _ = response.Body.Close() }()
	if strings.HasPrefix(path, "/api/v1/executions/stream") && response.StatusCode == http.StatusOK {
		return answer{response, ""} // it goes on
	}
	text, err := io.ReadAll(response.Body)
	require.NoError(f.t, err)
	return answer{response, string(text)}
}

// must sends one request and checks the answer.
func (f *fixture) must(a ask) answer {
	f.t.Helper()
	got := f.do(a)
	require.Equal(f.t, a.status, got.StatusCode, "%s %s\n%s\n%s", a.name, a.call, got.text, f.log)
	for _, want := range a.want {
		require.Contains(f.t, got.text, want, a.name+" "+a.call)
	}
	for _, lack := range a.lacks {
		require.NotContains(f.t, got.text, lack, a.name+" "+a.call)
	}
	if got.StatusCode >= 400 && method(a.call) != http.MethodHead {
		f.checkEnvelope(got)
	}
	return got
}

func method(call string) string {
	m, _, _ := strings.Cut(call, " ")
	return m
}

// checkEnvelope holds an error against the contract.
func (f *fixture) checkEnvelope(a answer) {
	f.t.Helper()
	require.Equal(f.t, "application/problem+json", a.Header.Get("Content-Type"), a.text)
	var e struct {
		Type, Title, Code, Detail string
		Status                    int
		RequestID                 string `json:"request_id"`
		ExecutionID               string `json:"execution_id"`
	}
	require.NoError(f.t, json.Unmarshal([]byte(a.text), &e), a.text)
	require.Equal(f.t, a.StatusCode, e.Status)
	require.NotEmpty(f.t, e.Code)
	require.NotEmpty(f.t, e.Title)
	require.Equal(f.t, "/problems/"+strings.ReplaceAll(e.Code, "_", "-"), e.Type)
	require.Equal(f.t, a.Header.Get("X-Request-ID"), e.RequestID)
	require.NotEmpty(f.t, e.RequestID)
	require.Equal(f.t, a.Header.Get("X-Execution-ID"), e.ExecutionID)
	switch a.StatusCode {
	case http.StatusUnauthorized:
		require.Equal(f.t, "Bearer", a.Header.Get("WWW-Authenticate"))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		require.NotEmpty(f.t, a.Header.Get("Retry-After"))
	case http.StatusMethodNotAllowed:
		require.NotEmpty(f.t, a.Header.Get("Allow"))
	}
}

// all runs a table in order: later rows may build on earlier ones.
func (f *fixture) all(asks []ask) {
	f.t.Helper()
	for _, a := range asks {
		f.must(a)
	}
}

// function saves a function. extra are further members, as JSON text.
func (f *fixture) function(name, code string, extra ...string) {
	f.t.Helper()
	quoted, err := json.Marshal(code)
	require.NoError(f.t, err)
	members := append([]string{`"name":"` + name + `","code":` + string(quoted)}, extra...)
	f.must(ask{call: "POST /api/v1/functions", body: "{" + strings.Join(members, ",") + "}", status: 201})
}

// webhook saves a webhook and returns its id.
func (f *fixture) webhook(body string) string {
	f.t.Helper()
	got := f.must(ask{call: "POST /api/v1/webhooks", body: body, status: 201})
	return member(f.t, got.text, "id")
}

// member returns a text member of a JSON object.
func member(t testing.TB, text, name string) string {
	t.Helper()
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &object), text)
	value, ok := object[name].(string)
	require.True(t, ok, "%s has no text %q", text, name)
	return value
}
