package confine

import (
	"bufio"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Of the processes that a program has started, the one with the most memory is killed, and the program
// lives.
func TestMemoryOfProcesses(t *testing.T) {
	t.Parallel()
	require.Nil(t, (&Report{Findings: []Finding{{Measure: Cgroup, Holds: true}}}).WatchMemory(1))
	require.Zero(t, (*Memory)(nil).Look(nil))
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `
sleep 600 &
dd if=/dev/zero bs=100M count=1000000 of=/dev/null 2>/dev/null &
hog=$!
echo started
wait $hog
echo $?
read line
`)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = in.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "started\n", line)
	programs := []int{cmd.Process.Pid}
	require.Zero(t, (&Report{}).WatchMemory(1<<40).Look(programs))
	started := slices.DeleteFunc(family(programs), func(process int) bool { return process == programs[0] })
	require.Len(t, started, 2)
	require.Zero(t, (&Report{}).WatchMemory(50<<20).Look(started), "the programs themselves, and their parent, are spared")
	memory := (&Report{}).WatchMemory(50 << 20)
	require.Eventually(t, func() bool { return memory.Look(programs) != 0 }, 30*time.Second, 10*time.Millisecond)
	line, err = lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "137", strings.TrimSpace(line), "by SIGKILL")
	require.Zero(t, (&Report{}).WatchMemory(50<<20).Look(programs), "the rest is within the bound")
}
