package embed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// startMain starts a host without Python that has one interpreter, and returns the reasons that it
// reports.
func startMain(t *testing.T) (*Host, <-chan Unfit) {
	t.Helper()
	reasons := make(chan Unfit, 8)
	h := startFake(t, Options{Main: true, StuckAfter: 20 * time.Millisecond, OnUnfit: func(reason Unfit) { reasons <- reason }})
	return h, reasons
}

func TestUnfitAfterAnInterruptedCall(t *testing.T) {
	t.Parallel()
	h, reasons := startMain(t)
	outcome, err := run(t.Context(), h, "a", fakeProgram(func(fakeCall) string { return "" }), "1")
	require.NoError(t, err)
	require.NotNil(t, outcome.Failure)
	require.Equal(t, UnfitInterrupted, <-reasons)
	_, err = run(t.Context(), h, "a", fakeProgram(echo), "1")
	require.NoError(t, err, "calls continue")
	require.Empty(t, reasons)
}

func TestUnfitWithAStuckCall(t *testing.T) {
	t.Parallel()
	h, reasons := startMain(t)
	release := make(chan struct{})
	deafCall(t, h, "a", release)
	require.Equal(t, UnfitStuck, <-reasons)
	_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
	require.NoError(t, err, "calls continue")
	close(release)
}

func TestUnfitWithOlderPackages(t *testing.T) {
	t.Parallel()
	h, reasons := startMain(t)
	call := func(number int) {
		_, err := h.Call(t.Context(), model.Call{
			Tenant: "a", Program: fakeProgram(echo), Input: []byte("1"), Host: noSiblings{}, Deadline: time.Now().Add(time.Minute),
			Packages: model.SitePackages{Number: number, Path: "/site"},
		})
		require.NoError(t, err)
	}
	call(1)
	require.Empty(t, reasons)
	call(2)
	require.Equal(t, UnfitPackages, <-reasons)
}

func TestOneSubtenantOfAMainInterpreter(t *testing.T) {
	t.Parallel()
	h, _ := startMain(t)
	_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
	require.NoError(t, err)
	require.Equal(t, 1, h.Stats().InterpretersLive)
	require.Zero(t, h.Stats().InterpretersWarm)
	_, err = h.Compile(t.Context(), "f", 1, "")
	require.ErrorContains(t, err, "has no compiler")
}
