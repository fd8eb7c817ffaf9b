package alerts_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/alerts"
	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/repo"
)

// TestReceiverThatIsAway: messages are retried until it is back, in their order.
func TestReceiverThatIsAway(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("pay", f.setting(""))
	f.answers(status(http.StatusServiceUnavailable))
	a := f.start()
	f.ends("pay", model.StatusFailed, 1)
	first := f.next()
	d := f.until(func(d repo.Delivery) bool { return d.Error != "" })
	require.Equal(t, repo.DeliveryPending, d.Status)
	require.Equal(t, 503, d.StatusCode)
	require.Equal(t, "the receiver answered 503 Service Unavailable", d.Error)

	f.clock.forward(5 * time.Second)
	second := f.next()
	require.Equal(t, first.header.Get("webhook-id"), second.header.Get("webhook-id"))
	require.Equal(t, first.body, second.body)
	f.until(func(d repo.Delivery) bool { return d.Attempts == 2 && d.NextAt.After(f.clock.Now()) })

	f.clock.forward(10 * time.Second)
	f.ends("pay", model.StatusCompleted, 1)
	f.clock.forward(10 * time.Second)
	f.until(func(d repo.Delivery) bool { return d.Type == alerts.TypeRecovered })
	f.answers(nil)
	f.clock.forward(time.Hour)
	for {
		if got := f.next(); got.Type == alerts.TypeRecovered {
			break
		}
	}
	f.until(func(d repo.Delivery) bool {
		return d.Type == alerts.TypeRecovered && d.Status == repo.DeliveryDelivered
	})
	all := f.deliveries()
	require.Len(t, all, 2)
	require.Equal(t, repo.DeliveryDelivered, all[0].Status)
	require.False(t, all[1].LastAttemptAt.Before(all[0].EndedAt), "a later message of a problem waits for the earlier one")
	f.stop(a)
}

// TestReceiversThatStayAway: after a day a message is given up, and leads to no other.
func TestReceiversThatStayAway(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("pay", f.setting(""))
	f.function("loop", []byte(`{"function":"absent"}`))
	f.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	f.start()
	f.ends("pay", model.StatusFailed, 1)
	f.next()
	d := f.until(func(d repo.Delivery) bool { return d.Error != "" })
	require.Equal(t, 2*time.Minute, d.NextAt.Sub(f.clock.Now().UTC().Truncate(time.Microsecond)), "as the receiver asks")
	f.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	f.clock.forward(2 * time.Minute)
	f.next()
	d = f.until(func(d repo.Delivery) bool { return d.StatusCode == http.StatusServiceUnavailable })
	require.Equal(t, time.Hour, d.NextAt.Sub(f.clock.Now().UTC().Truncate(time.Microsecond)), "an hour at most")
	f.clock.forward(time.Second)
	f.ends("loop", model.StatusFailed, 1)
	d = f.until(func(d repo.Delivery) bool { return d.Function == "loop" && d.Error != "" })
	require.Contains(t, d.Error, `function absent could not be called: There is no function named "absent"`)
	require.Equal(t, "function absent", d.Target)
	f.clock.forward(25 * time.Hour)
	require.Eventually(t, func() bool {
		for _, d := range f.deliveries() {
			if d.Status != repo.DeliveryFailed {
				return false
			}
		}
		return true
	}, 30*time.Second, 5*time.Millisecond)
	require.Len(t, f.deliveries(), 2)
}

func TestReceiversThatAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	a := f.server()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	hang := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer slow.Close()
	defer close(hang)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	send := func(name, url, members string, answer http.HandlerFunc, code int, want string, change ...func(*alerts.Options)) {
		t.Helper()
		f.answers(answer)
		f.function(name, []byte(`{"url":"`+url+`"`+members+`}`))
		d, err := f.server(change...).Test(t.Context(), tenant, name)
		require.NoError(t, err)
		require.Equal(t, code, d.StatusCode, d.Error)
		require.Contains(t, d.Error, want)
		require.NotContains(t, d.Error, "token", "the address may hold one")
		require.Equal(t, want == "", d.Status == repo.DeliveryDelivered)
	}
	send("fine", f.receiver.URL, "", nil, 204, "")
	send("redirect", f.receiver.URL+"?token=1", "", http.RedirectHandler(elsewhere.URL, http.StatusFound).ServeHTTP, 302, "redirects are not followed")
	send("gone", f.receiver.URL+"?token=1", "", status(http.StatusGone), 410, "the receiver answered 410 Gone")
	send("refused", "http://127.0.0.9:1/?token=1", "", nil, 0, "messages can't be sent to 127.0.0.9")
	send("closed", closed.URL+"?token=1", "", nil, 0, "the receiver can't be reached: connect: connection refused")
	send("nameless", "http://receiver.invalid/?token=1", "", nil, 0, "the name of the receiver can't be resolved")
	send("plain", strings.Replace(f.receiver.URL, "http:", "https:", 1)+"?token=1", "", nil, 0, "the receiver gave no valid answer")
	send("unsigned", f.receiver.URL+"?token=1", `,"secret_name":"ABSENT"`, nil, 0, `there is no secret "ABSENT" to sign with`)
	send("slow", slow.URL+"?token=1", "", nil, 0, "the receiver did not answer within 50ms", func(o *alerts.Options) { o.SendTime = 50 * time.Millisecond })

	require.Len(t, a.Check(&alerts.Setting{URL: "http://127.0.0.9/"}), 1)
	require.Len(t, a.Check(&alerts.Setting{URL: "http://[::ffff:127.0.0.9]:80/"}), 0, "the fixture refuses the plain form only")
	require.Empty(t, a.Check(&alerts.Setting{URL: "http://127.0.0.8/"}))
	require.Len(t, a.Check(&alerts.Setting{URL: "http://127.0.0.8:99999/"}), 1)
	f.answers(nil)
	_, err := a.Test(t.Context(), tenant, "fine")
	require.NoError(t, err)
	_, err = a.Test(t.Context(), tenant, "fine")
	require.Equal(t, model.CodeTooManyRequests, model.CodeOf(err))
	f.clock.forward(2 * time.Minute)
	_, err = a.Test(t.Context(), tenant, "absent")
	require.Equal(t, model.CodeInvalid, model.CodeOf(err), "nothing is set")
}

// TestRestartDuringADelivery: the message is sent again, under its id.
func TestRestartDuringADelivery(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("pay", f.setting(""))
	f.answers(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	a := f.start()
	f.ends("pay", model.StatusFailed, 1)
	first := f.next()
	f.stop(a)
	f.answers(nil)
	f.start()
	second := f.next()
	require.Equal(t, first.header.Get("webhook-id"), second.header.Get("webhook-id"))
	d := f.until(func(d repo.Delivery) bool { return d.Status == repo.DeliveryDelivered })
	require.Equal(t, 1, d.Attempts, "the one that was broken off does not count")
}

// TestDeliveryOfADeadServer: another one takes over once the attempt has had its time.
func TestDeliveryOfADeadServer(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("pay", f.setting(""))
	a := f.server()
	f.ends("pay", model.StatusFailed, 1)
	f.round(a)
	now := f.clock.Now()
	dead, err := f.db.ClaimDeliveries(t.Context(), repo.DeliveryClaim{Now: now, Until: now.Add(time.Minute), Room: 10, PerTenant: 10})
	require.NoError(t, err)
	require.Len(t, dead, 1)
	again, err := f.db.ClaimDeliveries(t.Context(), repo.DeliveryClaim{Now: now, Until: now.Add(time.Minute), Room: 10, PerTenant: 10})
	require.NoError(t, err)
	require.Empty(t, again)
	f.clock.forward(time.Minute)
	require.NoError(t, a.Start(t.Context()))
	f.next()
	f.until(func(d repo.Delivery) bool { return d.Status == repo.DeliveryDelivered && d.Attempts == 2 })
	late := dead[0]
	late.Status, late.Error = repo.DeliveryFailed, "late"
	ours, err := f.db.EndAttempt(t.Context(), &late, now)
	require.NoError(t, err)
	require.False(t, ours, "the dead server's word counts no more")
}

// TestTwoServers: each message is made and delivered once.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const functions = 60
	name := func(i int) string { return "f" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }
	for i := range functions {
		f.function(name(i), f.setting(""))
	}
	f.start()
	f.start()
	var all sync.WaitGroup
	for part := range 2 {
		all.Go(func() {
			for i := range functions {
				for range 3 {
					f.ends(name(i), model.StatusFailed, 1+part)
				}
			}
		})
	}
	all.Wait()
	require.Eventually(t, func() bool {
		delivered := 0
		for _, d := range f.deliveries() {
			if d.Status == repo.DeliveryDelivered {
				delivered++
			}
		}
		return delivered == functions
	}, 60*time.Second, 10*time.Millisecond)
	seen := map[string]int{}
	for range functions {
		seen[f.next().Data.Function]++
	}
	require.Len(t, seen, functions, "one of each")
	require.Empty(t, f.got)
}

func TestAlertsLife(t *testing.T) {
	t.Parallel()
	servicetest.Stress(t, func(t *testing.T) service.Service {
		t.Helper()
		return setup(t).server()
	})
}
