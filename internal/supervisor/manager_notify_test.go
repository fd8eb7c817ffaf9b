package supervisor

import (
	"net"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStatesForTheServiceManager(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	defer manager.Close()
	told := func() string {
		text := make([]byte, 200)
		n, err := manager.Read(text)
		require.NoError(t, err)
		return string(text[:n])
	}

	p := begin(t, "serves", notifyVariable+"="+path)
	require.Equal(t, stateReady, told())
	address := p.await(t, "ready")[0]
	first := ask(t, address)
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.Equal(t, stateAway, told())
	require.Equal(t, stateReady, told())
	require.NotEqual(t, first, ask(t, address))
	p.signal(t, syscall.SIGTERM)
	require.Equal(t, stateStopping, told())
	require.Zero(t, p.end(t), p.said.String())
	require.Contains(t, p.said.String(), "manager of "+strconv.Itoa(first)+" \"\"", "a server cannot speak for the service")
}

// A manager that has gone away is logged, and stops nothing.
func TestServiceManagerThatDoesNotListen(t *testing.T) {
	t.Parallel()
	p := begin(t, "serves", notifyVariable+"="+filepath.Join(t.TempDir(), "none"))
	p.await(t, "was not told")
	require.Contains(t, p.lines.Text(), "check "+notifyVariable)
	p.signal(t, syscall.SIGTERM)
	require.Zero(t, p.end(t), p.said.String())
}
