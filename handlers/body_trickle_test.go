package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/intake"
)

// residentMB is the memory that the process holds, in MB.
func residentMB(t *testing.T) int {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	require.NoError(t, err)
	return pages * os.Getpagesize() >> 20
}

// trickle begins a request that announces so many bytes and sends a few.
func (f *fixture) trickle(path string, announced, sent int) net.Conn {
	f.t.Helper()
	conn := f.dial()
	_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", path, announced, strings.Repeat("x", sent))
	require.NoError(f.t, err)
	return conn
}

func (f *fixture) dial() net.Conn {
	f.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	require.NoError(f.t, err)
	f.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(f.t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	return conn
}

// Connections that announce 10 MB and trickle hold next to nothing, and others
// are answered while they do: small bodies always, large ones as long as there
// is room for them. Not parallel: it measures the process.
func TestTricklesHoldLittleMemory(t *testing.T) { //nolint:paralleltest // it measures the process
	f := setup(t)
	f.function("size", "def size(input):\n    return len(input['body']['raw'])")
	f.webhook(`{"path":"size","function_name":"size"}`)
	large := strings.Repeat("a", 3<<20)
	for range 30 { // more than there is room for at a time
		f.answers("/api/v1/h/size", large)
	}
	before := residentMB(t)
	var conns []net.Conn
	for i := range 1000 {
		sent := i % 2 * 20_000 // half of them longer than the part read with the headers
		conns = append(conns, f.trickle("/api/v1/h/size", 10<<20, sent))
		if i == 149 {
			f.answers("/api/v1/h/size", large)
			require.Less(t, residentMB(t)-before, 50)
		}
	}
	f.answers("/api/v1/h/size", large)
	require.Less(t, residentMB(t)-before, 200)
	for _, conn := range conns {
		require.NoError(t, conn.Close())
	}
}

func (f *fixture) answers(path, large string) {
	f.t.Helper()
	for _, body := range []string{"a", large} {
		f.must(ask{call: "POST " + path, token: "-", header: []string{"Content-Type: text/plain"}, body: body, status: 200, want: []string{fmt.Sprintf(`"result":%d`, len(body))}})
	}
}

// A request that is refused before its body was read is answered, whether its
// sender waits for that, sends on, or asked first; the connection then ends.
func TestRefusedBodiesAreAnswered(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.MaxBodyBytes = 1 << 20 })
	f.function("size", "def size(input):\n    return len(input['body']['raw'])")
	f.webhook(`{"path":"size","function_name":"size"}`)
	body := strings.Repeat("x", 4<<20)
	for _, test := range []struct {
		name, head, sent string
		status           int
		want             string
	}{
		{"too large, announced", "POST /api/v1/h/size HTTP/1.1\r\nContent-Length: 4194304\r\n", "", 413, "body_too_large"},
		{"too large, sent", "POST /api/v1/h/size HTTP/1.1\r\nContent-Length: 4194304\r\n", body, 413, "body_too_large"},
		{"too large, asked first", "POST /api/v1/h/size HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4194304\r\n", "", 413, "body_too_large"},
		{"too large in chunks", "POST /api/v1/h/size HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "400000\r\n" + body + "\r\n0\r\n\r\n", 413, "body_too_large"},
		{"no webhook", "POST /api/v1/h/none HTTP/1.1\r\nContent-Length: 1000000\r\n", body[:1_000_000], 404, "webhook_not_found"},
		{"no token", "POST /api/v1/executions HTTP/1.1\r\nContent-Length: 1000000\r\n", body[:1_000_000], 401, "unauthorized"},
		{"no operation with a body", "POST /nothing HTTP/1.1\r\nContent-Length: 1000000\r\n", body[:1_000_000], 404, "not_found"},
		{"no chunk", "POST /api/v1/h/size HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "zz\r\n", 400, "bad_request"},
	} {
		conn := f.dial()
		_, err := io.WriteString(conn, test.head+"Host: a\r\n\r\n"+test.sent)
		require.NoError(t, err, test.name)
		reader := bufio.NewReader(conn)
		response, err := http.ReadResponse(reader, nil)
		require.NoError(t, err, test.name)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err, test.name)
		require.Equal(t, test.status, response.StatusCode, "%s: %s", test.name, text)
		require.Contains(t, string(text), test.want, test.name)
		if test.name == "no operation with a body" {
			continue // it was read, and the connection goes on
		}
		require.True(t, response.Close, test.name)
		_, err = reader.ReadByte()
		require.ErrorIs(t, err, io.EOF, "%s: the connection ends, and is not reset", test.name)
	}
}

// Bodies of every kind leave the connection ready for the next request, sent
// with the first or after it.
func TestPipelinedBodies(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("size", "def size(input):\n    return len(input['body'].get('raw', ''))")
	f.webhook(`{"path":"size","function_name":"size"}`)
	conn := f.dial()
	reader := bufio.NewReader(conn)
	head := "POST /api/v1/h/size HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
	var all strings.Builder
	sizes := []int{0, 1, 8191, 8192, 8193, 40_000, 300_000}
	for _, size := range sizes {
		body := strings.Repeat("x", size)
		fmt.Fprintf(&all, "%sContent-Length: %d\r\n\r\n%s", head, size, body)
		all.WriteString(head + "Transfer-Encoding: chunked\r\n\r\n")
		for part := body; len(part) > 0; {
			n := min(len(part), 7_000)
			fmt.Fprintf(&all, "%x\r\n%s\r\n", n, part[:n])
			part = part[n:]
		}
		all.WriteString("0\r\n\r\n")
	}
	sent := make(chan error, 1)
	go func() { _, err := io.WriteString(conn, all.String()); sent <- err }()
	for _, size := range sizes {
		for range 2 {
			response, err := http.ReadResponse(reader, nil)
			require.NoError(t, err)
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Contains(t, string(text), fmt.Sprintf(`"result":%d}`, size))
			require.False(t, response.Close)
		}
	}
	require.NoError(t, <-sent)
	_, err := io.WriteString(conn, head+"Expect: 100-continue\r\nContent-Length: 20000\r\n\r\n")
	require.NoError(t, err)
	response, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusContinue, response.StatusCode)
	_, err = io.WriteString(conn, strings.Repeat("x", 20_000))
	require.NoError(t, err)
	response, err = http.ReadResponse(reader, nil)
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(text), `"result":20000}`)
}

// What comes too slowly is ended with an answer: headers, the first bytes of a
// body, the rest of one. A connection that never sent anything just ends.
func TestTricklesAreEnded(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) {
		o.HeadTime = 100 * time.Millisecond
		o.BodyPace = intake.Pace{Bytes: 10 << 10, Period: 100 * time.Millisecond}
	})
	f.function("size", "def size(input):\n    return len(input['body']['raw'])")
	f.webhook(`{"path":"size","function_name":"size"}`)
	head := "POST /api/v1/h/size HTTP/1.1\r\nHost: a\r\n"
	for name, sent := range map[string]string{
		"headers":                 "POST /api",
		"the beginning of a body": head + "Content-Length: 10000000\r\n\r\nx",
		"a body":                  head + "Content-Length: 10000000\r\n\r\n" + strings.Repeat("x", 100_000),
		"chunks":                  head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
	} {
		conn := f.dial()
		_, err := io.WriteString(conn, sent)
		require.NoError(t, err)
		reader := bufio.NewReader(conn)
		response, err := http.ReadResponse(reader, nil)
		require.NoError(t, err, name)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestTimeout, response.StatusCode, "%s: %s", name, text)
		require.Contains(t, string(text), "Nothing ran")
		_, err = reader.ReadByte()
		require.ErrorIs(t, err, io.EOF, name)
	}
}
