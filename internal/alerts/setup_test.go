package alerts_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/alerts"
	"maestro/internal/model"
	"maestro/internal/secrets"
	"maestro/internal/testkit"
	"maestro/internal/vault"
	"maestro/repo"
)

const tenant = "acme"

// signingSecret is what the receiver verifies with.
const signingSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// clock is one that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// request is what the receiver got.
type request struct {
	header http.Header
	body   []byte
	alerts.Message
}

// fixture is a database with a receiver of messages.
type fixture struct {
	*testing.T
	url      string
	db       *repo.DB
	clock    *clock
	secrets  *secrets.Keeper
	receiver *httptest.Server
	got      chan request
	called   chan string // functions with messages

	mu     sync.Mutex
	answer http.HandlerFunc // guarded by mu; nil: 204
}

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, url: testkit.DatabaseURL(t), clock: &clock{now: time.Now()}, got: make(chan request, 10_000), called: make(chan string, 100)}
	f.db = f.open()
	_, err := f.db.EnsureSubtenant(t.Context(), tenant)
	require.NoError(t, err)
	sealed, err := vault.New([]byte("the secret of the tests, which is long enough"), vault.Secrets)
	require.NoError(t, err)
	f.secrets = secrets.New(f.db, sealed, testkit.Logger(t))
	require.NoError(t, f.secrets.Put(t.Context(), tenant, "SIGNING", signingSecret))
	f.receiver = httptest.NewServer(http.HandlerFunc(f.receive))
	t.Cleanup(f.receiver.Close)
	return f
}

func (f *fixture) open() *repo.DB {
	f.Helper()
	db, err := repo.Open(f.Context(), f.url, repo.Options{Name: f.Name(), Log: testkit.Logger(f.T)})
	require.NoError(f, err)
	f.Cleanup(db.Close)
	return db
}

func (f *fixture) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	got := request{header: r.Header, body: body}
	_ = json.Unmarshal(body, &got.Message)
	f.mu.Lock()
	answer := f.answer
	f.mu.Unlock()
	f.got <- got
	if answer != nil {
		answer(w, r)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// answers sets how the receiver answers from now on.
func (f *fixture) answers(answer http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// server makes the alerts of one server, with connections of its own.
func (f *fixture) server(change ...func(*alerts.Options)) *alerts.Alerts {
	f.Helper()
	opts := alerts.Options{
		DB: f.open(), Secrets: f.secrets, Log: testkit.Logger(f.T), Now: f.clock.Now, Poll: 5 * time.Millisecond,
		PublicURL: "https://maestro.example", Version: "1.2.3",
		Submit: func(_ context.Context, tenant, function string, _ model.ID, input json.RawMessage) error {
			if function == "absent" {
				return model.NewError(model.CodeFunctionNotFound, "There is no function named %q.", function)
			}
			f.called <- tenant + " " + function + " " + string(input)
			return nil
		},
		Refuse: func(to netip.AddrPort) error {
			if to.Addr() == netip.MustParseAddr("127.0.0.9") {
				return errors.New("messages can't be sent to 127.0.0.9")
			}
			return nil
		},
	}
	for _, set := range change {
		set(&opts)
	}
	a := alerts.New(opts)
	f.Cleanup(func() { f.stop(a) })
	return a
}

func (f *fixture) start(change ...func(*alerts.Options)) *alerts.Alerts {
	f.Helper()
	a := f.server(change...)
	require.NoError(f, a.Start(f.Context()))
	return a
}

func (f *fixture) stop(a *alerts.Alerts) {
	f.Helper()
	require.NoError(f, a.Stop(context.WithoutCancel(f.Context())))
}

func (f *fixture) round(a *alerts.Alerts) {
	f.Helper()
	require.NoError(f, a.Round(f.Context()))
}

// setting is one that sends to the receiver.
func (f *fixture) setting(members string) json.RawMessage {
	return json.RawMessage(`{"url":"` + f.receiver.URL + `/hook"` + members + `}`)
}

// function saves a function with a setting, which is checked as the API does.
func (f *fixture) function(name string, setting json.RawMessage) {
	f.Helper()
	parsed, problems := alerts.Parse(setting)
	require.Empty(f, problems)
	var text json.RawMessage
	if parsed != nil {
		var err error
		text, err = json.Marshal(parsed)
		require.NoError(f, err)
	}
	_, err := f.db.CreateFunction(f.Context(), tenant, model.Function{Name: name, Code: "x", Notify: text}, nil, nil)
	require.NoError(f, err)
}

// ends records n executions of a function that end now.
func (f *fixture) ends(function string, status model.Status, n int, change ...func(*model.Execution)) (last model.ID) {
	f.Helper()
	for n > 0 {
		records := make([]*model.Record, min(n, 1000))
		for i := range records {
			at := f.clock.Now()
			e := model.Execution{
				ID: model.NewIDAt(at), Tenant: tenant, FunctionName: function, FunctionVersion: 3, Trigger: model.TriggerWebhook, Status: status,
				Input: json.RawMessage(`1`), CreatedAt: at, StartedAt: at, CompletedAt: at, Attempt: 1,
			}
			if status.Failure() {
				text, kind := "division by ***", "ZeroDivisionError"
				e.Error, e.ErrorType = &text, &kind
			}
			for _, set := range change {
				set(&e)
			}
			records[i], last = &model.Record{Execution: e}, e.ID
		}
		require.NoError(f, f.db.CopyRecords(f.Context(), records, "server"))
		n -= len(records)
	}
	return last
}

// next is the next request to the receiver.
func (f *fixture) next() request {
	f.Helper()
	select {
	case got := <-f.got:
		return got
	case <-time.After(30 * time.Second):
		for _, d := range f.deliveries() {
			f.Logf("%s %s, attempts %d, next at %v, %s", d.Type, d.Status, d.Attempts, d.NextAt, d.Error)
		}
		require.Fail(f, "no message came", "it is %v", f.clock.Now())
		return request{}
	}
}

// messages are all there are, in their order.
func (f *fixture) messages() (all []alerts.Message) {
	f.Helper()
	for _, d := range f.deliveries() {
		var m alerts.Message
		require.NoError(f, json.Unmarshal(d.Payload, &m))
		all = append(all, m)
	}
	return all
}

func (f *fixture) deliveries() []repo.Delivery {
	f.Helper()
	found, _, err := f.db.ListDeliveries(f.Context(), tenant, repo.DeliveryFilter{Page: repo.Page{Limit: 1000}})
	require.NoError(f, err)
	slices.Reverse(found)
	return found
}

// until waits for a delivery to come to a state.
func (f *fixture) until(ok func(repo.Delivery) bool) (found repo.Delivery) {
	f.Helper()
	require.Eventually(f, func() bool {
		all := f.deliveries()
		i := slices.IndexFunc(all, ok)
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	}, 30*time.Second, 5*time.Millisecond)
	return found
}
