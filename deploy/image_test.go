//go:build image

package deploy

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These are the tests of `make image-test`, which has built the image; the tag keeps
// them out of `make test`.

// most is what the image may take beyond its base.
const most = 250 << 20

func TestSizeOfTheImage(t *testing.T) {
	t.Parallel()
	var layers []struct {
		Size      int64  `json:"size"`
		CreatedBy string `json:"CreatedBy"`
	}
	require.NoError(t, json.Unmarshal([]byte(podman(t, "history", "--human=false", "--no-trunc", "--format=json", image)), &layers))
	var base, own int64
	for i := len(layers) - 1; i >= 0; i-- { // the oldest first
		layer := layers[i]
		if layer.Size == 0 {
			continue
		}
		what := strings.TrimPrefix(strings.TrimPrefix(layer.CreatedBy, "/bin/sh -c "), "#(nop) ")
		switch {
		case base == 0:
			base, what = layer.Size, "the base"
		case strings.HasPrefix(what, "COPY dir"):
			what = "Python, unpacked and compiled"
		case strings.HasPrefix(what, "COPY file"):
			what = "the program"
		case strings.Contains(what, "apt-get install"):
			what = "PostgreSQL, certificates, time zones"
		}
		if layer.Size != base {
			own += layer.Size
		}
		t.Logf("%6.1f MB  %.60s", float64(layer.Size)/(1<<20), what)
	}
	t.Logf("%6.1f MB over the base", float64(own)/(1<<20))
	require.Less(t, own, int64(most))
}

// The image serves the invoice example as a user of its own with a read-only root,
// and keeps its data in the volume.
func TestImageWithOneVolume(t *testing.T) {
	t.Parallel()
	volume := newVolume(t)
	c := start(t, "maestro-image-one", "--volume", volume+":/var/lib/maestro")
	status := c.exec(t, "cat", "/proc/1/status")
	require.Regexp(t, `Uid:\s+10001\s+10001\s+10001\s+10001\n`, status)
	require.Regexp(t, `CapBnd:\s+0{16}\n`, status)
	require.Regexp(t, `NoNewPrivs:\s+1\n`, status)
	for _, folder := range []string{"/", "/tmp", "/opt/maestro", "/usr/local/bin", "/run"} {
		require.Contains(t, c.exec(t, "sh", "-c", "touch "+folder+"/x 2>&1 || true"), "Read-only file system", folder)
	}
	podman(t, "healthcheck", "run", c.name)
	c.exec(t, "maestro", "examples", "load")
	token := c.exec(t, "maestro", "token", "--admin")
	execution := c.invoice(t)

	c.stop(t)
	again := start(t, "maestro-image-one", "--volume", volume+":/var/lib/maestro")
	var kept struct{ Status string }
	require.Equal(t, http.StatusOK, again.request(t, http.MethodGet, "/api/v1/executions/"+execution, token, "", &kept))
	require.Equal(t, "completed", kept.Status)
	again.stop(t)
}

// document is the body of a call of the invoice example.
const document = `{"url": "http://127.0.0.1:8000/examples/documents/invoice-1001.txt", "priority": "high"}`

// invoice runs the example, and returns its execution.
func (c *container) invoice(t *testing.T) string {
	t.Helper()
	var answer struct {
		Success     bool
		ExecutionID string `json:"execution_id"`
		Result      struct {
			Invoice struct {
				Number string `json:"invoice_number"`
				Status string
			}
		}
	}
	require.Equal(t, http.StatusOK, c.request(t, http.MethodPost, "/api/v1/h/process-invoice", "",
		document, &answer))
	require.True(t, answer.Success)
	require.Equal(t, "INV-2026-1001", answer.Result.Invoice.Number)
	require.Equal(t, "processed", answer.Result.Invoice.Status)
	return answer.ExecutionID
}

// A run that is in progress at SIGTERM ends with its answer before the container does.
func TestRunInProgressAtTheEndOfAContainer(t *testing.T) {
	t.Parallel()
	c := start(t, "maestro-image-drain", "--volume", newVolume(t)+":/var/lib/maestro")
	token := c.exec(t, "maestro", "token")
	begun, release := make(chan struct{}), make(chan struct{})
	gate := serveOnBridge(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-release
		_, _ = io.WriteString(w, `"released"`) // the test fails if it does not arrive
	}))
	code := "import urllib.request\ndef wait(input):\n    return json.load(urllib.request.urlopen('" + gate + "'))\n"
	function, err := json.Marshal(map[string]string{"name": "wait", "code": code})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, c.request(t, http.MethodPost, "/api/v1/functions", token, string(function), nil))

	var answer struct {
		Result any
	}
	ended := make(chan int, 1)
	go func() {
		ended <- c.request(t, http.MethodPost, "/api/v1/executions", token, `{"function_name":"wait","input_data":{}}`, &answer)
	}()
	select {
	case <-begun:
	case status := <-ended:
		require.FailNow(t, "the run ended before it had begun", "%d %v", status, answer)
	}
	podman(t, "kill", "--signal", "TERM", c.name)
	// It stops listening.
	require.Contains(t, c.exec(t, "bash", "-c", "while (exec 3<>/dev/tcp/127.0.0.1/8000) 2>&1; do :; done"), "Connection refused")
	close(release)
	require.Equal(t, http.StatusOK, <-ended)
	require.Equal(t, "released", answer.Result)
	require.NoError(t, <-c.done)
}

// serveOnBridge serves on this machine's address in the network of the containers.
func serveOnBridge(t *testing.T, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", ":0") // the address is there once a container is
	require.NoError(t, err)
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }() // ends with Close
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	gateway := podman(t, "network", "inspect", "podman", "--format", "{{(index .Subnets 0).Gateway}}")
	return "http://" + net.JoinHostPort(gateway, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
}

// A volume in Kubernetes belongs to root, and to the pod's group by fsGroup.
func TestImageOnAVolumeOfItsGroup(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "volume")
	require.NoError(t, os.Mkdir(folder, 0o755))
	require.NoError(t, os.Chown(folder, 0, 10001))
	require.NoError(t, os.Chmod(folder, 0o775|os.ModeSetgid))
	c := start(t, "maestro-image-group", "--volume", folder+":/var/lib/maestro")
	c.exec(t, "maestro", "examples", "load")
	c.invoice(t)
	c.stop(t)
}

func newVolume(t *testing.T) string {
	t.Helper()
	volume := podman(t, "volume", "create")
	t.Cleanup(func() { podman(t, "volume", "rm", "--force", volume) })
	return volume
}

// finding is one of `maestro doctor --json`.
type finding struct{ Check, State, Text string }

func (f finding) String() string { return fmt.Sprintf("%-7s %s: %s", f.State, f.Check, f.Text) }
