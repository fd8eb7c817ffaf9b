package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// journey is what the steps share.
type journey struct {
	url, start, stop, reset, maestro, backup string
	servers                                  []string      // addresses; that at url alone, unless it is a proxy
	patience                                 time.Duration // for each start
	embedded                                 bool          // the process lane is left out
	collector                                *spans

	token     string
	execution string // the run that must survive the restore
}

// shell runs a line and returns what it printed on standard output.
func shell(ctx context.Context, line string) (string, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", line, err, stdout.String(), stderr.String())
	}
	return strings.TrimSpace(stdout.String()), nil
}

func lastLine(text string) string { return text[strings.LastIndexByte(text, '\n')+1:] }

// send sends a request and decodes the response, whose status must be wanted.
func (j *journey) send(ctx context.Context, method, path string, body any, want int, into any, headers ...string) error {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body) // maps of strings
	}
	request, err := http.NewRequestWithContext(ctx, method, j.url+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if j.token != "" {
		request.Header.Set("Authorization", "Bearer "+j.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode != want {
		return fmt.Errorf("%s %s: %d, expected %d: %.500s", method, path, response.StatusCode, want, got)
	}
	switch into := into.(type) {
	case nil:
		return nil
	case *string:
		*into = string(got)
		return nil
	default:
		return json.Unmarshal(got, into)
	}
}

// at is the journey of one server.
func (j *journey) at(server string) *journey {
	one := *j
	one.url = server
	return &one
}

// until repeats do until it succeeds.
func (j *journey) until(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, j.patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// begin starts the service and waits until each server accepts calls, and the proxy
// knows of one.
func (j *journey) begin(ctx context.Context) (string, error) {
	if _, err := shell(ctx, j.start); err != nil {
		return "", err
	}
	for _, address := range append(slices.Clone(j.servers), j.url) {
		err := j.until(ctx, func() error { return j.at(address).send(ctx, http.MethodGet, "/readyz", nil, http.StatusOK, nil) })
		if err != nil {
			return "", err
		}
	}
	return "ready", nil
}
