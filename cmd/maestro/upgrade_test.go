package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// heldBy makes a command that gets a listening socket as systemd hands it over.
func heldBy(t *testing.T, socket *os.File, program, dir string, env ...string) *exec.Cmd {
	t.Helper()
	like := command(t, dir, env)
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve`, program)
	cmd.Dir, cmd.Env, cmd.ExtraFiles = like.Dir, like.Env, []*os.File{socket}
	return cmd
}

// TestUpgradeUnderLoad: another program takes the place of the one that serves, on a
// socket that the service manager holds. Each call is answered and recorded once.
func TestUpgradeUnderLoad(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	socket, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	defer socket.Close()
	dir, database := testkit.DataDir(t), testkit.DatabaseURL(t)
	settings := []string{"DATABASE_URL=" + database, "SECRET_KEY=" + jwtSecret, "CENSUS_JWT_SECRET=" + jwtSecret, "DRAIN_SECONDS=0.5"}
	old, err := begin(heldBy(t, socket, os.Args[0], dir, settings...))
	require.NoError(t, err)
	t.Cleanup(func() { old.stop(t) })
	require.NoError(t, listener.Close(), "the test keeps its copy, as systemd does")
	c := old.client(t, "acme")
	c.define("double", "import time\ndef double(input):\n    time.sleep(0.02)\n    return 2 * input")

	var calls, wrong atomic.Int64
	var phase atomic.Int32 // 0: the old program serves, 1: it has ended, 2: the new one has served
	var served [3]atomic.Int64
	var load sync.WaitGroup
	for range 8 {
		load.Go(func() {
			for phase.Load() < 3 {
				now := phase.Load()
				r, err := c.try("POST", "/api/v1/executions", `{"function_name":"double","input_data":21}`)
				calls.Add(1)
				if err != nil || r.status != http.StatusOK {
					wrong.Add(1)
					t.Logf("in phase %d: %d %v %s", now, r.status, err, r.body)
				}
				served[min(now, 2)].Add(1)
			}
		})
	}
	enough := func(of int) func() bool { return func() bool { return served[of].Load() >= 50 } }
	require.Eventually(t, enough(0), time.Minute, 10*time.Millisecond)
	require.NoError(t, old.cmd.Process.Signal(syscall.SIGTERM))
	<-old.done
	require.NoError(t, old.err, old.said())
	phase.Store(1)
	program := filepath.Join(dir, "maestro-next")
	require.NoError(t, os.Symlink(os.Args[0], program))
	next, err := begin(heldBy(t, socket, program, dir, settings...))
	require.NoError(t, err)
	phase.Store(2)
	require.Eventually(t, enough(2), time.Minute, 10*time.Millisecond)
	phase.Store(3)
	load.Wait()
	require.Equal(t, old.url, next.url)
	next.stop(t)
	require.Zero(t, wrong.Load(), "of %d calls", calls.Load())

	connection, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	defer func() { _ = connection.Close(t.Context()) }()
	var recorded int64
	require.NoError(t, connection.QueryRow(t.Context(), "SELECT count(*) FROM executions WHERE status = 'completed'").Scan(&recorded))
	require.Equal(t, calls.Load(), recorded)
	t.Logf("%d calls: %d before, %d while no program served, %d after", calls.Load(), served[0].Load(), served[1].Load(), served[2].Load())
}

func TestUnfitSocketsOfTheServiceManager(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	pair, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	defer pair.Close()
	socket, err := pair.(*net.UnixListener).File()
	require.NoError(t, err)
	defer socket.Close()
	out, err := heldBy(t, socket, os.Args[0], dir).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "the service manager's socket is unix: give the service one stream socket")
}
