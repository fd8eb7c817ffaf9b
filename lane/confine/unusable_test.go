package confine

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Where no program can be confined, none is started.
func TestAMachineWithoutStages(t *testing.T) {
	t.Parallel()
	r := unusable(errors.New("no stage"))
	require.ErrorContains(t, r.Usable(), "no stage")
	require.Len(t, r.Findings, len(Measures()))
	require.ErrorContains(t, r.Require([]Measure{Syscalls}), "syscalls (no stage)")
	_, err := r.Apply(exec.CommandContext(t.Context(), "/bin/true"), Policy{Scratch: "/a", Temporary: "/a/tmp"}, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "programs cannot be confined here: no stage")
}

func TestDescriptorsThatAStageHasInherited(t *testing.T) {
	t.Parallel()
	file, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	const number = 900 // of a descriptor that nothing else here has
	_, err = unix.FcntlInt(file.Fd(), unix.F_DUPFD, number)
	require.NoError(t, err)
	defer func() { _ = unix.Close(number) }()
	require.NoError(t, closeOnExec(number))
	flags, err := unix.FcntlInt(number, unix.F_GETFD, 0)
	require.NoError(t, err)
	require.Equal(t, unix.FD_CLOEXEC, flags&unix.FD_CLOEXEC)
}
