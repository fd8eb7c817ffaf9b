package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/alerts"
)

// receiver is a server that passes on what it gets.
func receiver(t *testing.T) (url string, got chan string) {
	t.Helper()
	got = make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
		w.WriteHeader(http.StatusOK)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

// startAlerts starts the queue and the messages of a fixture.
func startAlerts(t *testing.T, f *fixture) {
	t.Helper()
	require.NoError(t, f.queue.Start(t.Context()))
	require.NoError(t, f.alerts.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, f.alerts.Stop(context.Background())) })
}

func TestNotifySettings(t *testing.T) {
	t.Parallel()
	f := setup(t)
	code := `"name":"f","code":"def f(input):\n    return 1\n"`
	full := `"notify":{"url":"https://alerts.example/x","secret_name":"KEY","events":["failure","missed"],"grace_seconds":60}`
	f.all([]ask{
		{name: "none", call: "GET /api/v1/notify", status: 200, want: []string{`"notify":null`}},
		{name: "default", call: "PUT /api/v1/notify", body: `{"notify":{"function":"on_failure"}}`, status: 200, want: []string{`{"function":"on_failure","events":["failure","recovery","missed"],"grace_seconds":300}`}},
		{name: "stored", call: "GET /api/v1/notify", status: 200, want: []string{`"function":"on_failure"`}},
		{name: "of the subtenant, for administrators", call: "GET /api/v1/subtenants/default", token: f.mint("", true), status: 200, want: []string{`"notify":{"function":"on_failure"`}},
		{name: "by an administrator", call: "PUT /api/v1/subtenants/default", token: f.mint("", true), body: `{"notify":"off"}`, status: 200, want: []string{`"notify":"off"`}},
		{name: "another member", call: "PUT /api/v1/subtenants/default", token: f.mint("", true), body: `{"description":"x"}`, status: 200, want: []string{`"notify":"off"`}},
		{name: "removed", call: "PUT /api/v1/notify", body: `{"notify":null}`, status: 200, want: []string{`"notify":null`}},
		{name: "missing", call: "PUT /api/v1/notify", body: `{}`, status: 422, want: []string{"notify"}},

		{name: "created with", call: "POST /api/v1/functions", body: "{" + code + "," + full + "}", status: 201, want: []string{full, `"version":1`}},
		{name: "shown", call: "GET /api/v1/functions/f", status: 200, want: []string{full}},
		{name: "kept", call: "PUT /api/v1/functions/f", body: `{"code":"def f(input):\n    return 2\n"}`, status: 200, want: []string{full, `"version":2`}},
		{name: "rolled back", call: "POST /api/v1/functions/f/rollback/1", status: 200, want: []string{full, `"version":3`}},
		{name: "sent back", call: "PUT /api/v1/functions/f", body: "{" + full + "}", status: 200, want: []string{full, `"version":3`}},
		{name: "off", call: "PUT /api/v1/functions/f", body: `{"notify":"off"}`, status: 200, want: []string{`"notify":"off"`, `"version":3`}},
		{name: "two secrets", call: "PUT /api/v1/functions/f", body: `{"notify":{"url":"http://x.example","secret_name":["A","B"]}}`, status: 200, want: []string{`"secret_name":["A","B"]`}},
		{name: "the default again", call: "PUT /api/v1/functions/f", body: `{"notify":null}`, status: 200, want: []string{`"notify":null`}},
	})
	for body, pointer := range map[string]string{
		`{}`: "/notify", `"on"`: "/notify", `7`: "/notify", `[]`: "/notify", `{"pager":1}`: "/notify",
		`{"url":"https://a.example","function":"g"}`: "/notify", `{"function":"f"}`: "/notify/function", `{"function":"a b"}`: "/notify/function",
		`{"url":"ftp://a.example"}`: "/notify/url", `{"url":"/x"}`: "/notify/url", `{"url":"http://"}`: "/notify/url", `{"url":7}`: "/notify/url", `{"url":"https://u:p@a.example"}`: "/notify/url",
		`{"url":"https://a.example/#x"}`: "/notify/url", `{"url":"http://169.254.169.254/latest/meta-data"}`: "/notify/url", `{"url":"http://[fe80::1]/"}`: "/notify/url",
		`{"url":"https://a.example","secret_name":7}`: "/notify/secret_name", `{"function":"g","secret_name":"K"}`: "/notify/secret_name",
		`{"function":"g","events":[]}`: "/notify/events", `{"function":"g","events":["all"]}`: "/notify/events/0", `{"function":"g","grace_seconds":1}`: "/notify/grace_seconds", `{"function":"g","grace_seconds":"1"}`: "/notify/grace_seconds",
	} {
		f.must(ask{name: body, call: "PUT /api/v1/functions/f", body: `{"notify":` + body + `}`, status: 422, want: []string{`"pointer":"` + pointer + `"`}})
	}
	f.must(ask{name: "a module", call: "POST /api/v1/functions", body: `{"name":"m","kind":"module","code":"x = 1","notify":"off"}`, status: 422, want: []string{"/notify", "module"}})
}

func TestNotifyTest(t *testing.T) {
	t.Parallel()
	f := setup(t)
	url, got := receiver(t)
	f.function("f", "def f(input):\n    return 1")
	f.all([]ask{
		{name: "nothing is set", call: "POST /api/v1/notify/test", status: 422, want: []string{"Set it first"}},
		{name: "no such function", call: "POST /api/v1/functions/g/notify/test", status: 404},
		{name: "set", call: "PUT /api/v1/notify", body: `{"notify":{"url":"` + url + `"}}`, status: 200},
		{name: "sent", call: "POST /api/v1/notify/test", status: 200, want: []string{`"status":"delivered"`, `"status_code":200`, `"attempts":1`, `"type":"notify.test"`, `"function_name":null`, `"next_attempt_at":null`}},
		{name: "of a function", call: "POST /api/v1/functions/f/notify/test", status: 200, want: []string{`"status":"delivered"`, `"function_name":"f"`}},
		{name: "all", call: "GET /api/v1/notify/deliveries", status: 200, want: []string{`"function_name":"f"`, `"function_name":null`, `"payload":{"type":"notify.test"`}},
		{name: "without payloads", call: "GET /api/v1/notify/deliveries?brief=true", status: 200, want: []string{`"function_name":"f"`, `"status":"delivered"`, `"ended_at":"2`}, lacks: []string{"payload"}},
		{name: "of f", call: "GET /api/v1/notify/deliveries?function_name=f&status=delivered", status: 200, lacks: []string{`"function_name":null`}},
		{name: "failed", call: "GET /api/v1/notify/deliveries?status=failed", status: 200, want: []string{"[]"}},
		{name: "another subtenant's", call: "GET /api/v1/notify/deliveries", token: f.mint("other", false), status: 200, want: []string{"[]"}},
		{name: "another subtenant's", call: "POST /api/v1/functions/f/notify/test", token: f.mint("other", false), status: 404},
		{name: "elsewhere", call: "PUT /api/v1/functions/f", body: `{"notify":{"url":"` + url + `","secret_name":"KEY"}}`, status: 200},
		{name: "no secret", call: "POST /api/v1/functions/f/notify/test", status: 200, want: []string{`"status":"failed"`, `there is no secret \"KEY\"`}},
	})
	require.Contains(t, <-got, `"subtenant":"default"`)
	require.Contains(t, <-got, `"function":"f"`)
	page := f.must(ask{call: "GET /api/v1/notify/deliveries?limit=2", status: 200})
	require.NotEmpty(t, page.Header.Get("X-Next-Cursor"))
	rest := f.must(ask{call: "GET /api/v1/notify/deliveries?limit=2&cursor=" + page.Header.Get("X-Next-Cursor"), status: 200})
	var first, second []map[string]any
	require.NoError(t, json.Unmarshal([]byte(page.text), &first))
	require.NoError(t, json.Unmarshal([]byte(rest.text), &second))
	require.Len(t, first, 2)
	require.Len(t, second, 1)
	f.must(ask{name: "a foreign cursor", call: "GET /api/v1/notify/deliveries?cursor=YQ", status: 400})
}

// TestNotifiedFunction: it is called once with the message, as a run of its own, and
// what it does wrong itself, or what it starts, is told to no function.
func TestNotifiedFunction(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.must(ask{call: "PUT /api/v1/notify", body: `{"notify":{"function":"on_failure"}}`, status: 200})
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"a-secret-value"}`, status: 204})
	f.function("broken", "import maestro\ndef broken(input):\n    raise ValueError('wrong: ' + maestro.secret('KEY'))")
	f.function("also_broken", "def also_broken(input):\n    raise KeyError(input)")
	f.function("on_failure", "import maestro\ndef on_failure(input):\n    maestro.spawn('also_broken', {})\n    raise RuntimeError('told of ' + input['data']['function'])")
	startAlerts(t, f)
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"broken"}`, status: 500})
	runs := func(query string) (all []map[string]any) {
		t.Helper()
		require.NoError(t, json.Unmarshal([]byte(f.must(ask{call: "GET /api/v1/executions?" + query, status: 200}).text), &all))
		return all
	}
	require.Eventually(t, func() bool { return len(runs("function_name=also_broken&status=failed")) == 1 }, 30*time.Second, 20*time.Millisecond)
	told := runs("trigger_type=alert")
	require.Len(t, told, 1)
	require.Equal(t, "on_failure", told[0]["function_name"])
	require.Equal(t, "failed", told[0]["status"])
	require.Equal(t, "told of broken", told[0]["error"])
	data := told[0]["input_data"].(map[string]any)["data"].(map[string]any)
	require.Equal(t, "wrong: ***", data["error"], "secrets are masked")
	require.NoError(t, f.alerts.Round(t.Context()))
	require.NoError(t, f.alerts.Round(t.Context()))
	var deliveries []map[string]any
	require.NoError(t, json.Unmarshal([]byte(f.must(ask{call: "GET /api/v1/notify/deliveries", status: 200}).text), &deliveries))
	require.Len(t, deliveries, 1)
	require.Equal(t, "delivered", deliveries[0]["status"])
	require.Equal(t, told[0]["id"], deliveries[0]["id"], "the message's id is the execution's")

	f.must(ask{name: "fails by itself", call: "POST /api/v1/executions", body: `{"function_name":"also_broken"}`, status: 500})
	require.Eventually(t, func() bool { return len(runs("trigger_type=alert")) == 2 }, 30*time.Second, 20*time.Millisecond)
}

// TestNotifyOfAsynchronousRuns: after the last attempt.
func TestNotifyOfAsynchronousRuns(t *testing.T) {
	t.Parallel()
	f := setup(t)
	url, got := receiver(t)
	f.function("flaky", "import maestro\ndef flaky(input):\n    if maestro.context().attempt < input:\n        raise ValueError('not yet')\n    return 1",
		`"retry":{"max_attempts":3,"backoff_seconds":0},"notify":{"url":"`+url+`","events":["failure"]}`)
	startAlerts(t, f)
	for _, needs := range []int{3, 4} {
		f.must(ask{call: "POST /api/v1/executions", body: fmt.Sprintf(`{"function_name":"flaky","input_data":%d,"mode":"async"}`, needs), status: 202})
	}
	var m alerts.Message
	require.NoError(t, json.Unmarshal([]byte(<-got), &m))
	require.Equal(t, alerts.TypeFailed, m.Type)
	require.Equal(t, 3, m.Data.Attempt)
	require.Equal(t, "ValueError", m.Data.ErrorType)
	require.Zero(t, m.Data.LeftOut)
	require.Empty(t, got)
}

// TestNotifyOfInvalidInput: the caller was told, and strangers make no noise.
func TestNotifyOfInvalidInput(t *testing.T) {
	t.Parallel()
	f := setup(t)
	url, _ := receiver(t)
	f.function("strict", "def strict(input):\n    return 1", `"input_schema":{"type":"integer"},"notify":{"url":"`+url+`"}`)
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"strict","input_data":"x"}`, status: 422})
	require.NoError(t, f.alerts.Round(t.Context()))
	f.must(ask{call: "GET /api/v1/notify/deliveries", status: 200, want: []string{"[]"}})
}

// TestNotifySetDuringARun: the setting at the end of a run counts, that of the function
// and that of the subtenant; where there is none the database is not asked.
func TestNotifySetDuringARun(t *testing.T) {
	t.Parallel()
	f := setup(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- struct{}{}
		<-goOn
	}))
	t.Cleanup(gate.Close)
	f.function("waits", "import urllib.request\ndef waits(input):\n    urllib.request.urlopen(input).read()\n    raise ValueError('late')")
	signals := func(during ask) (n int) {
		t.Helper()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			f.do(ask{call: "POST /api/v1/executions", body: `{"function_name":"waits","input_data":"` + gate.URL + `"}`})
		}()
		<-begun
		if during.call != "" {
			f.must(during)
		}
		goOn <- struct{}{}
		<-ended
		require.NoError(t, f.db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM alert_signals").Scan(&n))
		return n
	}
	require.Equal(t, 0, signals(ask{}))
	require.Equal(t, 1, signals(ask{call: "PUT /api/v1/notify", body: `{"notify":{"function":"g"}}`, status: 200}))
	require.Equal(t, 2, signals(ask{}))
	require.Equal(t, 2, signals(ask{call: "PUT /api/v1/functions/waits", body: `{"notify":"off"}`, status: 200}))
	require.Equal(t, 3, signals(ask{call: "PUT /api/v1/functions/waits", body: `{"notify":{"function":"g"}}`, status: 200}))
	require.Equal(t, 4, signals(ask{call: "PUT /api/v1/subtenants/default", token: f.mint("", true), body: `{"notify":null}`, status: 200}))
	require.Equal(t, 4, signals(ask{call: "PUT /api/v1/functions/waits", body: `{"notify":null}`, status: 200}))
}
