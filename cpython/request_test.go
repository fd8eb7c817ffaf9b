package cpython

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

const showRequest = `import maestro
def shows(input):
    r = maestro.request()
    if r is None:
        return None
    return [r.method, r.url, dict(r.headers), list(r.body), r.headers["x-user-id"], type(r.headers) is maestro.Headers, repr(r)]
`

func TestRequest(t *testing.T) {
	t.Parallel()
	st := setup(t, "shows", showRequest, "asks", `import threading, asyncio
def asks(input):
    seen = [shows(input)]
    thread = threading.Thread(target=lambda: seen.append(shows(input)))
    thread.start()
    thread.join()
    async def task():
        return shows(input)
    async def gather():
        return await asyncio.create_task(task())
    seen.append(asyncio.run(gather()))
    return seen
`, "leaves", `import threading, maestro
GO, DONE, SEEN = threading.Event(), threading.Event(), []
def leaves(input):
    if input:
        GO.set()
        DONE.wait()
        return SEEN
    def late():
        GO.wait()
        try:
            SEEN.append(maestro.request())
        except RuntimeError as e:
            SEEN.append(str(e))
        DONE.set()
    threading.Thread(target=late).start()
`)
	require.Equal(t, "null", st.output("shows", "1"))
	st.request = &Request{Method: "POST", URL: "http://h/?ü=%zz", Headers: []byte(`{"X-User-ID":"ü","B":""}`), Body: []byte{0, 255, '"'}}
	const seen = `["POST","http://h/?ü=%zz",{"X-User-ID":"ü","B":""},[0,255,34],"ü",true,"<maestro.Request POST http://h/?ü=%zz, 3 bytes>"]`
	require.Equal(t, seen, st.output("shows", "1"))
	require.Equal(t, "["+seen+","+seen+","+seen+"]", st.output("asks", "1"))
	require.Equal(t, "null", st.output("leaves", "false"))
	require.Equal(t, `["the execution is over"]`, st.output("leaves", "true"))
	st.request = &Request{Method: "GET", URL: "u", Headers: []byte(`{"X-User-ID":""}`)}
	require.Contains(t, st.output("shows", "1"), `[],"",true,"<maestro.Request GET u, 0 bytes>"]`)
}

// Which results are answered as bytes: the whole, or the body of what describes an
// answer; nothing deeper.
func TestResultsOfBytes(t *testing.T) {
	t.Parallel()
	st := setup(t, "gives", `import maestro
class Odd(dict):
    pass
def gives(input):
    return eval(input, {"maestro": maestro, "Odd": Odd})
`)
	for expression, want := range map[string]bool{
		`b"ab"`: true, `bytearray(b"ab")`: true, `memoryview(b"ab")`: true, `b""`: true, `type("B", (bytes,), {})(b"ab")`: true,
		`maestro.Response(b"ab")`: true, `maestro.Response(bytearray(b"ab"), 201)`: true,
		`{"status_code": 200, "body": b"ab"}`: true, `Odd(status_code=200, body=b"ab", headers={})`: true,
		`"YWI="`: false, `[b"ab"]`: false, `{"body": b"ab"}`: false, `maestro.Response("ab")`: false, `maestro.Response([b"ab"])`: false,
		`{"status_code": 200, "body": {"x": b"ab"}}`: false, `{"status_code": 200, "body": b"ab", "a": 1, "b": 2}`: false, `None`: false, `7`: false, `{}`: false,
	} {
		result := st.call("gives", string(must(json.Marshal(expression))))
		require.Nil(t, result.Exception, expression)
		require.Equal(t, want, result.Bytes, expression)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
