package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/auth"
	"maestro/internal/testkit"
)

// The tests of this package run the real program: the test binary starts
// itself again with this variable set, and is maestro then. So the child is
// built with the same flags (-race, the debug tag) as the tests.
const beMaestro = "MAESTRO_TEST_BE_MAESTRO"

func TestMain(m *testing.M) {
	// These children are started by maestro itself, with an empty environment.
	if os.Getenv(beMaestro) != "" || len(os.Args) > 1 && (os.Args[1] == probeName || os.Args[1] == laneChildName) {
		a := newApp()
		a.timing.setByVariables()
		os.Exit(run(context.Background(), os.Args[1:], a))
	}
	// The tests wait for their servers most of the time.
	if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	code := m.Run()
	for _, end := range exits {
		end()
	}
	os.Exit(code)
}

var exits []func()

// atExit registers a function that runs after the last test.
func atExit(end func()) { exits = append(exits, end) }

const jwtSecret = "a secret of the tests, of thirty-two bytes or more"

// program is maestro as a child process.
type program struct {
	cmd  *exec.Cmd
	dir  string
	url  string
	done chan struct{} // closed when it has ended

	mu     sync.Mutex // guards output
	output bytes.Buffer
	err    error // of Wait; read after done
}

// command prepares maestro with a data folder of its own. Settings in env win.
func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	return commandOf(testkit.KitHome(t), dir, env, args...)
}

func commandOf(python, dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = dir // no .env there
	cmd.Env = append(cleanEnv(), beMaestro+"=1", "DATA_DIR="+dir, "HOST=127.0.0.1", "PORT=0", "DRAIN_SECONDS=0", "MAESTRO_PYTHON_HOME="+python)
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// cleanEnv is the environment without any settings of the developer.
func cleanEnv() []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "PATH", "HOME", "TMPDIR", "LANG", "USER", "GORACE", "GOCOVERDIR":
			env = append(env, entry)
		}
	}
	return env
}

var readyLine = regexp.MustCompile(`https?://[0-9.:]+`)

// start runs maestro serve until it is ready; the test's end stops it.
func start(t *testing.T, dir string, env ...string) *program {
	t.Helper()
	p := launch(t, dir, env...)
	t.Cleanup(func() { p.stop(t) })
	return p
}

func launch(t *testing.T, dir string, env ...string) *program {
	t.Helper()
	return launchCommand(t, dir, env, "serve")
}

// launchCommand starts a command that goes on until it is stopped, and waits
// until it has said its address.
func launchCommand(t *testing.T, dir string, env []string, args ...string) *program {
	t.Helper()
	p, err := begin(command(t, dir, env, args...))
	require.NoError(t, err)
	return p
}

// begin is launchCommand for any goroutine.
func begin(cmd *exec.Cmd) (*program, error) {
	p := &program{cmd: cmd, dir: cmd.Dir, done: make(chan struct{})}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = writer(func(text []byte) { p.keep(text) })
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			p.keep(append(lines.Bytes(), '\n'))
			if url := readyLine.FindString(lines.Text()); url != "" {
				select {
				case ready <- url:
				default:
				}
			}
		}
		p.err = p.cmd.Wait()
	}()
	select {
	case p.url = <-ready:
	case <-p.done:
		return nil, fmt.Errorf("maestro ended before it was ready: %w\n%s", p.err, p.said())
	case <-time.After(2 * time.Minute):
		_ = p.cmd.Process.Kill()
		return nil, fmt.Errorf("maestro is not ready after two minutes\n%s", p.said())
	}
	return p, nil
}

type writer func([]byte)

func (w writer) Write(text []byte) (int, error) {
	w(text)
	return len(text), nil
}

func (p *program) keep(text []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output.Write(text)
}

// said is what the program has printed so far.
func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// stop ends the program as an operator would and wants it to end well.
func (p *program) stop(t *testing.T) {
	select {
	case <-p.done:
		return // the test has ended it already
	default:
	}
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.done:
		require.NoError(t, p.err, p.said())
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		t.Errorf("maestro did not end within a minute of SIGTERM\n%s", p.said())
	}
	if t.Failed() {
		t.Log(p.said())
	}
}

// shared is one server for all tests that need nothing special of it; each
// test takes a subtenant of its own.
var shared struct {
	once sync.Once
	p    *program
	used int
	mu   sync.Mutex // guards used
}

// client speaks to a server as one subtenant.
type client struct {
	t      *testing.T
	url    string
	token  string
	tenant string
}

// newClient returns a client with a fresh subtenant on the shared server.
func newClient(t *testing.T) *client {
	t.Helper()
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "maestro-")
		require.NoError(t, err)
		require.NoError(t, os.Chmod(dir, 0o755))
		shared.p = launch(t, dir, "CENSUS_JWT_SECRET="+jwtSecret, "FUNCTION_TIMEOUT=60")
		atExit(func() {
			_ = shared.p.cmd.Process.Signal(syscall.SIGTERM)
			<-shared.p.done
			_ = os.RemoveAll(dir)
		})
	})
	require.NotNil(t, shared.p, "the shared server did not start")
	shared.mu.Lock()
	shared.used++
	tenant := fmt.Sprintf("tenant-%d", shared.used)
	shared.mu.Unlock()
	return shared.p.client(t, tenant)
}

// folder is where the functions of a subtenant keep their files, or a file there.
func (p *program) folder(tenant string, name ...string) string {
	return filepath.Join(append([]string{p.dir, "files", tenant}, name...)...)
}

func (p *program) client(t *testing.T, tenant string) *client {
	t.Helper()
	token, err := auth.Mint([]byte(jwtSecret), auth.Grant{Email: tenant + "@example.com", Tenant: tenant, TTL: time.Hour})
	require.NoError(t, err)
	return &client{t: t, url: p.url, token: token, tenant: tenant}
}

// administrator acts for the whole server.
func (p *program) administrator(t *testing.T) *client {
	t.Helper()
	token, err := auth.Mint([]byte(jwtSecret), auth.Grant{Email: "admin@example.com", Admin: true, TTL: time.Hour})
	require.NoError(t, err)
	return &client{t: t, url: p.url, token: token}
}

// reply is an answer of the server.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// into decodes the answer.
func (r reply) into(value any) error { return json.Unmarshal(r.body, value) }

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal(r.body, &v), "%d %s", r.status, r.body)
	return v
}

// send makes one request; body is text, or anything that becomes JSON.
func (c *client) send(method, path string, body any, headers ...string) reply {
	c.t.Helper()
	r, err := c.try(method, path, body, headers...)
	require.NoError(c.t, err)
	return r
}

// try is send for a server that may be gone.
func (c *client) try(method, path string, body any, headers ...string) (reply, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return reply{}, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, c.url+path, reader)
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, text}, err
}

// define stores a function.
func (c *client) define(name, code string, more ...any) {
	c.t.Helper()
	body := map[string]any{"name": name, "code": code}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	r := c.send("POST", "/api/v1/functions", body)
	require.Equal(c.t, http.StatusCreated, r.status, "%s", r.body)
}

// call runs a function by POST /executions.
func (c *client) call(name string, input any) reply {
	c.t.Helper()
	return c.send("POST", "/api/v1/executions", map[string]any{"function_name": name, "input_data": input})
}

// result is call, for a run that succeeds; it returns the result as JSON text.
func (c *client) result(name string, input any) string {
	c.t.Helper()
	r := c.call(name, input)
	require.Equal(c.t, http.StatusOK, r.status, "%s", r.body)
	var answer struct{ Result json.RawMessage }
	require.NoError(c.t, json.Unmarshal(r.body, &answer))
	return string(answer.Result)
}
