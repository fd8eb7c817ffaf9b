//go:build image

package deploy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// image is the one that scripts/image-build has built.
const image = "localhost/maestro"

// strict are the options of every trial: only the volume may be written, and no
// privilege can be had. Docker's --read-only leaves no writable /tmp either.
var strict = []string{"--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges", "--memory=1g"}

// engine is the command line of podman, for the store of scripts/image-build.
func engine(ctx context.Context, args ...string) *exec.Cmd {
	store := os.Getenv("IMAGE_STORE")
	// runc, because Debian's crun refuses machines that have control groups of both versions.
	global := []string{"--root", store + "/images", "--runroot", store + "/run", "--storage-driver", "overlay", "--runtime", "runc"}
	return exec.CommandContext(ctx, "podman", append(global, args...)...)
}

// podman runs a command of the engine that is expected to succeed.
func podman(t *testing.T, args ...string) string {
	t.Helper()
	cmd := engine(context.Background(), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "podman %s: %s%s", strings.Join(args, " "), out, stderr.String())
	return strings.TrimSpace(string(out))
}

// container is one that runs a server.
type container struct {
	name, url string
	done      chan error // gets the end of it
	log       *bytes.Buffer
}

// start runs a server in a container, and returns when it serves.
func start(t *testing.T, name string, args ...string) *container {
	t.Helper()
	c := &container{name: name, done: make(chan error, 1), log: &bytes.Buffer{}}
	// The engine is not allowed to raise limits on every machine; these are a server's own.
	run := append([]string{"run", "--name", name, "--replace", "--ulimit=nofile=16384:16384", "--ulimit=nproc=16384:16384"}, strict...)
	cmd := engine(context.Background(), append(append(run, args...), image)...)
	cmd.Stderr = c.log
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	ready := make(chan bool, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "maestro is ready at ") {
				ready <- true
			}
		}
		c.done <- cmd.Wait()
		close(ready)
	}()
	t.Cleanup(func() {
		_ = engine(context.Background(), "rm", "--force", "--time", "5", name).Run()
		if t.Failed() {
			t.Log(c.log.String())
		}
	})
	if !<-ready {
		require.FailNow(t, "the container ended before its server was ready", c.log.String())
	}
	c.url = "http://" + podman(t, "inspect", "--format", "{{.NetworkSettings.IPAddress}}", name) + ":8000"
	return c
}

// stop sends SIGTERM, and fails unless the container ends with status 0.
func (c *container) stop(t *testing.T) {
	t.Helper()
	podman(t, "kill", "--signal", "TERM", c.name)
	require.NoError(t, <-c.done, "the end of %s: %s", c.name, c.log)
}

// exec runs a program in the container.
func (c *container) exec(t *testing.T, args ...string) string {
	t.Helper()
	return podman(t, append([]string{"exec", c.name}, args...)...)
}

// request makes an API call, and decodes the body of its response into answer.
func (c *container) request(t *testing.T, method, path, token, body string, answer any) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Customer-ID", "CUST001")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Timeout: time.Minute}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if answer != nil {
		require.NoError(t, json.Unmarshal(text, answer), "%s %s: %d %s", method, path, response.StatusCode, text)
	}
	return response.StatusCode
}
