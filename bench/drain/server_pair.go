package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"maestro/internal/auth"
)

const jwtSecret = "a secret that only this program knows, 32 bytes or more"

// pair is two servers on one database.
type pair struct {
	plan  plan
	url   string // of the database
	token string
	one   [2]*child
}

// child is a server as a child process.
type child struct {
	dir  string
	port int
	cmd  *exec.Cmd
	done chan error
}

func startPair(p plan, dir, database string) (*pair, error) {
	token, err := auth.Mint([]byte(jwtSecret), auth.Grant{Email: "drain@example.com", Tenant: "drain", TTL: time.Hour})
	if err != nil {
		return nil, err
	}
	s := &pair{plan: p, url: database, token: token}
	for i := range s.one {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s.one[i] = &child{dir: filepath.Join(dir, fmt.Sprint("server-", i)), port: port}
		if err := s.start(s.one[i]); err != nil {
			return nil, err
		}
	}
	if err := s.send("/api/v1/functions", `{"name":"order","code":"def order(input):\n    return input\n"}`); err != nil {
		return nil, err
	}
	return s, s.send("/api/v1/webhooks", `{"path":"order","function_name":"order","input_mode":"body"}`)
}

// start starts a server and returns when it is ready.
func (s *pair) start(c *child) error {
	c.cmd = exec.Command(s.plan.program, "serve")
	c.cmd.Env = append(os.Environ(), "DATA_DIR="+c.dir, "HOST=127.0.0.1", fmt.Sprint("PORT=", c.port), "DATABASE_URL="+s.url,
		"SECRET_KEY="+strings.Repeat("k", 40), "CENSUS_JWT_SECRET="+jwtSecret, fmt.Sprint("DRAIN_SECONDS=", s.plan.drain.Seconds()), "LOG_LEVEL=warn")
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.done = make(chan error, 1)
	ready := make(chan struct{})
	go func() {
		lines := bufio.NewScanner(out)
		if lines.Scan() {
			close(ready)
		}
		_, _ = io.Copy(io.Discard, out)
		c.done <- c.cmd.Wait()
	}()
	select {
	case <-ready:
		return nil
	case err := <-c.done:
		return fmt.Errorf("a server ended before it was ready: %w", err)
	}
}

// restart stops a server as an operator would, and starts it again.
func (s *pair) restart(c *child) error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := <-c.done; err != nil {
		return fmt.Errorf("a server did not end well: %w", err)
	}
	return s.start(c)
}

func (s *pair) stop() {
	for _, c := range s.one {
		_ = c.cmd.Process.Signal(syscall.SIGINT)
	}
	for _, c := range s.one {
		if err := <-c.done; err != nil {
			fmt.Fprintln(os.Stderr, "a server ended badly:", err)
		}
	}
}

func (s *pair) request(method, path, body string) (*http.Response, error) {
	request, err := http.NewRequest(method, fmt.Sprintf("http://127.0.0.1:%d%s", s.one[0].port, path), bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(request)
}

func (s *pair) send(path, body string) error {
	response, err := s.request(http.MethodPost, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("POST %s: %d %s", path, response.StatusCode, text)
	}
	return nil
}

// recorded counts the executions since a time.
func (s *pair) recorded(since time.Time) (int, error) {
	count, cursor := 0, ""
	for {
		response, err := s.request(http.MethodGet, "/api/v1/executions?limit=1000&since="+since.UTC().Format("2006-01-02T15:04:05.000000Z")+cursor, "")
		if err != nil {
			return 0, err
		}
		var page []json.RawMessage
		err = json.NewDecoder(response.Body).Decode(&page)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return 0, err
		}
		count += len(page)
		next := response.Header.Get("X-Next-Cursor")
		if next == "" {
			return count, nil
		}
		cursor = "&cursor=" + next
	}
}
