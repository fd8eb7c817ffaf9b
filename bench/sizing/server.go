package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"maestro/internal/auth"
	"maestro/internal/scratch"
)

const (
	jwtSecret = "a secret that only this program knows, 32 bytes or more"
	clients   = 16
)

// server is the server under measurement.
type server struct {
	cmd    *exec.Cmd
	dir    string
	base   string
	tokens map[string]string // by subtenant
}

func start(ctx context.Context, program string) (*server, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	dir, err := scratch.Folder("sizing")
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	s := &server{cmd: commandOf(ctx, program, dir, port), dir: dir, base: fmt.Sprint("http://127.0.0.1:", port), tokens: map[string]string{}}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make([]byte, 0, 1024)
	for part := make([]byte, 256); !bytes.Contains(ready, []byte("maestro is ready")); {
		n, err := out.Read(part)
		if err != nil {
			return nil, errors.Join(errors.New("the server was not ready"), err, s.cmd.Wait())
		}
		ready = append(ready, part[:n]...)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = clients
	return s, nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}

// send sends a request as a subtenant, or as the administrator without one.
func (s *server) send(tenant, method, path string, body any, want int) ([]byte, error) {
	token, known := s.tokens[tenant]
	if !known {
		var err error
		token, err = auth.Mint([]byte(jwtSecret), auth.Grant{Email: tenant + "admin@example.com", Tenant: tenant, Admin: tenant == "", TTL: time.Hour})
		if err != nil {
			return nil, err
		}
		s.tokens[tenant] = token
	}
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequest(method, s.base+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("%s %s: %d: %.300s", method, path, response.StatusCode, got)
	}
	return got, err
}

// functions are those of each subtenant.
var functions = map[string]string{
	"total":   "def total(input):\n    return {'total': sum(line['n'] * line['price'] for line in input['lines'])}\n",
	"checked": "def checked(input):\n    return [total(input), total(input), total(input)]\n",
}

func (s *server) define(tenant string) error {
	for name, code := range functions {
		if _, err := s.send(tenant, "POST", "/api/v1/functions", map[string]any{"name": name, "code": code}, 201); err != nil {
			return err
		}
	}
	return nil
}

// kind is a kind of call.
type kind struct {
	name, function string
	lane           string
	async          bool
}

var kinds = []kind{
	{"a synchronous run", "total", "embedded", false},
	{"one with three steps", "checked", "embedded", false},
	{"an asynchronous run", "total", "embedded", true},
	{"a synchronous run in the process lane", "total", "process", false},
}

var input = json.RawMessage(`{"lines": [{"sku": "A-1", "n": 3, "price": 12.5}, {"sku": "B-7", "n": 1, "price": 99.95}]}`)

// load makes calls and waits until all have ended.
func (s *server) load(k kind, calls int) error {
	if _, err := s.send("", "PUT", "/api/v1/subtenants/acme", map[string]any{"lane": k.lane}, 200); err != nil {
		return err
	}
	body, want := map[string]any{"function_name": k.function, "input_data": input}, 200
	if k.async {
		body["mode"], want = "async", 202
	}
	var left atomic.Int64
	left.Store(int64(calls))
	failures := make(chan error, clients)
	var load sync.WaitGroup
	for range clients {
		load.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := s.send("acme", "POST", "/api/v1/executions", body, want); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	load.Wait()
	close(failures)
	if err := <-failures; err != nil {
		return err
	}
	for k.async { // until the queue is empty
		got, err := s.send("acme", "GET", "/api/v1/executions?status=pending&status=running&limit=1", nil, 200)
		if err != nil {
			return err
		}
		if !strings.Contains(string(got), `"id"`) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

// populate calls a function of each of so many subtenants, and returns the row of what
// memory each takes.
func (s *server) populate(lane string, number int) (string, error) {
	before := s.use()
	for n := range number {
		tenant := fmt.Sprintf("%s-%d", lane, n)
		if _, err := s.send("", "POST", "/api/v1/subtenants", map[string]any{"subtenant_id": tenant}, 201); err != nil {
			return "", err
		}
		if _, err := s.send("", "PUT", "/api/v1/subtenants/"+tenant, map[string]any{"lane": lane}, 200); err != nil {
			return "", err
		}
		if err := s.define(tenant); err != nil {
			return "", err
		}
		if _, err := s.send(tenant, "POST", "/api/v1/executions", map[string]any{"function_name": "total", "input_data": input}, 200); err != nil {
			return "", err
		}
	}
	after := s.use()
	return fmt.Sprintf("| memory of a subtenant in the %s lane, of %d | %.1f MB | %.1f MB |\n", lane, number,
		(after.server.mb-before.server.mb)/float64(number), max(0, after.database.mb-before.database.mb)/float64(number)), nil
}
