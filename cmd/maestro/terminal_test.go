package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// said is what a command has written.
type said struct {
	status         int
	stdout, stderr string
}

// maestro runs a command as a user of the client's subtenant, whose home is empty.
func (c *client) maestro(stdin string, args ...string) said {
	c.t.Helper()
	return runWith(c.t, map[string]string{"MAESTRO_URL": c.url, "MAESTRO_TOKEN": c.token, "HOME": c.t.TempDir()}, stdin, args...)
}

// ok is maestro, for a command that succeeds; it returns the standard output.
func (c *client) ok(args ...string) string {
	c.t.Helper()
	got := c.maestro("", args...)
	require.Equal(c.t, exitOK, got.status, "%q: %s%s", args, got.stdout, got.stderr)
	return got.stdout
}

func runWith(t *testing.T, env map[string]string, stdin string, args ...string) (s said) {
	t.Helper()
	var out, errs bytes.Buffer
	s.status = run(t.Context(), args, &app{stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs, getenv: func(name string) string { return env[name] }})
	s.stdout, s.stderr = out.String(), errs.String()
	return s
}

// lines is a writer whose text a test waits for.
type lines struct {
	mu      sync.Mutex // guards what follows
	text    strings.Builder
	waiting map[string]chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	for want, found := range l.waiting {
		if strings.Contains(l.text.String(), want) {
			close(found)
			delete(l.waiting, want)
		}
	}
	return len(p), nil
}

// wait returns once the text has come.
func (l *lines) wait(want string) {
	l.mu.Lock()
	if strings.Contains(l.text.String(), want) {
		l.mu.Unlock()
		return
	}
	if l.waiting == nil {
		l.waiting = map[string]chan struct{}{}
	}
	found := make(chan struct{})
	l.waiting[want] = found
	l.mu.Unlock()
	<-found
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
