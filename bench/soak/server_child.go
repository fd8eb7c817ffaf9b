package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"maestro/internal/scratch"
)

const jwtSecret = "a secret that only this soak knows, 32 bytes or more"

// child is the server under test.
type child struct {
	cmd  *exec.Cmd
	base string
	dir  string

	mu       sync.Mutex // guards counters
	counters string     // what the server printed of its counters at its end
	done     chan error
}

func startServer(ctx context.Context, program, logFile string) (*child, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	dir, err := scratch.Folder("soak")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	c := &child{base: fmt.Sprintf("http://127.0.0.1:%d", port), dir: dir, done: make(chan error, 1)}
	c.cmd = exec.Command(program, "serve", "--unsupervised") // one process, whose end is a fault
	c.cmd.Env = append(os.Environ(), "DATA_DIR="+dir, "HOST=127.0.0.1", fmt.Sprint("PORT=", port),
		"CENSUS_JWT_SECRET="+jwtSecret, "MAESTRO_INTERPRETER_IDLE=4")
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.cmd.Stderr = c.cmd.Stdout
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	var log io.WriteCloser = nopCloser{io.Discard}
	if logFile != "" {
		if log, err = os.Create(logFile); err != nil {
			return nil, err
		}
	}
	go c.read(out, log)
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) && ctx.Err() == nil {
		if status, _, err := get(c.base+"/health", ""); err == nil && status == 200 {
			return c, nil
		}
		select {
		case err := <-c.done:
			return nil, fmt.Errorf("the server ended before it was ready: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	_ = c.stop()
	return nil, fmt.Errorf("the server was not ready in time")
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// read keeps the line with the counters and shows warnings and errors.
func (c *child) read(out io.Reader, log io.WriteCloser) {
	defer log.Close()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		fmt.Fprintln(log, line)
		switch {
		case strings.Contains(line, "counters of the C border"):
			c.mu.Lock()
			c.counters = line
			c.mu.Unlock()
		case strings.Contains(line, "level=ERROR"), strings.Contains(line, `"level":"ERROR"`), strings.Contains(line, "panic"), strings.Contains(line, "SIG"):
			fmt.Println("server:", line)
		}
	}
	c.done <- c.cmd.Wait()
}

// stop ends the server as an operator would, and removes its folder.
func (c *child) stop() error {
	defer os.RemoveAll(c.dir)
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-c.done:
		return err
	case <-time.After(time.Minute):
		_ = c.cmd.Process.Kill()
		return fmt.Errorf("the server did not end within a minute of SIGTERM")
	}
}

// memory is the server's resident set, in MB.
func (c *child) memory() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0
	}
	return float64(resident*int64(os.Getpagesize())) / 1e6
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func token(tenant string) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "soak", "email": "soak@example.com", "subtenant_id": tenant, "groups": []string{},
		"exp": time.Now().Add(24 * time.Hour).Unix(),
	}).SignedString([]byte(jwtSecret))
}
