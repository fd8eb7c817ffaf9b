package handlers_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

const seeCode = `import maestro, base64, threading
def see(input):
    r = maestro.request()
    if r is None:
        return None
    return [r.method, r.url, base64.b64encode(r.body).decode(), r.headers.get("x-mine"), r.headers.get("authorization"), sorted(r.headers)]
`

// seen is what see returns.
func seen(t *testing.T, a answer) []any { t.Helper(); return result[[]any](t, a) }

// A function can have the call as it came, in each input mode.
func TestTheRequestAsItCame(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("see", seeCode)
	f.function("through", `import threading, asyncio, maestro
def through(input):
    out = [see(1)]
    t = threading.Thread(target=lambda: out.append(see(2)))
    t.start()
    t.join()
    async def task():
        return see(3)
    out.append(asyncio.run(task()))
    return [o == out[0] for o in out] + [out[0][0]]
`)
	imports, _, _ := strings.Cut(seeCode, "def")
	f.function("typed", imports+"def typed(input):\n    return see(input)", typedSchema)
	for _, mode := range []string{"auto", "request", "body"} {
		f.webhook(`{"path":"see/` + mode + `","function_name":"see","http_method":"ANY","input_mode":"` + mode + `"}`)
		for name, body := range map[string]string{"form": "n=J%FCrgen&a=%zz", "json": `{"a": 1.50}`, "binary": "\x00\xff\xfe", "malformed text": "{", "none": ""} {
			contentType := map[string]string{"form": "application/x-www-form-urlencoded", "json": "application/json", "binary": "application/octet-stream"}[name]
			got := seen(t, f.sent(fmt.Sprintf("PATCH /api/v1/h/see/%s?q=%%zz HTTP/1.1\r\nHost: Example.com\r\nX-Mine: 1\r\nx-mine: 2\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
				mode, contentType, len(body), body)))
			require.Equal(t, []any{
				"PATCH", "http://Example.com/api/v1/h/see/" + mode + "?q=%zz", base64.StdEncoding.EncodeToString([]byte(body)), "1, 2", nil,
				[]any{"Content-Length", "Content-Type", "Host", "X-Mine"},
			}, got, name)
		}
	}
	f.webhook(`{"path":"through","function_name":"through"}`)
	require.Equal(t, []any{true, true, true, "POST"}, seen(t, f.must(ask{call: "POST /api/v1/h/through", token: "-", body: "{}", status: 200})))
	f.webhook(`{"path":"typed","function_name":"typed"}`)
	got := seen(t, f.must(ask{call: "POST /api/v1/h/typed", token: "-", body: `{"name": "x"}`, status: 200}))
	require.Equal(t, base64.StdEncoding.EncodeToString([]byte(`{"name": "x"}`)), got[2])

	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, _ = writer.Write([]byte(`{"a":1}`))
	require.NoError(t, writer.Close())
	got = seen(t, f.must(ask{call: "POST /api/v1/h/see/request", token: "-", header: []string{"Content-Encoding: gzip"}, body: packed.String(), status: 200}))
	require.Equal(t, base64.StdEncoding.EncodeToString(packed.Bytes()), got[2], "as it was sent and signed")

	// Ours no function sees, another's it does.
	require.Nil(t, seen(t, f.must(ask{call: "POST /api/v1/h/see/body", body: "{}", status: 200}))[4])
	require.Equal(t, "Basic Zm9vOmJhcg==", seen(t, f.must(ask{call: "POST /api/v1/h/see/body", token: "-", header: []string{"Authorization: Basic Zm9vOmJhcg=="}, body: "{}", status: 200}))[4])
}

// What came with the request is in no record and no log, unless the function
// shows it; what must not be shown is masked even then.
func TestTheRequestIsNotRecorded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("tells", "import maestro\ndef tells(input):\n    h = maestro.request().headers\n    print(h['Cookie'], h['x-trace'])\n    if input.get('fail'):\n        raise ValueError(h['cookie'])\n    return 1")
	f.webhook(`{"path":"tells","function_name":"tells","input_mode":"body"}`)
	header := []string{"Cookie: session=cookie-12345678", "X-Trace: trace-12345678", "X-Other: other-12345678"}
	f.must(ask{call: "POST /api/v1/h/tells", token: "-", header: header, body: `{}`, status: 200})
	failed := f.must(ask{call: "POST /api/v1/h/tells", header: header, body: `{"fail":true}`, status: 500})
	require.NotContains(t, failed.text, "cookie-12345678")
	require.Contains(t, failed.text, "***")
	dump := testkit.Dump(t, f.database)
	require.NotContains(t, dump, "cookie-12345678")
	require.NotContains(t, dump, "other-12345678")
}

// An asynchronous run has its request until it ends; a retry has none, nor has
// what no request asked for.
func TestTheRequestOfAnAsynchronousRun(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.queue.Start(t.Context()))
	f.function("see", seeCode+`
def unused():
    pass
`)
	f.function("again", "import maestro\nN = []\ndef again(input):\n    N.append(1)\n    r = maestro.request()\n    if len(N) == 1:\n        raise ConnectionError('once')\n    return [maestro.context().attempt, r.method, len(r.body), r.headers.get('authorization')]",
		`"retry":{"max_attempts":2,"backoff_seconds":0.01}`)
	f.function("fails", "import maestro\ndef fails(input):\n    if maestro.request() is not None:\n        raise ValueError('the first time')\n    return 'none'")
	f.function("spawns", "import maestro\ndef spawns(input):\n    return [maestro.request().method, maestro.spawn('see', {})]")
	output := func(id string) string {
		f.becomes(id, "completed")
		return f.must(ask{call: "GET /api/v1/executions/" + id, status: 200}).text
	}
	run := func(body string, status int) string {
		return f.must(ask{call: "POST /api/v1/executions", body: body, status: status}).Header.Get("X-Execution-ID")
	}
	body := `{"function_name":"again", "mode":"async", "input_data":{"deep": [1.0]}}`
	require.Contains(t, output(run(body, 202)), fmt.Sprintf(`"output_data":[2,"POST",%d,null]`, len(body)))
	failed := run(`{"function_name":"fails"}`, 500)
	retry := f.must(ask{call: "POST /api/v1/executions/" + failed + "/retry", status: 202}).Header.Get("X-Execution-ID")
	require.Contains(t, output(retry), `"output_data":"none"`)
	spawned := result[[]string](t, f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"spawns"}`, status: 200}))
	require.Equal(t, http.MethodPost, spawned[0])
	require.Contains(t, output(spawned[1]), `"output_data":null`)
}
