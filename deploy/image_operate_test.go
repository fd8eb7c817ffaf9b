//go:build image

package deploy

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// From nothing to a server that is scraped and traced, whose backup is restored into
// another volume.
func TestOperationOfTheImage(t *testing.T) {
	t.Parallel()
	traces := make(chan string, 100)
	collector := serveOnBridge(t, http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body) // a part of it has no names, and the test waits on
		traces <- request.URL.Path + " " + string(body)
	}))
	volume := newVolume(t)
	c := start(t, "maestro-image-operate", "--volume", volume+":/var/lib/maestro",
		"--env", "METRICS_TOKEN=a token of the test", "--env", "OTEL_EXPORTER_OTLP_ENDPOINT="+collector)
	c.exec(t, "maestro", "examples", "load")
	token := c.exec(t, "maestro", "token", "--admin")
	execution := c.invoice(t)

	require.Equal(t, http.StatusUnauthorized, c.request(t, http.MethodGet, "/metrics", "", "", nil))
	require.Equal(t, http.StatusOK, c.request(t, http.MethodGet, "/metrics", "a token of the test", "", nil))
	for sent := range traces {
		require.Contains(t, sent, "/v1/traces ")
		if strings.Contains(sent, execution) && strings.Contains(sent, "validate_customer") {
			break
		}
	}

	c.exec(t, "maestro", "backup", "/var/lib/maestro/backup.tar")
	c.exec(t, "maestro", "restore", "--try", "/var/lib/maestro/backup.tar")
	c.stop(t)
	other := newVolume(t)
	podman(t, append(append([]string{"run", "--rm", "--ulimit=nofile=16384:16384", "--ulimit=nproc=16384:16384"}, strict...),
		"--volume", volume+":/backup:ro", "--volume", other+":/var/lib/maestro", image, "restore", "/backup/backup.tar")...)
	restored := start(t, "maestro-image-operate", "--volume", other+":/var/lib/maestro")
	var kept struct{ Status string }
	require.Equal(t, http.StatusOK, restored.request(t, http.MethodGet, "/api/v1/executions/"+execution, token, "", &kept))
	require.Equal(t, "completed", kept.Status)
	restored.invoice(t)
	restored.stop(t)
}
