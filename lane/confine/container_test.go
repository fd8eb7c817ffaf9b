package confine

import (
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"maestro/internal/testkit"
)

// capabilities that root has in a usual container.
var capabilities = []uintptr{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL, unix.CAP_SETGID, unix.CAP_SETUID, unix.CAP_SETPCAP,
	unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_RAW, unix.CAP_SYS_CHROOT, unix.CAP_MKNOD, unix.CAP_SETFCAP, unix.CAP_AUDIT_WRITE,
}

// Root in a usual container has users, but neither namespaces nor connections to make: the tests are run once more by a
// thread with its rights.
func TestConfinementByRootInAContainer(t *testing.T) {
	t.Parallel()
	if os.Getenv("MAESTRO_TEST_INNER") != "" || os.Geteuid() != 0 {
		t.Skip("this needs root")
	}
	program, err := filter(false)
	require.NoError(t, err)
	folder := testkit.DataDir(t)
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run", "^Test(Probe|Confined|Hidden|Escapes|Required)", "-test.v")
	cmd.Env = []string{"MAESTRO_TEST_INNER=root", "MAESTRO_PYTHON_HOME=" + testkit.KitHome(t), "PATH=/usr/bin:/bin", "TMPDIR=" + folder}
	type result struct {
		out []byte
		err error
	}
	ended := make(chan result)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with this function
		if _, err := (&plan{Filter: program}).applyFilter(); err != nil {
			ended <- result{nil, err}
			return
		}
		for capability := uintptr(0); unix.Prctl(unix.PR_CAPBSET_READ, capability, 0, 0, 0) != unix.EINVAL; capability++ {
			has := false
			for _, kept := range capabilities {
				has = has || kept == capability
			}
			if !has {
				if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
					ended <- result{nil, err}
					return
				}
			}
		}
		out, err := cmd.CombinedOutput()
		ended <- result{out, err}
	}()
	r := <-ended
	require.NoError(t, r.err, string(r.out))
	require.Contains(t, string(r.out), "{Measure:uid Holds:true")
	require.Contains(t, string(r.out), "{Measure:mounts Holds:false")
	require.Contains(t, string(r.out), "PASS: TestEscapes")
	t.Log(string(r.out))
}
