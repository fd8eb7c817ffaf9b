package confine_test

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/lane/confine"
)

// The processes of a group are bounded together, whichever of them asks for the memory.
func TestMemoryOfAGroup(t *testing.T) {
	t.Parallel()
	c := setup(t)
	if !c.report.Holds(confine.Cgroup) {
		t.Skip("no control group is delegated")
	}
	c.policy.Group, c.policy.Memory, c.policy.Tasks = "a", 100<<20, 20
	program := c.start(t, `
import subprocess
def hog(megabytes):
    return subprocess.run([sys.executable, "-c", f"a = bytearray({megabytes} << 20); print(len(a) >> 20)"], stdout=subprocess.PIPE).returncode
`)
	require.Equal(t, "0", program.do("hog(20)"))
	require.Equal(t, "-9", program.do("hog(300)"))
	require.Equal(t, "0", program.do("hog(20)"), "the first process lives")
}

// A second program of a group shares its bound, and the groups end with their programs.
func TestProcessesOfAGroup(t *testing.T) {
	t.Parallel()
	c := setup(t)
	if !c.report.Holds(confine.Cgroup) {
		t.Skip("no control group is delegated")
	}
	const source = `
import subprocess
kept = []
def begin(count):
    try:
        for _ in range(count):
            kept.append(subprocess.Popen(["sleep", "600"]))
    except OSError as e:
        return len(kept), e.errno
    return len(kept)
`
	c.policy.Group, c.policy.Tasks = "a", 20
	first := c.start(t, source)
	require.Equal(t, "10", first.do("begin(10)"))
	second := c.start(t, source)
	require.Equal(t, "(8, 11)", second.do("begin(10)"))
	require.NotEmpty(t, groupOf(t, first.cmd.Process.Pid))
	require.Equal(t, groupOf(t, first.cmd.Process.Pid), groupOf(t, second.cmd.Process.Pid))
}

// groupOf returns the group of a process that bounds its number of processes.
func groupOf(t *testing.T, pid int) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "cat", filepath.Join("/proc", strconv.Itoa(pid), "cgroup")).Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "/maestro-") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
