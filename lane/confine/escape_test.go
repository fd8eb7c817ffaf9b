package confine_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/lane/confine"
)

// addServices lets the server have a database, with a TCP port and a socket in the data
// folder, and another program listen.
func (c *confined) addServices(t *testing.T) {
	t.Helper()
	service, other := listen(t, "tcp", "127.0.0.1:0"), listen(t, "tcp", "127.0.0.1:0")
	socket, abstract := filepath.Join(c.data, "socket"), "escape-"+strings.ReplaceAll(c.data, "/", "-")
	listen(t, "unix", socket)
	listen(t, "unix", "@"+abstract)
	c.policy.Network.Services = []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port(service)))}
	c.places["service"], c.places["open"], c.places["socket"], c.places["abstract"] = port(service), port(other), socket, "\x00"+abstract
}

// needs are the measures without which an escape is not prevented, beside those
// that every kernel has: one of them is enough.
var needs = map[string][]confine.Measure{
	"database": {confine.Network, confine.Landlock}, "database_by_child": {confine.Network, confine.Landlock},
	"database_by_forks": {confine.Network, confine.Landlock}, "race": {confine.Network, confine.Landlock},
	"database_socket": {confine.Mounts, confine.Network}, "abstract_socket": {confine.Network, confine.Landlock},
	"signal_to_the_server": {confine.Processes, confine.Landlock, confine.UID}, "signal_to_the_parent": {confine.Processes, confine.Landlock, confine.UID},
	"descriptor_of_the_server": {confine.Processes},
	"signal_to_all":            {confine.Processes, confine.Landlock},
}

func prevented(report *confine.Report, name string) bool {
	wanted := needs[name]
	for _, measure := range wanted {
		if report.Holds(measure) {
			return true
		}
	}
	return wanted == nil
}

// TestEscapes tries programs of testdata/escapes.py: each is refused.
func TestEscapes(t *testing.T) {
	t.Parallel()
	c := setup(t)
	c.addServices(t)
	own, err := os.ReadFile("/proc/self/environ")
	require.NoError(t, err)
	c.places["variable"], _, _ = strings.Cut(string(own), "\x00")
	source, err := os.ReadFile(filepath.Join("testdata", "escapes.py"))
	require.NoError(t, err)
	results := c.run(t, string(source)+"\nprint(json.dumps(attempts(places)))\n").(map[string]any)
	require.Greater(t, len(results), 30)
	for name, result := range results {
		if !prevented(c.report, name) {
			t.Logf("%s: not prevented on this machine: %v", name, result)
			continue
		}
		if result == nil {
			continue
		}
		text, isText := result.(string)
		require.True(t, isText && strings.Contains(text, "Error"), "%s: %v", name, result)
		require.NotContains(t, text, planted, name)
	}
	for _, folder := range []string{c.data, filepath.Join(c.data, "files"), c.other.Folder} {
		require.NoFileExists(t, filepath.Join(folder, "escaped"))
	}
}
