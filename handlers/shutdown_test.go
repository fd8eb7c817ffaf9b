package handlers_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
)

// line is a connection that is kept between requests.
type line struct {
	f      *fixture
	conn   net.Conn
	reader *bufio.Reader
}

func (f *fixture) line() *line {
	conn := f.dial()
	return &line{f, conn, bufio.NewReader(conn)}
}

func (l *line) send(call string) {
	l.f.t.Helper()
	_, err := fmt.Fprintf(l.conn, "%s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", call)
	require.NoError(l.f.t, err)
}

func (l *line) answer(status int) (closes bool) {
	l.f.t.Helper()
	response, err := http.ReadResponse(l.reader, nil)
	require.NoError(l.f.t, err)
	_, err = io.ReadAll(response.Body)
	require.NoError(l.f.t, err)
	require.Equal(l.f.t, status, response.StatusCode)
	return response.Close
}

// ended waits for the end of the connection: an end, not a reset.
func (l *line) ended() {
	l.f.t.Helper()
	_, err := l.reader.ReadByte()
	require.ErrorIs(l.f.t, err, io.EOF)
}

// While the server drains it serves on, new connections and kept ones, each for
// one more request.
func TestDrainingServesOn(t *testing.T) {
	t.Parallel()
	var draining atomic.Bool
	f := setup(t, func(o *handlers.Options) { o.Draining = draining.Load })
	kept, idle := f.line(), f.line()
	for _, l := range []*line{kept, idle} {
		l.send("GET /readyz")
		require.False(t, l.answer(http.StatusOK))
	}
	draining.Store(true)
	f.server.Drain()

	kept.send("GET /readyz")
	require.True(t, kept.answer(http.StatusServiceUnavailable))
	kept.ended()
	fresh := f.line()
	fresh.send("GET /api/v1/functions")
	require.True(t, fresh.answer(http.StatusUnauthorized), "it answers as ever")
	fresh.ended()

	stopped := make(chan error, 1)
	go func() { stopped <- f.server.Shutdown(context.Background()) }()
	idle.ended()
	require.NoError(t, <-stopped)
}

// A stop waits for the answers that are under way, and for the requests that
// have arrived.
func TestShutdownAnswersRequestsThatHaveArrived(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("held", "import time\ndef held(input):\n    time.sleep(1)\n    return 1")
	f.webhook(`{"path":"held","function_name":"held"}`)
	idle, busy := f.line(), f.line()
	idle.send("GET /readyz")
	require.False(t, idle.answer(http.StatusOK))
	busy.send("POST /api/v1/h/held")
	require.Eventually(t, func() bool { return f.count("function_name = 'held' AND status = 'running'") == 1 }, 10*time.Second, 5*time.Millisecond)
	stopped := make(chan error, 1)
	go func() { stopped <- f.server.Shutdown(context.Background()) }()
	idle.ended()
	require.True(t, busy.answer(http.StatusOK))
	busy.ended()
	require.NoError(t, <-stopped)
	_, err := net.Dial("tcp", f.url[len("http://"):])
	require.Error(t, err)
}

// Connections that have sent nothing yet, as balancers open in advance, do not
// hold a stop up: before they were waited for as long as for a run.
func TestShutdownDoesNotWaitForSilentConnections(t *testing.T) {
	t.Parallel()
	f := setup(t)
	silent, speaking := f.line(), f.line()
	speaking.send("GET /readyz")
	require.False(t, speaking.answer(http.StatusOK), "the earlier connection is accepted too")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, f.server.Shutdown(ctx))
	silent.ended()
	speaking.ended()
}
