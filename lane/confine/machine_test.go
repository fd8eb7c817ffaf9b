package confine_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/lane/confine"
)

// inner says on which kind of machine the tests of this binary run, when another
// test runs them once more.
const inner = "MAESTRO_TEST_INNER"

// again runs tests of this binary once more, as a command that is changed.
func again(t *testing.T, kind, tests string, change func(*exec.Cmd)) string {
	t.Helper()
	if os.Getenv(inner) != "" {
		t.Skip("the tests are being run on another kind of machine already")
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run", tests, "-test.v")
	cmd.Env = []string{inner + "=" + kind, "MAESTRO_PYTHON_HOME=" + testkit.KitHome(t), "PATH=/usr/bin:/bin"}
	change(cmd)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// A server that is not root confines programs too.
func TestConfinementByAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("these tests are an ordinary user's already")
	}
	const nobody = 65534
	folder := testkit.DataDir(t)
	require.NoError(t, os.Chown(folder, nobody, nobody))
	out := again(t, "user", "^Test(Probe|Confined|Hidden|Ordinary|Escapes|Connections|Local|AFull|AFork|Memory|ProcessesOf)", func(cmd *exec.Cmd) {
		cmd.Env, cmd.Dir = append(cmd.Env, "TMPDIR="+folder), "/proc/self/cwd"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	})
	require.Contains(t, out, "PASS: TestEscapes")
	t.Log(out)
}

// A container without privileges permits no namespaces, and no listener for
// connections: the tests are confined themselves.
func TestConfinementInAContainer(t *testing.T) {
	t.Parallel()
	c := setup(t)
	folder, err := os.Getwd()
	require.NoError(t, err)
	binary, err := os.Executable()
	require.NoError(t, err)
	c.policy.Readable = append(c.policy.Readable, folder, binary)
	c.policy.Network = nil
	out := again(t, "container", "^Test(Probe|Confined|Hidden|Escapes|Required|Memory|ProcessesOf)", func(cmd *exec.Cmd) {
		cmd.Path, cmd.Dir, cmd.Err = binary, folder, nil
		release, err := c.report.Apply(cmd, c.policy, testkit.Logger(t))
		require.NoError(t, err)
		t.Cleanup(release)
	})
	require.Contains(t, out, "PASS: TestEscapes")
	t.Log(out)
}

func TestRequiredMeasures(t *testing.T) {
	t.Parallel()
	report, err := confine.Probe(t.Context(), testkit.DataDir(t))
	require.NoError(t, err)
	require.NoError(t, report.Require(nil))
	var held, missing []confine.Measure
	for _, finding := range report.Findings {
		if finding.Holds {
			held = append(held, finding.Measure)
		} else {
			missing = append(missing, finding.Measure)
		}
	}
	require.NoError(t, report.Require(held))
	for _, measure := range missing {
		require.ErrorContains(t, report.Require(append(held, measure)), string(measure)+" (")
	}
}

func TestNamesOfMeasures(t *testing.T) {
	t.Parallel()
	measures, err := confine.ParseMeasures("landlock, UID,,landlock")
	require.NoError(t, err)
	require.Equal(t, []confine.Measure{confine.Landlock, confine.UID}, measures)
	_, err = confine.ParseMeasures("landlock, jail")
	require.ErrorContains(t, err, `"jail" is no measure of confinement, use some of uid, `)
	require.Len(t, strings.Split(err.Error(), ","), len(confine.Measures())+1)
}
