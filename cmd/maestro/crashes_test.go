package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/repo"
)

// crashes is how often TestCrashesUnderLoad ends the server: a few times by itself,
// 100 times with make crashes. The server then lives for some seconds each time, as
// one that ends soon after its start is started again after a pause.
func crashes(t *testing.T) (number int, life time.Duration) {
	t.Helper()
	text := os.Getenv("CRASHES")
	if text == "" {
		return 4, 0
	}
	number, err := strconv.Atoi(text)
	require.NoError(t, err)
	return number, 3 * time.Second
}

// embeddedDatabase opens the embedded database of a data folder.
func embeddedDatabase(t *testing.T, dir string) *repo.DB {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(dir, "postgres_password"))
	require.NoError(t, err)
	host := url.Values{"host": {filepath.Join(dir, "postgres", "socket")}}
	address := fmt.Sprintf("postgres://maestro:%s@/maestro?%s", strings.TrimSpace(string(password)), host.Encode())
	db, err := repo.Open(t.Context(), address, repo.Options{Name: "test", Log: testkit.Logger(t)})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// storm is a load of webhook calls and of asynchronous runs, while the server
// crashes again and again.
type storm struct {
	url, token string
	over       chan struct{} // closed when no more calls are to be made
	clients    sync.WaitGroup
	number     atomic.Int64 // of the last call

	mu       sync.Mutex        // guards all below
	crash    int               // how many there were
	at, gone time.Time         // when the last one was caused, and the process had ended
	waits    []time.Duration   // from each crash to the answer of a call that began after it
	answered map[string]string // executions of the calls with an answer → the calls' numbers
	accepted map[string]bool   // asynchronous executions
	cut      int               // calls whose connection a crash has cut
	refused  int               // connections
	faults   []string          // all else
}

// answers is how many calls have got one.
func (s *storm) answers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.answered)
}

// post makes a call on a client's own connection, which is not made again on another.
func (s *storm) post(client *http.Client, path, body string, headers ...string) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodPost, s.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	request.GetBody = nil // or the transport would repeat it by itself
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.token)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response, err
}

// call calls the webhook until the load ends.
func (s *storm) call() {
	client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	for lastCut := -1; !s.isOver(); {
		n := strconv.FormatInt(s.number.Add(1), 10)
		began := time.Now()
		response, err := s.post(client, "/api/v1/h/order", `{"n":`+n+`}`)
		lastCut = s.note(n, began, response, err, lastCut)
	}
}

// note counts how a call ended, and returns the crash that last cut a connection of
// this client: each cuts one at most.
func (s *storm) note(n string, began time.Time, response *http.Response, err error, lastCut int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		s.refused++
	case err != nil && lastCut != s.crash && s.crash > 0:
		s.cut++
		return s.crash
	case err != nil:
		s.faults = append(s.faults, fmt.Sprintf("call %s after crash %d: %v", n, s.crash, err))
	case response.StatusCode != http.StatusOK:
		s.faults = append(s.faults, fmt.Sprintf("call %s after crash %d: %s", n, s.crash, response.Status))
	default:
		s.answered[response.Header.Get("X-Execution-ID")] = n
		if !s.gone.IsZero() && began.After(s.gone) && len(s.waits) < s.crash {
			s.waits = append(s.waits, time.Since(s.at))
		}
	}
	return lastCut
}

func (s *storm) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// submit submits asynchronous runs until the load ends, each until it is accepted.
func (s *storm) submit(worker int) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	for n := 0; !s.isOver(); n++ {
		for key := fmt.Sprint("run-", worker, "-", n); ; {
			response, err := s.post(client, "/api/v1/executions", `{"function_name":"again","mode":"async","input_data":{}}`, "Idempotency-Key", key)
			if errors.Is(err, syscall.ECONNREFUSED) {
				s.note(key, time.Time{}, nil, err, 0)
			}
			if err == nil && response.StatusCode == http.StatusAccepted {
				s.mu.Lock()
				s.accepted[response.Header.Get("X-Execution-ID")] = true
				s.mu.Unlock()
				break
			}
		}
	}
}

// causeCrash ends the server's process, and returns when calls are answered again.
func (s *storm) causeCrash(t *testing.T, p *program, signal syscall.Signal) {
	s.causeEnd(t, p, signal.String(), func(server int) { require.NoError(t, syscall.Kill(server, signal)) })
}

// causeEnd is causeCrash by any means.
func (s *storm) causeEnd(t *testing.T, p *program, how string, end func(server int)) {
	server := p.server(t)
	s.mu.Lock()
	s.crash++
	s.at, s.gone = time.Now(), time.Time{}
	s.mu.Unlock()
	end(server)
	require.Eventually(t, func() bool { return !alive(server) }, time.Minute, time.Millisecond)
	s.mu.Lock()
	s.gone = time.Now()
	s.mu.Unlock()
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.waits) == s.crash
	}, time.Minute, time.Millisecond, "no call is answered")
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Logf("crash %d (%s): the next answer came after %v", s.crash, how, s.waits[s.crash-1].Round(time.Millisecond))
}

// The server is killed, and has faults, under load: no connection is refused, only
// the calls in progress fail, each call with an answer is recorded once, and each
// accepted run is completed.
func TestCrashesUnderLoad(t *testing.T) {
	t.Parallel()
	number, life := crashes(t)
	p := start(t, testkit.DataDir(t), "CENSUS_JWT_SECRET="+jwtSecret, "LOG_LEVEL=error", "GOTRACEBACK=none")
	c := p.client(t, "acme")
	c.define("order", "def order(input):\n    return input\n")
	c.define("again", "def again(input):\n    return 1\n", "retry", map[string]any{"max_attempts": 50, "backoff_seconds": 0.1})
	require.Equal(t, http.StatusCreated, c.send("POST", "/api/v1/webhooks", map[string]any{"path": "order", "function_name": "order", "input_mode": "body"}).status)

	s := &storm{url: p.url, token: c.token, over: make(chan struct{}), answered: map[string]string{}, accepted: map[string]bool{}}
	for range 16 {
		s.clients.Go(s.call)
	}
	for worker := range 2 {
		s.clients.Go(func() { s.submit(worker) })
	}
	for i := range number {
		before := s.answers()
		require.Eventually(t, func() bool { return s.answers() > before+100 }, time.Minute, time.Millisecond)
		time.Sleep(life)
		s.causeCrash(t, p, []syscall.Signal{syscall.SIGKILL, syscall.SIGSEGV}[i%2])
	}
	close(s.over)
	s.clients.Wait()
	require.Zero(t, s.refused, "refused connections")
	require.Empty(t, s.faults)

	db := embeddedDatabase(t, p.dir)
	require.Eventually(t, func() bool { return finished(outcomes(t, db)) }, 5*time.Minute, 100*time.Millisecond)
	rows, err := db.Pool().Query(t.Context(), "SELECT id::text, function_name, status, COALESCE(input_data->>'n', '') FROM executions")
	require.NoError(t, err)
	states, times := map[string]string{}, map[string]int{}
	for rows.Next() {
		var id, function, status, n string
		require.NoError(t, rows.Scan(&id, &function, &status, &n))
		states[id] = status
		if function == "order" {
			times[n]++
		}
	}
	require.NoError(t, rows.Err())
	for id, n := range s.answered {
		require.Equal(t, "completed", states[id], "call %s was answered", n)
		require.Equal(t, 1, times[n], "records of call %s", n)
	}
	for id := range s.accepted {
		require.Equal(t, "completed", states[id], "run %s was accepted", id)
	}
	slices.Sort(s.waits)
	t.Logf("%d crashes: %d calls answered, %d cut, %d runs accepted; from a crash to the next answer: p50 %v, longest %v",
		number, len(s.answered), s.cut, len(s.accepted), s.waits[len(s.waits)/2].Round(time.Millisecond), s.waits[len(s.waits)-1].Round(time.Millisecond))
}
