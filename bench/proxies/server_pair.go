package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"maestro/internal/auth"
)

const jwtSecret = "a secret that only this program knows, 32 bytes or more"

// pair is two servers on one database.
type pair struct {
	plan            plan
	database, redis string // URLs
	token           string
	one             [2]*child

	mu      sync.Mutex        // guards clients
	clients map[string]string // the address of the client that the access log has, by the id of the request
}

// child is a server as a child process.
type child struct {
	dir     string
	program string
	port    int
	cmd     *exec.Cmd
	done    chan error
}

func startPair(p plan, dir, database, redis string) (*pair, error) {
	token, err := auth.Mint([]byte(jwtSecret), auth.Grant{Email: "proxies@example.com", Tenant: "proxies", TTL: time.Hour})
	if err != nil {
		return nil, err
	}
	s := &pair{plan: p, database: database, redis: redis, token: token, clients: map[string]string{}}
	for i := range s.one {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s.one[i] = &child{dir: filepath.Join(dir, fmt.Sprint("server-", i)), program: p.program, port: port}
		if err := s.start(s.one[i]); err != nil {
			return nil, err
		}
	}
	for _, f := range functions {
		if err := s.create(f); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// start starts a server and returns when it is ready.
func (s *pair) start(c *child) error {
	c.cmd = exec.Command(c.program, "serve")
	c.cmd.Env = append(os.Environ(), "DATA_DIR="+c.dir, "HOST=127.0.0.1", fmt.Sprint("PORT=", c.port), "DATABASE_URL="+s.database, "REDIS_URL="+s.redis,
		"SECRET_KEY="+strings.Repeat("k", 40), "CENSUS_JWT_SECRET="+jwtSecret, "TRUSTED_PROXIES=127.0.0.1/32",
		fmt.Sprint("DRAIN_SECONDS=", s.plan.drain.Seconds()))
	log, err := c.cmd.StderrPipe()
	if err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.done = make(chan error, 1)
	ready := make(chan struct{})
	logged := make(chan struct{})
	go func() { s.readLog(log); close(logged) }()
	go func() {
		lines := bufio.NewScanner(out)
		if lines.Scan() {
			close(ready)
		}
		_, _ = io.Copy(io.Discard, out)
		<-logged
		c.done <- c.cmd.Wait()
	}()
	select {
	case <-ready:
		return nil
	case err := <-c.done:
		return fmt.Errorf("a server ended before it was ready: %w", err)
	}
}

var accessLine = regexp.MustCompile(`msg=request .* client=(\S+) request_id=(\S+)`)

// readLog keeps what the access log says of the requests, and prints warnings.
func (s *pair) readLog(log io.Reader) {
	for lines := bufio.NewScanner(log); lines.Scan(); {
		line := lines.Text()
		if m := accessLine.FindStringSubmatch(line); m != nil {
			s.mu.Lock()
			s.clients[m[2]] = m[1]
			s.mu.Unlock()
		} else if !strings.Contains(line, "level=INFO") {
			fmt.Fprintln(os.Stderr, line)
		}
	}
}

// client is the address that the access log has for a request; it is written after
// the response.
func (s *pair) client(requestID string) string {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		client, there := s.clients[requestID]
		s.mu.Unlock()
		if there {
			return client
		}
	}
	return "no line in the access log"
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

// upgrade is a restart with the other program, which the server says to be.
func (s *pair) upgrade(c *child) error {
	before, err := s.version(c)
	if err != nil {
		return err
	}
	if c.program == s.plan.program {
		c.program = s.plan.next
	} else {
		c.program = s.plan.program
	}
	if err := s.restart(c); err != nil {
		return err
	}
	after, err := s.version(c)
	if err == nil && after == before {
		err = fmt.Errorf("the server is still version %s after the upgrade", after)
	}
	return err
}

var versionLabel = regexp.MustCompile(`maestro_build_info\{[^}]*\bversion="([^"]+)"`)

// version is what a server's metrics say of its program.
func (s *pair) version(c *child) (string, error) {
	text, err := s.get(fmt.Sprintf("http://127.0.0.1:%d/metrics", c.port))
	if err != nil {
		return "", err
	}
	m := versionLabel.FindSubmatch(text)
	if m == nil {
		return "", errors.New("the metrics have no version")
	}
	return string(m[1]), nil
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

func (s *pair) get(url string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %d %s", url, response.StatusCode, text)
	}
	return text, err
}
