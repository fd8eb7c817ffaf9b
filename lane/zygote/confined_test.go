package zygote_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/lane/confine"
)

// A zygote that is confined forks as any other, and what it is confined by holds for its children.
func TestAConfinedZygote(t *testing.T) {
	t.Parallel()
	report, err := confine.Probe(t.Context(), t.TempDir())
	require.NoError(t, err)
	folder := t.TempDir()
	home := filepath.Join(folder, "a")
	require.NoError(t, os.MkdirAll(filepath.Join(home, "tmp"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "key"), nil, 0o600))
	user, err := confine.NewOwners(folder).Own(home)
	require.NoError(t, err)
	cfg := config(t, "ssl", "decimal")
	released := make(chan struct{})
	cfg.Prepare = func(cmd *exec.Cmd) (func(), error) {
		policy := confine.Policy{
			Readable: []string{cfg.Binary, cfg.Home}, Scratch: home, Temporary: filepath.Join(home, "tmp"), User: user,
			Network: &confine.Destinations{}, Tasks: 1000,
		}
		release, err := report.Apply(cmd, policy, testkit.Logger(t))
		return func() { close(released); release() }, err
	}
	z := start(t, cfg)
	for range 2 {
		p := begin(t, cfg, z.Fork)
		var found []any
		require.NoError(t, json.Unmarshal([]byte(p.value(t, `
import os, socket, subprocess, sys
def f(input):
    with open("own", "a") as file:
        file.write("x")
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        pass
    return [os.getuid(), os.getcwd(), os.path.exists(input or "`+filepath.Join(folder, "key")+`"), "decimal" in sys.modules,
            subprocess.run(["cat", "own"], capture_output=True, text=True).stdout[0]]
`)), &found))
		wanted := os.Geteuid()
		if report.Holds(confine.UID) {
			wanted = int(user)
		}
		require.Equal(t, []any{float64(wanted), home, false, true, "x"}, found)
		require.Positive(t, p.Pid)
		require.DirExists(t, filepath.Join("/proc", strconv.Itoa(p.Pid)), "its number is the server's")
	}
	require.NoError(t, z.Close())
	<-released
}
