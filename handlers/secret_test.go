package handlers_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/auth"
	"maestro/internal/testkit"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	f := setup(t)
	other := f.mint("other", false)
	expired, err := auth.Mint(signingSecret, auth.Grant{Email: "user@example.com", Tenant: "default", TTL: time.Hour, Now: time.Now().Add(-2 * time.Hour)})
	require.NoError(t, err)
	const value = "swordfish-5678"
	put := `{"value":"` + value + `"}`
	f.all([]ask{
		{name: "store", call: "PUT /api/v1/secrets/KEY", body: put, status: 204, lacks: []string{value}},
		{name: "store another", call: "PUT /api/v1/secrets/a.b-c_1", body: `{"value":"x"}`, status: 204},
		{name: "store anew", call: "PUT /api/v1/secrets/KEY", body: `{"value":"` + value + `!"}`, status: 204},
		{name: "another subtenant's of the same name", call: "PUT /api/v1/secrets/KEY", token: other, body: put, status: 204},
		{name: "list", call: "GET /api/v1/secrets", status: 200, want: []string{`"name":"KEY"`, `"name":"a.b-c_1"`, `"created_at":"2`, `"updated_at":"2`}, lacks: []string{"value", "swordfish"}},
		{name: "list, page by page", call: "GET /api/v1/secrets?limit=1", status: 200, want: []string{`"KEY"`}, lacks: []string{"a.b-c_1"}},
		{name: "list, the rest", call: "GET /api/v1/secrets?offset=1", status: 200, want: []string{"a.b-c_1"}, lacks: []string{`"KEY"`}},
		{name: "limit", call: "GET /api/v1/secrets?limit=1001", status: 422, want: []string{"/query/limit"}},
		{name: "another subtenant sees its own alone", call: "GET /api/v1/secrets", token: other, status: 200, lacks: []string{"a.b-c_1"}},
		{name: "a value can't be got", call: "GET /api/v1/secrets/KEY", status: 405},
		{name: "wrong method", call: "POST /api/v1/secrets", body: put, status: 405},

		{name: "no value", call: "PUT /api/v1/secrets/K", body: `{}`, status: 422, want: []string{"value"}},
		{name: "no text", call: "PUT /api/v1/secrets/K", body: `{"value":12345678}`, status: 422, want: []string{`"/value"`}, lacks: []string{"12345678"}},
		{name: "null", call: "PUT /api/v1/secrets/K", body: `{"value":null}`, status: 422, want: []string{`"/value"`}},
		{name: "empty", call: "PUT /api/v1/secrets/K", body: `{"value":""}`, status: 422, want: []string{`"/value"`}},
		{name: "too long", call: "PUT /api/v1/secrets/K", body: `{"value":"` + strings.Repeat("x", 65537) + `"}`, status: 422, want: []string{`"/value"`}, lacks: []string{"xxx"}},
		{name: "no character", call: "PUT /api/v1/secrets/K", body: `{"value":"swordfish: \ud800"}`, status: 422, want: []string{`"/value"`}, lacks: []string{"swordfish"}},
		{name: "unknown member", call: "PUT /api/v1/secrets/K", body: `{"value":"` + value + `","ttl":1}`, status: 422, want: []string{`"/ttl"`}, lacks: []string{value}},
		{name: "malformed", call: "PUT /api/v1/secrets/K", body: `{"value":"` + value, status: 400, lacks: []string{value}},
		{name: "no body", call: "PUT /api/v1/secrets/K", status: 400},
		{name: "not JSON", call: "PUT /api/v1/secrets/K", header: []string{"Content-Type: text/plain"}, body: value, status: 415, lacks: []string{value}},
		{name: "bad name", call: "PUT /api/v1/secrets/1K", body: put, status: 422, want: []string{"/path/name"}},
		{name: "bad name", call: "PUT /api/v1/secrets/a%20b", body: put, status: 422, want: []string{"/path/name"}},
		{name: "long name", call: "PUT /api/v1/secrets/" + strings.Repeat("K", 256), body: put, status: 422, want: []string{"/path/name"}},
		{name: "none of them was stored", call: "GET /api/v1/secrets", status: 200, lacks: []string{`"K"`}},

		{name: "delete", call: "DELETE /api/v1/secrets/a.b-c_1", status: 204},
		{name: "deleted", call: "DELETE /api/v1/secrets/a.b-c_1", status: 404, want: []string{"secret_not_found"}},
		{name: "no such", call: "DELETE /api/v1/secrets/missing", status: 404, want: []string{"secret_not_found"}},
		{name: "another subtenant's", call: "DELETE /api/v1/secrets/KEY", token: f.mint("third", false), status: 404},
	})
	for _, call := range []string{"GET /api/v1/secrets", "PUT /api/v1/secrets/KEY", "DELETE /api/v1/secrets/KEY"} {
		f.must(ask{name: "no token", call: call, token: "-", body: put, status: 401, lacks: []string{value}})
		f.must(ask{name: "expired", call: call, token: expired, body: put, status: 401, lacks: []string{value}})
	}
	require.NotContains(t, f.log.String(), "swordfish")
}

// A secret that a function uses appears only in its successful result: in no other
// response, no log, and no row of the database.
func TestASecretIsShownNowhere(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.Debug = true; o.AccessLog = nil })
	const value = `sword"fish\ü-5678`
	quoted, err := json.Marshal(value)
	require.NoError(t, err)
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":` + string(quoted) + `}`, status: 204})
	f.function("read", "import maestro\ndef read(input):\n    return maestro.secret('KEY')")
	f.function("tell", `import json, logging, sys, maestro
AT_IMPORT = maestro.secret('KEY')
def tell(input):
    secret = read()
    print("printed", secret)
    print(json.dumps({"key": secret}), repr(secret), file=sys.stderr)
    logging.warning("logged %s", secret)
    maestro.log.info("fields", key=secret, **{secret: 1})
    echo({"key": secret, "nested": json.dumps([secret])})
    try:
        fail({"key": secret})
    except ValueError:
        pass
    return {"key": secret, "same": AT_IMPORT == secret}`)
	f.function("echo", echoCode)
	f.function("fail", "def fail(input):\n    raise ValueError(input['key'])")
	f.function("strict", "def strict(input):\n    return input", `"input_schema":{"enum":["x"]}`, `"output_schema":{"enum":["y"]}`)
	f.function("misses", "import maestro\ndef misses(input):\n    return maestro.secret('MISSING')")
	f.webhook(`{"path":"tell","function_name":"tell"}`)
	f.webhook(`{"path":"fail","function_name":"fail","input_mode":"body"}`)

	got := f.must(ask{name: "a successful result is its caller's", call: "POST /api/v1/h/tell", token: "-", body: `{"sent":` + string(quoted) + `}`, status: 200, want: []string{`"same":true`}})
	var answered struct{ Result struct{ Key string } }
	require.NoError(t, json.Unmarshal([]byte(got.text), &answered))
	require.Equal(t, value, answered.Result.Key)
	execution := "GET /api/v1/executions/" + got.Header.Get("X-Execution-ID")
	secretive := []string{"sword", "fish", "5678"}
	f.all([]ask{
		{name: "the record", call: execution, status: 200, want: []string{`"key":"***"`, `"sent":"***"`, `"record_complete":false`}, lacks: secretive},
		{name: "its steps", call: execution + "/steps", status: 200, want: []string{`"key":"***"`, `"output_data":"***"`, `"error":"***"`, `ValueError: ***`}, lacks: secretive},
		{name: "an exception", call: "POST /api/v1/h/fail", body: `{"key":` + string(quoted) + `}`, status: 500, want: []string{"ValueError: ***", "traceback"}, lacks: secretive},
		{name: "an input", call: "POST /api/v1/executions", body: `{"function_name":"strict","input_data":` + string(quoted) + `}`, status: 422, lacks: secretive},
		{name: "an unknown function", call: "POST /api/v1/executions", body: `{"function_name":` + string(quoted) + `}`, status: 404, want: []string{"***"}, lacks: secretive},
		{name: "an unknown secret", call: "POST /api/v1/executions", body: `{"function_name":"misses"}`, status: 500, want: []string{"SecretNotFound", "MISSING"}},
	})
	require.Eventually(t, func() bool {
		log := f.do(ask{call: execution + "/logs"})
		return strings.Contains(log.text, "execution_completed")
	}, 5*time.Second, 10*time.Millisecond)
	f.must(ask{name: "the live log", call: execution + "/logs", status: 200, want: []string{"printed ***", "logged ***", `"key":"***"`, `"***":1`}, lacks: secretive})
	require.NotContains(t, testkit.Dump(t, f.database), "fish")
	require.NotContains(t, f.log.String(), "fish")
	require.Contains(t, testkit.Dump(t, f.database), "***", "the dump has the stored text")
}

func TestASecretStoredOrDeletedDuringARun(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("wait", `import time, maestro
def wait(input):
    read = maestro.secret("READ")
    print("began")
    for _ in range(1000):
        try:
            stored = maestro.secret("STORED")
        except KeyError:
            time.sleep(0.01)
        else:
            print(stored, read)
            return {"stored": stored, "read": read}`)
	f.must(ask{call: "PUT /api/v1/secrets/READ", body: `{"value":"read-and-deleted"}`, status: 204})
	done := make(chan answer, 1)
	go func() {
		done <- f.do(ask{call: "POST /api/v1/executions", body: `{"function_name":"wait","input_data":["stored-under-way","read-and-deleted"]}`})
	}()
	require.Eventually(t, func() bool {
		return strings.Contains(f.do(ask{call: "GET /api/v1/executions?status=running"}).text, `"wait"`)
	}, 5*time.Second, 10*time.Millisecond)
	f.must(ask{call: "DELETE /api/v1/secrets/READ", status: 204})
	f.must(ask{call: "PUT /api/v1/secrets/STORED", body: `{"value":"stored-under-way"}`, status: 204})
	got := <-done
	require.Equal(t, 200, got.StatusCode, got.text)
	require.Contains(t, got.text, `{"stored":"stored-under-way","read":"read-and-deleted"}`)
	f.must(ask{call: "GET /api/v1/executions/" + got.Header.Get("X-Execution-ID"), status: 200,
		want: []string{`"output_data":{"stored":"***","read":"***"}`, `"input_data":["***","***"]`}})
	require.NotContains(t, testkit.Dump(t, f.database), "stored-under-way")
	require.NotContains(t, testkit.Dump(t, f.database), "read-and-deleted")
}

// BenchmarkWebhookWithSecrets: what masking costs a whole call. Compare the
// rows: the first has nothing to mask.
func BenchmarkWebhookWithSecrets(b *testing.B) {
	for _, count := range []int{0, 1, 100} {
		b.Run(fmt.Sprintf("%d secrets", count), func(b *testing.B) {
			f := setup(b, func(o *handlers.Options) { o.Log = slog.New(slog.DiscardHandler) })
			f.function("hello", "def hello(input):\n    return input")
			f.webhook(`{"path":"hello","function_name":"hello"}`)
			for i := range count {
				f.must(ask{call: fmt.Sprintf("PUT /api/v1/secrets/KEY_%d", i), body: fmt.Sprintf(`{"value":"secret-value-%d"}`, i), status: 204})
			}
			f.callInLoop(b, "/api/v1/h/hello", `{"name":"Claude","items":[`+strings.Repeat(`{"name":"an item","amount":12.5},`, 30)+`null]}`)
		})
	}
}
