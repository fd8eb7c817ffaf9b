package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"maestro/internal/config"
)

func TestAddressesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Host: "127.0.0.1", Port: 80}
	require.ErrorContains(t, unusableAddress(cfg, fmt.Errorf("listen: %w", syscall.EADDRINUSE)), "port 80 on 127.0.0.1 is taken")
	require.ErrorContains(t, unusableAddress(cfg, fmt.Errorf("listen: %w", syscall.EACCES)), "CAP_NET_BIND_SERVICE")
	require.ErrorContains(t, unusableAddress(cfg, fmt.Errorf("listen: %w", syscall.EADDRNOTAVAIL)), "set HOST and PORT to an address of this machine")
}

// ipv6Variable makes TestMachineWithIPv6Alone be that machine.
const ipv6Variable = "MAESTRO_TEST_IPV6_ALONE"

// TestMachineWithIPv6Alone: in a network of its own whose loopback has ::1 and no
// 127.0.0.1, a server with HOST=:: is reached at the address that it tells.
func TestMachineWithIPv6Alone(t *testing.T) {
	t.Parallel()
	if os.Getenv(ipv6Variable) == "" {
		inside := exec.Command(os.Args[0], "-test.run=^TestMachineWithIPv6Alone$", "-test.v")
		inside.Env = append(os.Environ(), ipv6Variable+"=1")
		inside.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		said, err := inside.CombinedOutput()
		require.NoError(t, err, "%s", said)
		require.Contains(t, string(said), "--- PASS: TestMachineWithIPv6Alone")
		return
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	require.NoError(t, err)
	loopback, err := unix.NewIfreq("lo")
	require.NoError(t, err)
	loopback.SetUint16(unix.IFF_UP)
	require.NoError(t, unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback))
	require.NoError(t, loopback.SetInet4Addr([]byte{0, 0, 0, 0})) // removes it
	require.NoError(t, unix.IoctlIfreq(socket, unix.SIOCSIFADDR, loopback))

	for _, host := range []string{"::", "::1"} {
		cfg := &config.Config{Host: host}
		listener, err := listen(cfg)
		require.NoError(t, err)
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		require.NoError(t, server.Listener.Close())
		server.Listener = listener
		server.Start()
		url := localURL(cfg, listener.Addr())
		require.True(t, strings.HasPrefix(url, "http://[::1]:"), url)
		r, err := http.Get(url)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		require.Equal(t, http.StatusNotFound, r.StatusCode)
		server.Close()
	}
}
