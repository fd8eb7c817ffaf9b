package handlers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRefusedCallsAreListed: with their reasons and without any value, and for their owner alone.
func TestRefusedCallsAreListed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", echoCode)
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"whsec_of-stripe"}`, status: 204})
	id := f.webhook(`{"path":"s","function_name":"echo","signature":{"scheme":"stripe","secret_name":"KEY"}}`)
	none := f.webhook(`{"path":"n","function_name":"echo","signature":{"scheme":"stripe","secret_name":"MISSING"}}`)
	list := "GET /api/v1/webhooks/" + id + "/refusals"
	f.must(ask{call: list, status: 200, want: []string{"[]"}})
	now := time.Now()
	call := ask{call: "POST /api/v1/h/s", token: "-", body: `{"card":"4242"}`, status: 401}
	for range 3 {
		f.must(call)
	}
	call.header = signed("stripe", "another-secret", call.body, now)
	f.must(call)
	call.header = signed("stripe", "whsec_of-stripe", call.body, now.Add(-time.Hour))
	f.must(call)
	call.header = []string{"Stripe-Signature: nothing", "X-Private: a-private-value"}
	f.must(call)
	call.header = signed("stripe", "whsec_of-stripe", call.body, now)
	f.must(ask{call: call.call, token: "-", body: call.body, header: call.header, status: 200})
	f.must(ask{call: "POST /api/v1/h/n", token: "-", body: `{}`, header: signed("stripe", "any", "{}", now), status: 401})

	var all []struct {
		Reason  string   `json:"reason"`
		Address *string  `json:"address"`
		Calls   int      `json:"calls"`
		Method  string   `json:"http_method"`
		Headers []string `json:"header_names"`
	}
	calls := map[string]int{}
	require.Eventually(t, func() bool {
		text := f.do(ask{call: list}).text
		require.NoError(t, json.Unmarshal([]byte(text), &all), text)
		require.NotContains(t, text, "4242")
		require.NotContains(t, text, "private-value")
		clear(calls)
		sum := 0
		for _, r := range all {
			calls[r.Reason] += r.Calls
			sum += r.Calls
		}
		return sum == 6
	}, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, map[string]int{"signature_missing": 3, "signature_mismatch": 1, "signature_stale": 1, "signature_malformed": 1}, calls)
	for _, r := range all {
		require.Equal(t, "127.0.0.1", *r.Address)
		require.Equal(t, "POST", r.Method)
		require.Contains(t, r.Headers, "Content-Type")
		require.Equal(t, r.Reason == "signature_malformed", strings.Contains(fmt.Sprint(r.Headers), "X-Private"))
	}
	require.Len(t, f.page("/api/v1/webhooks/"+id+"/refusals", 1), len(all))
	require.Eventually(t, func() bool {
		return strings.Contains(f.do(ask{call: "GET /api/v1/webhooks/" + none + "/refusals"}).text, "no_secret")
	}, 20*time.Second, 20*time.Millisecond)

	other := f.mint("other", false)
	f.must(ask{call: list, token: other, status: 404})
	f.must(ask{call: "GET /api/v1/webhooks/unknown/refusals", status: 404})
	f.must(ask{call: list + "?cursor=x", status: 400})
}
