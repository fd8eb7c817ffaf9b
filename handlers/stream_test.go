package handlers_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
)

// generator saves a function and a raw webhook of its name.
func (f *fixture) generator(name, code string, extra ...string) {
	f.t.Helper()
	f.function(name, code, extra...)
	f.webhook(`{"path":"` + name + `","function_name":"` + name + `","http_method":"ANY","response_mode":"raw"}`)
}

// ended returns the execution of an answer once it is over.
func (f *fixture) ended(id string) map[string]any {
	f.t.Helper()
	var e map[string]any
	require.Eventually(f.t, func() bool {
		got := f.do(ask{call: "GET /api/v1/executions/" + id})
		return json.Unmarshal([]byte(got.text), &e) == nil && got.StatusCode == http.StatusOK && e["completed_at"] != nil
	}, 20*time.Second, 10*time.Millisecond)
	return e
}

// calling opens the response of a webhook whose function takes its turn by the secret
// GO: it yields once for each value that is stored there.
func (f *fixture) calling(path string) (*http.Response, *bufio.Reader) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	f.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+path, nil)
	require.NoError(f.t, err)
	response, err := f.client.Do(request)
	require.NoError(f.t, err)
	f.t.Cleanup(func() { _ = response.Body.Close() })
	return response, bufio.NewReader(response.Body)
}

func (f *fixture) turn(n int) {
	f.t.Helper()
	f.must(ask{call: "PUT /api/v1/secrets/TURN", body: fmt.Sprintf(`{"value":"%d"}`, n), status: 204})
}

const waitsForTurn = `
import time, asyncio, maestro

def turn():
    return int(maestro.secret("TURN"))
`

func TestStreamedItems(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, c := range map[string]struct {
		code, media, body, record string
	}{
		"texts":     {"def texts(input):\n yield 'a'\n yield 'ü\\n'\n yield {'b': 1}", "text/plain; charset=utf-8", "aü\ndata: {\"b\":1}\n\n", `["a","ü\n",{"b":1}]`},
		"values":    {"async def values(input):\n yield {'n': 1}\n yield None\n yield 'a\\nb'\n yield 'data: [DONE]\\n\\n'\n yield b'\\xff'", "text/event-stream", "data: {\"n\":1}\n\ndata: null\n\ndata: \"a\\nb\"\n\ndata: [DONE]\n\ndata: \"/w==\"\n\n", `[{"n":1},null,"a\nb","data: [DONE]\n\n","/w=="]`},
		"octets":    {"def octets(input):\n yield b'\\xc3'\n yield bytearray(b'\\xbc')", "application/octet-stream", "ü", `["ww==","vA=="]`},
		"formatted": {"def formatted(input):\n yield 'event: x\\ndata: 1\\n\\n'\n yield 'data: 2'\n yield '\\n\\n'", "text/event-stream", "event: x\ndata: 1\n\ndata: 2\n\n", `["event: x\ndata: 1\n\n","data: 2","\n\n"]`},
		"empty":     {"def empty(input):\n return\n yield", "text/plain; charset=utf-8", "", `[]`},
		"rows":      {"import maestro\ndef rows(input):\n return maestro.Response(map(str, range(3)), 203, {'Content-Type': 'text/csv', 'Cache-Control': 'max-age=1'})", "text/csv", "012", `{"status_code":203,"headers":{"Cache-Control":"max-age=1","Content-Type":"text/csv"},"body":["0","1","2"]}`},
	} {
		f.generator(name, c.code)
		got := f.do(ask{call: "POST /api/v1/h/" + name, token: "-"})
		require.Equal(t, c.media, got.Header.Get("Content-Type"), name)
		require.Equal(t, c.body, got.text, name)
		require.Equal(t, "no", got.Header.Get("X-Accel-Buffering"))
		require.NotEmpty(t, got.Header.Get("Cache-Control"))
		require.Equal(t, []string{"chunked"}, got.TransferEncoding, name)
		e := f.ended(got.Header.Get("X-Execution-ID"))
		require.Equal(t, "completed", e["status"])
		require.Equal(t, true, e["record_complete"])
		output, err := json.Marshal(e["output_data"])
		require.NoError(t, err)
		require.JSONEq(t, c.record, string(output), name)
		require.Equal(t, name == "rows", got.StatusCode == http.StatusNonAuthoritativeInfo)

		head := f.do(ask{call: "HEAD /api/v1/h/" + name, token: "-"})
		require.Equal(t, c.media, head.Header.Get("Content-Type"), name)
		require.Equal(t, "completed", f.ended(head.Header.Get("X-Execution-ID"))["status"], "HEAD drops the body only")
	}
}

func TestStreamAsItIsYielded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.turn(0)
	f.generator("sync", waitsForTurn+`
def sync(input):
    for n in range(3):
        while turn() < n: time.sleep(0.005)
        yield f"{n}\n"
`)
	f.generator("asynchronous", waitsForTurn+`
async def asynchronous(input):
    for n in range(3):
        while turn() < n: await asyncio.sleep(0.005)
        yield f"{n}\n"
`)
	for _, name := range []string{"sync", "asynchronous"} {
		f.turn(0)
		_, body := f.calling("/api/v1/h/" + name)
		for n := range 3 {
			f.turn(n) // only now may it yield the next one: a buffered response would never come
			line, err := body.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%d\n", n), line)
		}
		_, err := body.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	}
}

func TestFailureOfStream(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.generator("first", "def first(input):\n raise ValueError('sword')\n yield")
	f.generator("unfit", "def unfit(input):\n yield object()")
	f.generator("text", "def text(input):\n yield 'a'\n raise ValueError('sword')")
	f.generator("value", "async def value(input):\n yield 1\n raise ValueError('sword')")
	f.generator("octets", "def octets(input):\n yield b'a'\n raise ValueError('sword')")
	f.generator("late", "import asyncio\nasync def late(input):\n yield 1\n await asyncio.sleep(60)", `"timeout_seconds":0.3`)
	f.generator("schema", "def schema(input):\n yield 1\n yield 'b'", `"output_schema":{"type":"array","items":{"type":"integer"}}`)
	f.all([]ask{
		{call: "POST /api/v1/h/first", token: "-", status: 500, want: []string{"function_failed"}, lacks: []string{"sword"}},
		{call: "POST /api/v1/h/unfit", status: 500, want: []string{"item: object of type object is not a JSON value"}},
		{call: "POST /api/v1/h/text", token: "-", status: 200, want: []string{"a\n\nevent: error\ndata: {", `"code":"function_failed"`, `"execution_id"`}, lacks: []string{"sword"}},
		{call: "POST /api/v1/h/value", status: 200, want: []string{"data: 1\n\nevent: error\ndata: {", "value raised ValueError: sword"}},
		{call: "POST /api/v1/h/late", status: 200, want: []string{"data: 1\n\nevent: error\ndata: {", `"code":"timeout"`, `"status":504`}},
		{call: "POST /api/v1/h/schema", status: 200, want: []string{"data: 1\n\ndata: \"b\"\n\nevent: error\n", `"code":"output_invalid"`}},
	})
	response, err := f.client.Post(f.url+"/api/v1/h/octets", "", nil)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a download that has failed is no shorter one")
	require.Equal(t, "a", string(text))
	e := f.ended(response.Header.Get("X-Execution-ID"))
	require.Equal(t, "failed", e["status"])
	require.Equal(t, []any{"YQ=="}, e["output_data"], "the items sent until then")
}

func TestStreamOfRun(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("tokens", "def tokens(input):\n yield 'a'\n yield from input")
	body := `{"function_name":"tokens","input_data":[1,"b\n"]}`
	f.must(ask{call: "POST /api/v1/executions", body: body, status: 200, want: []string{`"result":["a",1,"b\n"]`}})
	got := f.must(ask{call: "POST /api/v1/executions", body: body, header: []string{"Accept: text/event-stream"}, status: 200})
	require.Equal(t, "text/event-stream", got.Header.Get("Content-Type"))
	require.Equal(t, "data: \"a\"\n\ndata: 1\n\ndata: \"b\\n\"\n\n", got.text)
	require.NotEmpty(t, got.Header.Get("X-Execution-ID"))
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"tokens","input_data":3}`, header: []string{"Accept: text/event-stream"}, status: 200,
		want: []string{"data: \"a\"\n\nevent: error\n"}})
	f.function("plain", "def plain(input):\n return 'a'")
	f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"plain"}`, header: []string{"Accept: text/event-stream"}, status: 200, want: []string{`"result":"a"`}})
}

func TestStreamWhoseClientGoes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("note", "def note(input):\n return input")
	f.generator("sync", `
import time
def sync(input):
    try:
        while True:
            yield "x"
            time.sleep(0.005)
    except GeneratorExit:
        note("closed")
        raise
`)
	f.generator("asynchronous", `
import asyncio
async def asynchronous(input):
    try:
        while True:
            yield "x"
            await asyncio.sleep(0.005)
    finally:
        note("closed")
`)
	f.generator("silent", `
import asyncio
async def silent(input):
    yield "x"
    await asyncio.Event().wait()
`)
	f.generator("large", `
def large(input):
    try:
        for n in range(16):
            yield "x" * 1_000_000
    finally:
        note("closed")
`)
	for _, name := range []string{"sync", "asynchronous", "silent", "large"} {
		response, body := f.calling("/api/v1/h/" + name)
		_, err := body.ReadByte()
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		f.client.CloseIdleConnections()
		e := f.ended(response.Header.Get("X-Execution-ID"))
		require.Equal(t, "cancelled", e["status"], name)
		require.Equal(t, "the client went away before the stream had ended", e["error"], name)
		if name != "silent" {
			steps := f.do(ask{call: "GET /api/v1/executions/" + response.Header.Get("X-Execution-ID") + "/steps"})
			require.Contains(t, steps.text, `"closed"`, name)
		}
	}
}

// A client that reads nothing: the generator waits, and other calls of the subtenant do not.
func TestStreamOfSlowClient(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("other", "def other(input):\n return 'other'")
	for name, async := range map[string]string{"sync": "", "asynchronous": "async "} {
		f.generator(name, fmt.Sprintf(`
%sdef %s(input):
    for n in range(200):
        yield "x" * 100_000
`, async, name))
		conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = fmt.Fprintf(conn, "POST /api/v1/h/%s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", name)
		require.NoError(t, err)
		reader := bufio.NewReaderSize(conn, 1024)
		response, err := http.ReadResponse(reader, nil)
		require.NoError(t, err)
		for range 5 {
			f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"other"}`, status: 200})
		}
		running := f.do(ask{call: "GET /api/v1/executions?function_name=" + name})
		require.NotContains(t, running.text, `"completed"`, "20 MB are more than the buffers between")
		n, err := io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.EqualValues(t, 20_000_000, n)
		require.Equal(t, "completed", f.ended(response.Header.Get("X-Execution-ID"))["status"])
	}
}

func TestHeartbeatOfStream(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.Heartbeat = 10 * time.Millisecond })
	f.turn(0)
	f.generator("silent", waitsForTurn+`
async def silent(input):
    yield 1
    while turn() < 1: await asyncio.sleep(0.005)
    yield 2
`)
	_, body := f.calling("/api/v1/h/silent")
	line := func() string {
		text, err := body.ReadString('\n')
		require.NoError(t, err)
		return text
	}
	require.Equal(t, "data: 1\n", line())
	require.Equal(t, "\n", line())
	require.Equal(t, ": still running\n", line())
	f.turn(1)
	rest, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Contains(t, string(rest), "data: 2\n\n") // another heartbeat may follow
}

func TestRepeatedStream(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.generator("tokens", "def tokens(input):\n yield {'n': 1}\n yield 'b'")
	f.generator("broken", "def broken(input):\n yield 1\n raise ValueError('x')")
	key := []string{"Idempotency-Key: k"}
	first := f.must(ask{call: "POST /api/v1/h/tokens", header: key, status: 200})
	again := f.must(ask{call: "POST /api/v1/h/tokens", header: key, status: 200})
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.Equal(t, first.text, again.text)
	require.Equal(t, "text/event-stream", again.Header.Get("Content-Type"))
	require.Equal(t, first.Header.Get("X-Execution-ID"), again.Header.Get("X-Execution-ID"))
	for range 2 {
		got := f.must(ask{call: "POST /api/v1/h/broken", header: []string{"Idempotency-Key: b"}, status: 200, want: []string{"event: error"}})
		require.Empty(t, got.Header.Get("Idempotent-Replayed"), "a failure is not kept")
	}
}

func TestStreamToHTTP10(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.generator("tokens", "def tokens(input):\n yield 'a'\n yield 'b'")
	status, text := f.raw("POST /api/v1/h/tokens HTTP/1.0\r\nContent-Length: 0\r\n\r\n")
	require.Equal(t, 200, status)
	require.Equal(t, "ab", text)
}

func TestSecretsInStream(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"swordfish-1234"}`, status: 204})
	f.generator("tells", "import maestro\ndef tells(input):\n yield 'is ' + maestro.secret('KEY')\n raise ValueError(maestro.secret('KEY'))")
	got := f.must(ask{call: "POST /api/v1/h/tells", status: 200, want: []string{"is swordfish-1234", "event: error", "raised ValueError: ***"}})
	require.Equal(t, 1, strings.Count(got.text, "swordfish-1234"))
	e := f.ended(got.Header.Get("X-Execution-ID"))
	require.Equal(t, []any{"is ***"}, e["output_data"])
	require.Equal(t, false, e["record_complete"])
}
