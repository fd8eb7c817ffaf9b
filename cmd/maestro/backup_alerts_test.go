package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// receiver gets messages, which it refuses at first.
type receiver struct {
	*httptest.Server
	accepts atomic.Bool
	got     chan string // the ids of messages, each time they come
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{got: make(chan string, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		status := http.StatusServiceUnavailable
		if r.accepts.Load() {
			status = http.StatusNoContent
		}
		w.WriteHeader(status)
		r.got <- request.Header.Get("Webhook-Id")
	}))
	t.Cleanup(r.Close)
	return r
}

// next is the id of the next message.
func (r *receiver) next(t *testing.T) string {
	t.Helper()
	select {
	case id := <-r.got:
		return id
	case <-time.After(30 * time.Second):
		require.Fail(t, "no message came")
		return ""
	}
}

// told waits until the server knows what became of its messages, the newest first.
func (c *client) told(statuses ...string) (all []map[string]any) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		all = nil
		if err := c.send("GET", "/api/v1/notify/deliveries", nil).into(&all); err != nil || len(all) != len(statuses) {
			return false
		}
		for i, d := range all {
			if d["status"] != statuses[i] || d["attempts"] == 0.0 {
				return false
			}
		}
		return true
	}, 30*time.Second, 10*time.Millisecond, "%v", statuses)
	return all
}

// TestMessagesAfterARestore: a message that was pending at the backup is delivered once by
// the restored server, and not at all by a copy, nor once it is old.
func TestMessagesAfterARestore(t *testing.T) {
	t.Parallel()
	to := newReceiver(t)
	lost := testkit.DatabaseURL(t)
	key := "SECRET_KEY=" + strings.Repeat("k", 40)
	env := func(url string) []string {
		return []string{"DATABASE_URL=" + url, key, "CENSUS_JWT_SECRET=" + jwtSecret}
	}
	p := launch(t, testkit.DataDir(t), env(lost)...)
	c := p.client(t, "acme")
	c.define("pay", "def pay(input):\n    return 1 / input\n", "notify", map[string]any{"url": to.URL})
	c.define("postpone", "import maestro\ndef postpone(input):\n    return maestro.spawn('pay', 1, delay=3600)\n")
	require.NotEmpty(t, c.result("postpone", nil))
	c.want("POST", "/api/v1/schedules", map[string]any{"name": "yearly", "function_name": "pay", "cron_expression": "@yearly"}, http.StatusCreated)
	require.Equal(t, http.StatusInternalServerError, c.call("pay", 0).status)
	id := to.next(t)
	first := c.told("pending")[0]
	require.Equal(t, id, first["id"])
	p.stop(t)

	db, err := pgx.Connect(t.Context(), lost)
	require.NoError(t, err)
	defer db.Close(t.Context())
	backUp := func(change string) string {
		t.Helper()
		_, err := db.Exec(t.Context(), change)
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "backup.tar")
		output, ok := ran(t, testkit.DataDir(t), env(lost), "backup", path)
		require.True(t, ok, output)
		return path
	}
	restored := func(path string, more ...string) (*client, string) {
		t.Helper()
		url := testkit.EmptyDatabaseURL(t)
		output, ok := ran(t, testkit.DataDir(t), env(url), append([]string{"restore", path}, more...)...)
		require.True(t, ok, output)
		return start(t, testkit.DataDir(t), env(url)...).client(t, "acme"), output
	}
	present := backUp("UPDATE alert_deliveries SET next_at = now()") // the attempt after the refused one is due
	old := backUp("UPDATE alert_deliveries SET created_at = now() - interval '2 days'")
	to.accepts.Store(true)

	one, output := restored(present)
	require.NotContains(t, output, "given up")
	require.Equal(t, id, to.next(t), "receivers can tell that they have had it")
	delivered := one.told("delivered")[0]
	require.Equal(t, id, delivered["id"])
	require.EqualValues(t, 2, delivered["attempts"])
	require.Equal(t, "1.0", one.result("pay", 1))
	recovery := to.next(t)
	require.NotEqual(t, id, recovery)
	require.Equal(t, id, one.told("delivered", "delivered")[1]["id"])

	two, output := restored(present, "--copy")
	require.Contains(t, output, "messages given up 1, runs cancelled 1, schedules switched off 1")
	require.Contains(t, two.told("failed")[0]["error"], "as a copy")
	require.Contains(t, string(two.send("GET", "/api/v1/schedules", nil).body), `"is_active":false`)
	require.NotContains(t, string(two.send("GET", "/api/v1/executions", nil).body), `"pending"`)
	require.Equal(t, http.StatusInternalServerError, two.call("pay", 0).status)
	require.NotContains(t, []string{id, recovery}, to.next(t), "a failure of its own is told")
	two.told("delivered", "failed")

	three, output := restored(old)
	require.Contains(t, output, "messages given up 1, runs cancelled 0, schedules switched off 0")
	require.Contains(t, three.told("failed")[0]["error"], "a day after")
	require.Contains(t, string(three.send("GET", "/api/v1/executions?status=pending", nil).body), `"pending"`)
	require.Empty(t, to.got, "each was delivered once")
}
