package main

import (
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"maestro/internal/testkit"
	"maestro/lane/confine"
)

// /health says which measures confine the process lane, and not why others do not.
func TestConfinementInHealth(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	p := start(t, dir)
	checks := developer(t, p).send("GET", "/health", nil).json(t)["checks"].(map[string]any)
	confinement := checks["confinement"].(map[string]any)
	require.Equal(t, "up", confinement["status"])
	details := confinement["details"].(map[string]any)
	require.Len(t, details, len(confine.Measures()))
	for _, measure := range confine.Measures() {
		require.Contains(t, []any{"holds", "missing"}, details[string(measure)], measure)
	}
}

// A server that cannot become other users does not start where it must.
func TestAMissingMeasureThatIsRequired(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	cmd := command(t, dir, []string{"DATABASE_URL=" + testkit.DatabaseURL(t), "SECRET_KEY=0123456789abcdef0123456789abcdef", "PROCESS_LANE_REQUIRE=uid,landlock"}, "serve")
	out, err := withoutSetuid(cmd)
	var ended *exec.ExitError
	require.ErrorAs(t, err, &ended, out)
	require.Equal(t, 1, ended.ExitCode(), out)
	require.Contains(t, out, "confinement of the process lane that PROCESS_LANE_REQUIRE names does not hold on this machine: uid (")
	require.Contains(t, out, "supply it, or take it off the list")
}

// withoutSetuid runs a command that cannot change its user, even as root.
func withoutSetuid(cmd *exec.Cmd) (string, error) {
	var out []byte
	ended := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with this function
		if os.Geteuid() == 0 {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_SETUID, 0, 0, 0); err != nil {
				ended <- err
				return
			}
		}
		text, err := cmd.CombinedOutput()
		out = text
		ended <- err
	}()
	err := <-ended
	return string(out), err
}
