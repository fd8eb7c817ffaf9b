package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/auth"
	"maestro/internal/idempotency"
	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/internal/vault"
)

// runs counts the executions of a function.
func (f *fixture) runs(function string) int {
	f.t.Helper()
	return strings.Count(f.must(ask{call: "GET /api/v1/executions?limit=1000&function_name=" + function, status: 200}).text, `"execution_id"`)
}

const countCode = "N = []\ndef count(input):\n    N.append(1)\n    return len(N)"

func TestARequestWithAKeyRunsOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("count", countCode)
	f.webhook(`{"path":"count","function_name":"count"}`)
	f.webhook(`{"path":"other","function_name":"count","http_method":"ANY"}`)
	f.webhook(`{"path":"guarded","function_name":"count","requires_auth":true}`)
	colleague, err := auth.Mint(signingSecret, auth.Grant{Email: "colleague@example.com", Tenant: "default", TTL: time.Hour})
	require.NoError(t, err)
	key := []string{"Idempotency-Key: k-1"}
	for _, call := range []string{"POST /api/v1/h/count", "POST /api/v1/executions"} {
		body := `{"function_name":"count"}`
		before := f.runs("count")
		first := f.must(ask{call: call, body: body, header: key, status: 200})
		require.Empty(t, first.Header.Get("Idempotent-Replayed"))
		again := f.must(ask{call: call, body: body, header: key, status: 200})
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
		require.Equal(t, first.text, again.text)
		for name := range first.Header {
			if name != "Date" {
				require.Equal(t, first.Header[name], again.Header[name], name)
			}
		}
		require.NotEmpty(t, again.Header.Get("X-Execution-ID"))
		require.Equal(t, before+1, f.runs("count"))
		reused := []string{"idempotency_key_reused"}
		f.all([]ask{
			{name: "another body", call: call, body: `{"function_name": "count"}`, header: key, status: 422, want: reused},
			{name: "another caller", call: call, token: colleague, body: body, header: key, status: 422, want: reused},
			{name: "another query", call: call + "?a=1", body: body, header: key, status: 422, want: reused},
			{name: "another subtenant's key is its own", call: "POST /api/v1/executions", token: f.mint("other", false), body: body, header: key, status: 404},
			{name: "too long", call: call, body: body, header: []string{"Idempotency-Key: " + strings.Repeat("k", 256)}, status: 422, want: []string{`"invalid"`}},
		})
		require.Equal(t, before+1, f.runs("count"))
	}
	body := `{"function_name":"count"}`
	f.all([]ask{
		{name: "another path", call: "POST /api/v1/h/other", body: body, header: key, status: 422},
		{name: "another method", call: "PUT /api/v1/h/other", body: body, header: []string{"Idempotency-Key: k-2"}, status: 200},
		{name: "another method", call: "POST /api/v1/h/other", body: body, header: []string{"Idempotency-Key: k-2"}, status: 422},
		{name: "a stranger", call: "POST /api/v1/h/count", token: "-", body: body, header: key, status: 422},
		{name: "between a guarded webhook and a run", call: "POST /api/v1/h/guarded", body: body, header: key, status: 422},
	})
	before := f.runs("count")
	f.must(ask{name: "no key", call: "POST /api/v1/h/count", body: body, status: 200})
	f.must(ask{name: "no key", call: "POST /api/v1/h/count", body: body, header: []string{"Idempotency-Key: "}, status: 200})
	require.Equal(t, before+2, f.runs("count"))
}

func TestTheKeyInTheBody(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("count", countCode)
	const call = "POST /api/v1/executions"
	first := f.must(ask{call: call, body: `{"function_name":"count","idempotency_key":"k"}`, status: 200})
	f.all([]ask{
		{name: "again", call: call, body: `{"function_name":"count","idempotency_key":"k"}`, status: 200, want: []string{first.text}},
		{name: "with the header too", call: call, body: `{"function_name":"count","idempotency_key":"k"}`, header: []string{"Idempotency-Key: k"}, status: 200, want: []string{first.text}},
		{name: "the header alone is another body", call: call, body: `{"function_name":"count"}`, header: []string{"Idempotency-Key: k"}, status: 422, want: []string{"idempotency_key_reused"}},
		{name: "two keys", call: call, body: `{"function_name":"count","idempotency_key":"a"}`, header: []string{"Idempotency-Key: b"}, status: 422, want: []string{"/idempotency_key"}},
		{name: "an escaped name", call: call, body: `{"function_name":"count","idempotency\u005fkey":"e"}`, status: 200, want: []string{`"result":2`}},
		{name: "an escaped name, again", call: call, body: `{"function_name":"count","idempotency\u005fkey":"e"}`, status: 200, want: []string{`"result":2`}},
		{name: "null is none", call: call, body: `{"function_name":"count","idempotency_key":null}`, status: 200, want: []string{`"result":3`}},
		{name: "empty", call: call, body: `{"function_name":"count","idempotency_key":""}`, status: 422, want: []string{"/idempotency_key"}},
		{name: "too long", call: call, body: `{"function_name":"count","idempotency_key":"` + strings.Repeat("k", 256) + `"}`, status: 422, want: []string{"/idempotency_key"}},
		{name: "no text", call: call, body: `{"function_name":"count","idempotency_key":7}`, status: 422, want: []string{"/idempotency_key"}},
		{name: "not printable", call: call, body: `{"function_name":"count","idempotency_key":"ü\n"}`, status: 422, want: []string{"/idempotency_key"}},
	})
	require.Equal(t, 3, f.runs("count"))
}

func TestWhichAnswersAreKept(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("give", `import maestro
N = []
def give(input):
    N.append(1)
    kind = input["body"]["kind"]
    if kind == "raises":
        raise ValueError(len(N))
    if kind == "cookies":
        return {"status_code": 201, "headers": {"Set-Cookie": ["a=1", "b=2"], "X-N": len(N), "Content-Type": "text/x-mine"}, "body": str(len(N))}
    return maestro.Response(str(len(N)), kind)`)
	f.webhook(`{"path":"give","function_name":"give","response_mode":"raw"}`)
	n := 0
	try := func(kind string) (first, again answer) {
		n++
		a := ask{call: "POST /api/v1/h/give", body: `{"kind":` + kind + `}`, header: []string{fmt.Sprintf("Idempotency-Key: k-%d", n)}}
		return f.do(a), f.do(a)
	}
	for _, kind := range []string{"200", "204", "302", "404", "422", "429", "499", `"cookies"`} {
		first, again := try(kind)
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"), kind)
		first.Header.Del("Date")
		again.Header.Del("Date")
		again.Header.Del("Idempotent-Replayed")
		require.Equal(t, first.Header, again.Header, kind)
		require.Equal(t, first.StatusCode, again.StatusCode, kind)
		require.Equal(t, first.text, again.text, kind)
	}
	for _, kind := range []string{"500", "503", `"raises"`, "99"} {
		first, again := try(kind)
		require.GreaterOrEqual(t, first.StatusCode, 500, kind)
		require.Empty(t, again.Header.Get("Idempotent-Replayed"), kind)
		require.NotEqual(t, first.Header.Get("X-Execution-ID"), again.Header.Get("X-Execution-ID"), kind)
	}
}

// A refusal by which nothing ran, and a failure, are of the moment: the same
// request runs once their cause is mended.
func TestARedeliveryAfterTheFixRuns(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const secret = "shared with them"
	f.must(ask{call: "PUT /api/v1/secrets/S", body: `{"value":"` + secret + `"}`, status: 204})
	f.function("strict", "def strict(input):\n    return 'ran'", `"input_schema":{"type":"object","properties":{"body":{"required":["nope"]},"headers":{}}}`)
	f.function("broken", "def broken(input):\n    raise ValueError('not yet')")
	f.function("shapeless", "import maestro\ndef shapeless(input):\n    return maestro.Response('x', 200, {'a b': 'c'})")
	f.webhook(`{"path":"signed","function_name":"strict","signature":{"scheme":"github","secret_name":"S"}}`)
	f.webhook(`{"path":"broken","function_name":"broken"}`)
	f.webhook(`{"path":"shapeless","function_name":"shapeless","response_mode":"raw"}`)
	const body = `{"action":"opened"}`
	delivery := ask{call: "POST /api/v1/h/signed", token: "-", body: body, header: signed("github", secret, body, time.Now()), status: 422}
	broken := ask{call: "POST /api/v1/h/broken", token: "-", body: "{}", header: []string{"Idempotency-Key: broken"}, status: 500}
	shapeless := ask{call: "POST /api/v1/h/shapeless", token: "-", body: "{}", header: []string{"Idempotency-Key: shapeless"}, status: 500}
	unfit := ask{call: "POST /api/v1/executions", body: `{"function_name":"strict","input_data":{"body":{}},"idempotency_key":"unfit"}`, status: 422}
	later := ask{call: "POST /api/v1/executions", body: `{"function_name":"strict","input_data":{"body":{}},"mode":"async","idempotency_key":"later"}`, status: 422}
	absent := ask{call: "POST /api/v1/executions", body: `{"function_name":"absent","idempotency_key":"absent"}`, status: 404}
	malformed := ask{call: "POST /api/v1/h/broken", token: "-", body: "{", header: []string{"Idempotency-Key: malformed"}, status: 400}
	all := []ask{delivery, broken, shapeless, unfit, later, absent, malformed}
	for range 2 {
		for _, a := range all {
			require.Empty(t, f.must(a).Header.Get("Idempotent-Replayed"), a.call)
		}
	}
	f.must(ask{call: "PUT /api/v1/functions/strict", body: `{"input_schema":{"type":"object","properties":{"body":{},"headers":{}}}}`, status: 200})
	f.must(ask{call: "PUT /api/v1/functions/broken", body: `{"code":"def broken(input):\n    return 1"}`, status: 200})
	f.must(ask{call: "PUT /api/v1/functions/shapeless", body: `{"code":"def shapeless(input):\n    return {'status_code': 400, 'body': 'no'}"}`, status: 200})
	f.function("absent", "def absent(input):\n    return 1")
	for _, a := range all[:6] {
		a.status = 200
		switch a.call {
		case shapeless.call:
			a.status = 400
		case later.call:
			if a.body == later.body {
				a.status = 202
			}
		}
		first := f.do(a)
		require.Equal(t, a.status, first.StatusCode, first.text)
		require.Empty(t, first.Header.Get("Idempotent-Replayed"), a.call)
		again := f.do(a)
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"), a.call)
		require.Equal(t, first.text, again.text)
	}
}

// Repeats that wait for a first run that fails run one at a time, and the first
// of them that returns answers the others.
func TestRepeatsOfAFailedRunDoNotRunAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("third", `import time
N, NOW, MOST = [], [], []
def third(input):
    N.append(1)
    NOW.append(1)
    MOST.append(len(NOW))
    time.sleep(0.1)
    NOW.pop()
    if len(N) < 3:
        raise ValueError(len(N))
    return [len(N), max(MOST)]`)
	f.webhook(`{"path":"third","function_name":"third"}`)
	var all sync.WaitGroup
	answers := make([]answer, 8)
	for i := range answers {
		all.Go(func() {
			answers[i] = f.do(ask{call: "POST /api/v1/h/third", token: "-", body: "{}", header: []string{"Idempotency-Key: k"}})
		})
	}
	all.Wait()
	failed := 0
	for _, a := range answers {
		if a.StatusCode == http.StatusInternalServerError {
			failed++
			continue
		}
		require.Equal(t, http.StatusOK, a.StatusCode, a.text)
		require.Contains(t, a.text, `"result":[3,1]`)
	}
	require.Equal(t, 2, failed)
	require.Equal(t, 3, f.runs("third"))
}

// Two of a header that decides who asks, and for what, could be read either way.
func TestRepeatedDecidingHeaders(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("count", countCode)
	f.webhook(`{"path":"count","function_name":"count"}`)
	for _, name := range []string{"Authorization", "X-Subtenant-ID", "Idempotency-Key"} {
		for _, call := range []string{"POST /api/v1/h/count", "POST /api/v1/executions", "GET /api/v1/functions", "GET /api/v1/subtenants"} {
			value := "default"
			if name == "Authorization" {
				value = "Bearer " + f.token
			}
			got := f.sent(call + " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n" + name + ": " + value + "\r\n" + strings.ToLower(name) + ": " + value + "\r\n\r\n")
			require.Equal(t, http.StatusBadRequest, got.StatusCode, "%s %s", name, call)
			require.Contains(t, got.text, name)
		}
	}
	require.Zero(t, f.runs("count"))
}

func TestARepeatWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("slow", "import time\ndef slow(input):\n    print('x')\n    time.sleep(0.5)\n    return 1")
	f.function("endless", "import time\ndef endless(input):\n    time.sleep(60)", `"timeout_seconds":1.5`)
	f.webhook(`{"path":"slow","function_name":"slow"}`)
	f.webhook(`{"path":"endless","function_name":"endless"}`)
	var all sync.WaitGroup
	texts := make([]string, 8)
	for i := range texts {
		all.Go(func() {
			texts[i] = f.do(ask{call: "POST /api/v1/h/slow", token: "-", body: "{}", header: []string{"Idempotency-Key: k"}}).text
		})
	}
	all.Wait()
	for _, text := range texts {
		require.Equal(t, texts[0], text)
	}
	require.Contains(t, texts[0], `"success":true`)
	require.Equal(t, 1, f.runs("slow"))

	// A first run that is still going at the repeat's own deadline.
	gate := f.gate(time.Minute)
	request := idempotency.Request{Tenant: "default", Scope: "public", Key: "key:held", ExecutionID: model.NewID()}
	request.Fingerprint = handlers.Fingerprint("POST", "/api/v1/h/endless", "", "{}")
	claim, _, err := gate.Begin(t.Context(), request)
	require.NoError(t, err)
	got := f.must(ask{call: "POST /api/v1/h/endless", token: "-", body: "{}", header: []string{"Idempotency-Key: held"}, status: 409, want: []string{"idempotency_key_in_use"}})
	require.NotEmpty(t, got.Header.Get("Retry-After"))
	require.Zero(t, f.runs("endless"))
	claim.Finish(t.Context(), idempotency.Answer{Status: http.StatusAccepted, Headers: [][2]string{{"X-Of", "another server"}}, Body: []byte("done")})
	got = f.must(ask{name: "answered by another server", call: "POST /api/v1/h/endless", token: "-", body: "{}", header: []string{"Idempotency-Key: held"}, status: 202, want: []string{"done"}})
	require.Equal(t, "another server", got.Header.Get("X-Of"))
}

// gate is that of another server on the same database.
func (f *fixture) gate(lease time.Duration) *idempotency.Gate {
	f.t.Helper()
	answers, err := vault.New(signingSecret, vault.Answers)
	require.NoError(f.t, err)
	return idempotency.New(f.db, answers, idempotency.Options{Lease: lease}, testkit.Logger(f.t))
}

// A server that dies holds its keys no longer than their lease. What its run
// came to is the answer, when that was recorded.
func TestAServerThatDiesWithAKey(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("count", countCode)
	f.webhook(`{"path":"count","function_name":"count"}`)
	recorded := f.must(ask{call: "POST /api/v1/h/count", token: "-", body: "{}", status: 200}).Header.Get("X-Execution-ID")
	for key, id := range map[string]model.ID{"recorded": must(model.ParseID(recorded)), "lost": model.NewID()} {
		state, err := f.db.ClaimKey(t.Context(), handlers.ClaimOf("default", "public", "key:"+key,
			handlers.Fingerprint("POST", "/api/v1/h/count", "", "{}"), id, 50*time.Millisecond)) // and it is not renewed
		require.NoError(t, err)
		require.True(t, state.Claimed)
	}
	got := f.must(ask{call: "POST /api/v1/h/count", token: "-", body: "{}", header: []string{"Idempotency-Key: recorded"}, status: 200, want: []string{recorded, `"result":1`}})
	require.Equal(t, recorded, got.Header.Get("X-Execution-ID"))
	require.Equal(t, "true", got.Header.Get("Idempotent-Replayed"))
	require.Equal(t, 1, f.runs("count"))
	f.must(ask{call: "POST /api/v1/h/count", token: "-", body: "{}", header: []string{"Idempotency-Key: lost"}, status: 200, want: []string{`"result":2`}})
	require.Equal(t, 2, f.runs("count"))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestDeliveriesRunOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("count", countCode)
	const secret = "shared with them"
	f.must(ask{call: "PUT /api/v1/secrets/S", body: `{"value":"` + secret + `"}`, status: 204})
	deliveries := map[string]string{
		"github": `{"n":1}`, "standard-webhooks": `{"n":2}`,
		"stripe": `{"id":"evt_1","pending_webhooks":2}`, "slack": `{"type":"event_callback","event_id":"Ev1"}`,
	}
	for scheme, body := range deliveries {
		for _, path := range []string{scheme, scheme + "/too"} {
			f.webhook(`{"path":"` + path + `","function_name":"count","signature":{"scheme":"` + scheme + `","secret_name":"S"}}`)
		}
		before := f.runs("count")
		first := f.must(ask{call: "POST /api/v1/h/" + scheme, token: "-", body: body, header: signed(scheme, secret, body, time.Now().Add(-time.Minute)), status: 200})
		if scheme == "stripe" {
			body = strings.Replace(body, "2}", "1}", 1)
		}
		again := f.must(ask{name: "signed anew", call: "POST /api/v1/h/" + scheme, token: "-", body: body, header: signed(scheme, secret, body, time.Now()), status: 200})
		require.Equal(t, first.text, again.text)
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
		require.Equal(t, before+1, f.runs("count"))
		f.must(ask{name: "not signed", call: "POST /api/v1/h/" + scheme, token: "-", body: body, header: signed(scheme, "guessed", body, time.Now()), status: 401})
		f.must(ask{name: "the same event for another webhook", call: "POST /api/v1/h/" + scheme + "/too", token: "-", body: body, header: signed(scheme, secret, body, time.Now()), status: 200})
		require.Equal(t, before+2, f.runs("count"))
	}
	const body = `{"n":3}`
	f.must(ask{name: "one id, another body", call: "POST /api/v1/h/standard-webhooks", token: "-", body: body, header: signed("standard-webhooks", secret, body, time.Now()), status: 422, want: []string{"idempotency_key_reused"}})
}

// A stored answer does not reveal its content.
func TestKeptAnswersAreSealed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"swordfish-5678"}`, status: 204})
	f.function("read", "import maestro\ndef read(input):\n    return maestro.secret('KEY')")
	a := ask{call: "POST /api/v1/executions", body: `{"function_name":"read"}`, header: []string{"Idempotency-Key: sword-key"}, status: 200, want: []string{"swordfish-5678"}}
	f.must(a)
	f.must(a)
	dump := testkit.Dump(t, f.database)
	require.NotContains(t, dump, "swordfish-5678")
	require.NotContains(t, dump, "sword-key")
}
