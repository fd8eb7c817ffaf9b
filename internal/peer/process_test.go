package peer_test

import (
	"bufio"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/peer"
)

// TestMain is also the program that the tests start: it connects, and leaves that to
// a child of its own where it is told to.
func TestMain(m *testing.M) {
	switch address := os.Getenv("PEER_TEST_CONNECT"); {
	case address == "":
		os.Exit(m.Run())
	case os.Getenv("PEER_TEST_GRANDCHILD") != "":
		_ = os.Unsetenv("PEER_TEST_GRANDCHILD")
		child := exec.Command("/proc/self/exe")
		child.Stdin = os.Stdin
		_ = child.Run()
	default:
		conn, err := net.Dial("tcp", address)
		if err != nil {
			os.Exit(1)
		}
		defer func() { _ = conn.Close() }()
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until the test lets go
	}
}

// connected starts a program that connects, and returns both ends of the connection.
func connected(t *testing.T, grandchild string) (remote, local netip.AddrPort, pid int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	program := exec.Command("/proc/self/exe")
	program.Env = []string{"PEER_TEST_CONNECT=" + listener.Addr().String(), "PEER_TEST_GRANDCHILD=" + grandchild}
	stdin, err := program.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = program.Wait()
	})
	conn, err := listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn.RemoteAddr().(*net.TCPAddr).AddrPort(), conn.LocalAddr().(*net.TCPAddr).AddrPort(), program.Process.Pid
}

func TestDescendants(t *testing.T) {
	t.Parallel()
	for name, grandchild := range map[string]string{"a child": "", "a grandchild": "yes"} {
		remote, local, pid := connected(t, grandchild)
		for _, c := range []struct {
			roots []int
			want  bool
		}{
			{[]int{os.Getpid()}, true}, {[]int{pid}, true}, {[]int{1 << 22, pid}, true}, {[]int{1 << 22}, false}, {nil, false},
		} {
			got, err := peer.Descends(remote, local, c.roots...)
			require.NoError(t, err, name)
			require.Equal(t, c.want, got, "%s of %v", name, c.roots)
		}
	}
}

func TestConnectionsOfNoProcess(t *testing.T) {
	t.Parallel()
	gone := netip.MustParseAddrPort("127.0.0.1:1")
	_, err := peer.Descends(gone, gone, 1)
	require.ErrorIs(t, err, peer.ErrUnknown)
}
