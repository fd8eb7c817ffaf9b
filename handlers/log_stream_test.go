package handlers_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/auth"
	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/model"
)

// serverEvent is one of a stream; a comment has nothing but that.
type serverEvent struct{ id, event, data, comment string }

// eventStream reads what a server sends, as an EventSource would.
type eventStream struct {
	t      testing.TB
	body   io.ReadCloser
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

// stream opens the log of an execution.
func (f *fixture) stream(id, token, lastEventID string) *eventStream {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/api/v1/executions/"+id+"/logs/stream", nil)
	require.NoError(f.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	if lastEventID != "" {
		request.Header.Set("Last-Event-ID", lastEventID)
	}
	response, err := f.client.Do(request)
	require.NoError(f.t, err)
	require.Equal(f.t, http.StatusOK, response.StatusCode)
	require.Equal(f.t, "text/event-stream", response.Header.Get("Content-Type"))
	require.Equal(f.t, "no-store", response.Header.Get("Cache-Control"))
	require.True(f.t, response.Close, "the last response of its connection")
	s := &eventStream{t: f.t, body: response.Body, lines: bufio.NewScanner(response.Body), cancel: cancel}
	f.t.Cleanup(s.close)
	return s
}

func (s *eventStream) close() {
	s.cancel()
	_ = s.body.Close()
}

// next returns the next event or comment; false at the stream's end.
func (s *eventStream) next() (serverEvent, bool) {
	s.t.Helper()
	var e serverEvent
	for s.lines.Scan() {
		line := s.lines.Text()
		if line == "" {
			return e, true
		}
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			e.data = value
		default:
			e.comment += line
		}
	}
	require.NoError(s.t, s.lines.Err(), "the stream ends well")
	return e, false
}

// rest returns the events until the end.
func (s *eventStream) rest() []serverEvent {
	s.t.Helper()
	var all []serverEvent
	for {
		e, more := s.next()
		if !more {
			return all
		}
		if e.comment == "" {
			all = append(all, e)
		}
	}
}

func names(all []serverEvent) []string {
	var out []string
	for _, e := range all {
		out = append(out, e.event)
	}
	return out
}

// waiting goes on until there is a sibling done.
const waiting = "import time\ndef waiting(input):\n    print('begun')\n    while True:\n        try:\n            done({})\n        except NameError:\n            time.sleep(0.02)\n            continue\n        print('ends')\n        return 1"

// runWaiting starts it and returns its id and the channel of its answer.
func (f *fixture) runWaiting() (string, chan answer) {
	f.t.Helper()
	f.function("waiting", waiting)
	ended := make(chan answer, 1)
	go func() { ended <- f.do(ask{call: "POST /api/v1/executions", body: `{"function_name":"waiting"}`}) }()
	var list []struct{ ID string }
	require.Eventually(f.t, func() bool {
		got := f.do(ask{call: "GET /api/v1/executions?status=running"})
		return json.Unmarshal([]byte(got.text), &list) == nil && len(list) == 1
	}, 15*time.Second, 20*time.Millisecond)
	return list[0].ID, ended
}

func TestStreamFollowsARun(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) { o.Heartbeat = 50 * time.Millisecond })
	id, ended := f.runWaiting()
	live := f.stream(id, f.token, "")
	var seen []serverEvent
	for len(seen) < 2 { // started, begun
		e, more := live.next()
		require.True(t, more)
		if e.comment == "" {
			seen = append(seen, e)
		}
	}
	require.Equal(t, []string{"execution_started", "log"}, names(seen))
	require.Contains(t, seen[1].data, `"message":"begun"`)
	require.Contains(t, seen[1].data, `"id":"`+seen[1].id+`"`)
	e, more := live.next()
	require.True(t, more)
	require.NotEmpty(t, e.comment, "a quiet stream shows that it is there")

	// Another one comes later, and one that has seen the beginning.
	late, resumed := f.stream(id, f.token, ""), f.stream(id, f.token, seen[0].id)
	f.function("done", "def done(input):\n    return 1")
	require.Equal(t, http.StatusOK, (<-ended).StatusCode)
	seen = append(seen, live.rest()...)
	require.Equal(t, []string{"execution_started", "log", "function_called", "function_completed", "log", "execution_completed"}, names(seen))
	require.Contains(t, seen[5].data, `"status":"completed"`)
	require.Equal(t, seen, late.rest())
	require.Equal(t, seen[1:], resumed.rest())

	// The run is over: everything is replayed, and the stream ends.
	begin := time.Now()
	require.Equal(t, seen, f.stream(id, f.token, "").rest())
	require.Equal(t, seen[3:], f.stream(id, f.token, seen[2].id).rest())
	require.Less(t, time.Since(begin), 20*time.Second)
	path := "/api/v1/executions/" + id + "/logs/stream"
	f.all([]ask{
		{name: "nothing is left: an EventSource stops connecting", call: "GET " + path, header: []string{"Last-Event-ID: " + seen[5].id}, status: 204},
		{name: "the same without the header", call: "GET " + path + "?after=" + seen[5].id, status: 204},
		{name: "from the middle without the header", call: "GET " + path + "?after=" + seen[4].id, status: 200, want: []string{"execution_completed"}, lacks: []string{"begun"}},
		{name: "HEAD", call: "HEAD " + path, status: 200},
		{name: "another method", call: "POST " + path, status: 405},
		{name: "no token", call: "GET " + path, token: "-", status: 401},
		{name: "another subtenant's", call: "GET " + path, token: f.mint("other", false), status: 404, want: []string{"execution_not_found"}, lacks: []string{"begun"}},
		{name: "a missing run's", call: "GET /api/v1/executions/" + model.NewID().String() + "/logs/stream", status: 404},
		{name: "not an id", call: "GET /api/v1/executions/x/logs/stream", status: 404},
		{name: "not an entry", call: "GET " + path, header: []string{"Last-Event-ID: soon"}, status: 422},
		{name: "too long", call: "GET " + path + "?after=" + strings.Repeat("1", 65), status: 422},
	})
}

// A log that is gone, as after a restart, ends all the same: with what the
// record has of the end.
func TestStreamOfALogThatIsGone(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *handlers.Options) {
		empty := events.NewEmbedded(events.Options{})
		t.Cleanup(func() { _ = empty.Close(context.Background()) })
		o.Events = empty // what the engine publishes is not in it
	})
	f.function("bad", "def bad(input):\n    return 1 / 0")
	id := f.must(ask{call: "POST /api/v1/executions", body: `{"function_name":"bad"}`, status: 500}).Header.Get("X-Execution-ID")
	again := f.stream(id, f.token, "").rest()
	require.Len(t, again, 1)
	require.Equal(t, "execution_completed", again[0].event)
	require.Empty(t, again[0].id)
	require.Contains(t, again[0].data, `"status":"failed"`)
	require.Contains(t, again[0].data, `"error_type":"ZeroDivisionError"`)
	require.NotContains(t, again[0].data, `"id"`)
}

func TestOpenStreamsDoNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	var runs *engine.Engine
	f := setup(t, func(o *handlers.Options) { runs = o.Engine })
	id, ended := f.runWaiting()
	open := f.stream(id, f.token, "")
	_, more := open.next()
	require.True(t, more)
	stopped := make(chan error, 1)
	go func() { stopped <- f.server.Shutdown(context.Background()) }()
	open.rest() // it ends, although the run goes on
	execution, err := f.db.Execution(t.Context(), "default", mustID(t, id))
	require.NoError(t, err)
	require.Equal(t, model.StatusRunning, execution.Status)
	_, err = f.db.CreateFunction(t.Context(), "default", model.Function{Name: "done", Code: "def done(input):\n    return 1"}, nil, nil)
	require.NoError(t, err)
	runs.FunctionsChanged("default")
	require.Equal(t, http.StatusOK, (<-ended).StatusCode, "a run is still answered")
	require.NoError(t, <-stopped)
}

func mustID(t testing.TB, text string) model.ID {
	t.Helper()
	id, err := model.ParseID(text)
	require.NoError(t, err)
	return id
}

// fleeting is an authenticator whose tokens can be taken back.
type fleeting struct {
	auth.Authenticator
	revoked chan struct{}
}

func (a fleeting) Authenticate(ctx context.Context, token string) (*auth.Principal, error) {
	select {
	case <-a.revoked:
		return nil, model.NewError(model.CodeUnauthorized, "The token is not valid any more.")
	default:
		return a.Authenticator.Authenticate(ctx, token)
	}
}

func TestStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	revoked := make(chan struct{})
	var runs *engine.Engine
	f := setup(t, func(o *handlers.Options) {
		runs = o.Engine
		o.Heartbeat = 20 * time.Millisecond
		o.Auth = fleeting{o.Auth, revoked}
	})
	id, ended := f.runWaiting()
	live := f.stream(id, f.token, "")
	_, more := live.next()
	require.True(t, more)
	close(revoked)
	live.rest()
	require.Empty(t, ended, "the run itself goes on")
	runs.Cancel("default", mustID(t, id))
	<-ended
}
